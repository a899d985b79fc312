/** Bytes from `first` to `last`, both counted in. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The part that a request asks for (RFC 9110 §14.2). Undefined: all of it, as for every form that is not one range of bytes, which
 * may be passed over. 'unsatisfiable': it begins behind the end.
 */
export function byteRangeOf(
  range: string | null,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from === '') {
    // The last so many bytes.
    const count = Math.min(Number(to), sizeBytes);
    return count === 0 ? 'unsatisfiable' : { first: sizeBytes - count, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return undefined;
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}
