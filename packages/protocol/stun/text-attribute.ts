/** Longest values in bytes. RFC 8489 §14.3 (username), §14.9 (realm), §14.10 (nonce). */
export const textLengthBytesMax = { username: 508, realm: 763, nonce: 763 } as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The value of USERNAME, REALM, NONCE or SOFTWARE. */
export const encodeText = (text: string): Uint8Array => encoder.encode(text);

/** Undefined when the value is empty, too long or no UTF-8. */
export function decodeText(value: Uint8Array, lengthBytesMax: number): string | undefined {
  if (value.length === 0 || value.length > lengthBytesMax) return undefined;
  try {
    return decoder.decode(value);
  } catch {
    // Not UTF-8: the caller answers 400.
    return undefined;
  }
}
