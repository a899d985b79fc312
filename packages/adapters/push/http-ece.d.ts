declare module 'http_ece' {
  import type { ECDH } from 'node:crypto';

  /** Opens what came, as a browser would. */
  export function decrypt(
    body: Buffer,
    options: { readonly version: 'aes128gcm'; readonly privateKey: ECDH; readonly authSecret: Buffer },
  ): Buffer;
}
