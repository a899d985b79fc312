import type { LogoImage } from '../../branding/logo-image.ts';

/** How a seller appears on its documents, as it does today: what a document says never changes, its look may. */
export interface DocumentLook {
  readonly name: string;
  /** Of its brand, as on a light ground. */
  readonly accent?: string;
  readonly logo?: Pick<LogoImage, 'widthPixels' | 'heightPixels'> & { readonly path: string };
}
