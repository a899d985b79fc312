/** RFC 8656 §18.5: EVEN-PORT asks for an even port, and with this bit for the next one to be kept as well. */
const reserveBit = 0x80;
/** RFC 8656 §18.9. */
export const reservationTokenLengthBytes = 8;
/** RFC 8656 §7.2: the next port is kept this long. */
export const reservationMs = 30_000;

/** Which port a relayed address is to have. `pair` keeps the next one; `reserved` takes what was kept. */
export type PortWish =
  | { readonly rule: 'any' | 'even' | 'pair' }
  | { readonly rule: 'reserved'; readonly token: Uint8Array };

export const encodeEvenPort = (isNextReserved: boolean): Uint8Array =>
  Uint8Array.of(isNextReserved ? reserveBit : 0);

/** Undefined when the length is wrong. */
export function decodeEvenPort(value: Uint8Array): { readonly isNextReserved: boolean } | undefined {
  return value.length === 1 ? { isNextReserved: ((value[0] ?? 0) & reserveBit) !== 0 } : undefined;
}

/** A map key for a token. */
export const reservationKey = (token: Uint8Array): string => Buffer.from(token).toString('latin1');
