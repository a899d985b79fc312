import { logoPath, type ShownBrand } from '@patchbay/domain/branding/brand';
import { classNames } from '@patchbay/ui/class-names';
import type { ReactNode } from 'react';
import { initialOf } from './brand-icon.ts';

export interface BrandMarkProps {
  readonly brand: ShownBrand;
  readonly size?: 'small' | 'large';
}

/** The logo of a brand; of one without, its initial; and the platform's own mark, which is two jacks and the cable between them. */
export function BrandMark({ brand, size = 'small' }: BrandMarkProps): ReactNode {
  const { light, dark } = brand.logos;
  const one = light ?? dark;
  if (one !== undefined) {
    const classes = classNames('w-auto max-w-40 object-contain', size === 'large' ? 'h-8' : 'h-6');
    const image = (hash: string, which: string) => (
      // biome-ignore lint/performance/noImgElement: it is at its final size, and at an address that never changes.
      <img src={logoPath(hash)} alt="" className={classNames(classes, which)} />
    );
    if (light === undefined || dark === undefined) return image(one.digest, 'brand-plate');
    return (
      <>
        {image(light.digest, 'only-light')}
        {image(dark.digest, 'only-dark')}
      </>
    );
  }
  if (brand.isPlatform) return <PlatformMark />;
  return (
    <span
      aria-hidden
      className="flex size-5 shrink-0 items-center justify-center rounded-sm bg-accent text-sm font-semibold text-accent-ink"
    >
      {initialOf(brand.name)}
    </span>
  );
}

function PlatformMark(): ReactNode {
  return (
    <svg viewBox="0 0 20 20" className="size-5 shrink-0" aria-hidden>
      <circle cx="4" cy="5" r="2.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="16" cy="15" r="2.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path
        d="M4 5 C4 16, 16 4, 16 15"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
