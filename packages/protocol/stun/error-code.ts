/** RFC 8489 §14.8: a phrase has fewer than 128 characters. */
export const reasonPhraseLengthMax = 127;

export interface ErrorCode {
  /** 300 to 699. */
  readonly code: number;
  readonly phrase: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The value of ERROR-CODE. A longer phrase is cut. */
export function encodeErrorCode({ code, phrase }: ErrorCode): Uint8Array {
  const text = encoder.encode([...phrase].slice(0, reasonPhraseLengthMax).join(''));
  const value = new Uint8Array(4 + text.length);
  value[2] = Math.trunc(code / 100);
  value[3] = code % 100;
  value.set(text, 4);
  return value;
}

/** Undefined when the class or number is out of range. */
export function decodeErrorCode(value: Uint8Array): ErrorCode | undefined {
  if (value.length < 4) return undefined;
  const hundreds = (value[2] ?? 0) & 0x07;
  const rest = value[3] ?? 0;
  if (hundreds < 3 || hundreds > 6 || rest > 99) return undefined;
  return { code: hundreds * 100 + rest, phrase: decoder.decode(value.subarray(4)) };
}
