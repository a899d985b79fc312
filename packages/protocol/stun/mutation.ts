/** Pseudo-random numbers below 2^32 that are the same for the same seed. Not for secrets. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
}

/** Bytes that parsers trip over. */
const edges = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x40, 0x28];

/** Broken copies of a corpus, the same for the same seed: flipped bits, edge bytes, cuts, insertions, splices. */
export function* mutations(
  corpus: readonly Uint8Array[],
  { seed, count }: { readonly seed: number; readonly count: number },
): Generator<Uint8Array> {
  const random = seededRandom(seed);
  const below = (max: number) => (max === 0 ? 0 : random() % max);
  const pick = () => corpus[below(corpus.length)] ?? new Uint8Array(0);
  for (let made = 0; made < count; made++) {
    let bytes: Uint8Array = pick().slice();
    for (let steps = 1 + below(4); steps > 0; steps--) {
      const place = below(bytes.length);
      const kind = below(6);
      if (kind === 0) bytes[place] = (bytes[place] ?? 0) ^ (1 << below(8));
      else if (kind === 1) bytes[place] = edges[below(edges.length)] ?? 0;
      else if (kind === 2) bytes = bytes.slice(0, place);
      else if (kind === 3)
        bytes = Uint8Array.from([...bytes.subarray(0, place), below(256), ...bytes.subarray(place)]);
      else if (kind === 4) bytes = Uint8Array.from([...bytes.subarray(0, place), ...pick().subarray(place)]);
      else if (bytes.length >= 4) {
        // The length made right again, so that the walk over the attributes is reached.
        const length = bytes.length - 20;
        bytes[2] = length >> 8;
        bytes[3] = length;
      }
    }
    yield bytes;
  }
}
