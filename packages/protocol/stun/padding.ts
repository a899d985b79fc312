/** RFC 8489 §14: values are padded to a multiple of 4 bytes. */
export const paddedLength = (lengthBytes: number): number => (lengthBytes + 3) & ~3;
