/** RFC 8489 §9.2: what a server offers, said in the nonce so that nobody on the path can strip it. */
export interface SecurityFeatures {
  /** Bit 0: PASSWORD-ALGORITHMS is offered. */
  readonly isPasswordAlgorithmsOffered: boolean;
  /** Bit 1: USERHASH is accepted. */
  readonly isUserhashOffered: boolean;
}

const prefix = 'obMatJos2';
/** The prefix and 4 base64 characters of 24 bits. */
export const nonceCookieLength = prefix.length + 4;

/** RFC 8489 §9.2: "AAAB" for algorithms, "AAAC" for username anonymity, "AAAD" for both. */
export function encodeNonceCookie(features: SecurityFeatures): string {
  const bits = (features.isPasswordAlgorithmsOffered ? 1 : 0) | (features.isUserhashOffered ? 2 : 0);
  return `${prefix}AAA${'ABCD'[bits]}`;
}

/** Undefined when the nonce does not begin with a cookie. */
export function decodeNonceCookie(nonce: string): SecurityFeatures | undefined {
  if (
    !nonce.startsWith(prefix) ||
    !/^[A-Za-z0-9+/]{4}$/.test(nonce.slice(prefix.length, nonceCookieLength))
  ) {
    return undefined;
  }
  const bits = Buffer.from(nonce.slice(prefix.length, nonceCookieLength), 'base64').readUIntBE(0, 3);
  return { isPasswordAlgorithmsOffered: (bits & 1) !== 0, isUserhashOffered: (bits & 2) !== 0 };
}
