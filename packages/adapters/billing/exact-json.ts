/** JSON that keeps whole numbers of any size: each is an object that says so, and no text can be taken for one. */
export const toExactJson = (value: unknown): string =>
  JSON.stringify(value, (_, held: unknown) =>
    typeof held === 'bigint' ? { bigint: held.toString() } : held,
  );

/** Of JSON that was read already, as a database reads it. */
export function fromExactJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromExactJson);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === 'bigint' && typeof only[1] === 'string') return BigInt(only[1]);
  return Object.fromEntries(entries.map(([key, held]) => [key, fromExactJson(held)]));
}
