import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

const LINK_KEY_BYTES = 32;

/**
 * Signs links, and knows those that it signed.
 * @param use what the links are for: the key is of the master key and of this use alone.
 */
export function linkSigner(masterKey: Uint8Array, use: string) {
  const key = Buffer.from(hkdfSync('sha256', masterKey, new Uint8Array(), use, LINK_KEY_BYTES));
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  return {
    sign,
    isSigned: (text: string, signature: string): boolean => {
      const [wanted, given] = [Buffer.from(sign(text)), Buffer.from(signature)];
      return wanted.length === given.length && timingSafeEqual(wanted, given);
    },
  };
}
