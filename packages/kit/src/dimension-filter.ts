/** At most so many names: each is one more comparison for each row. */
export const FILTER_COUNT_MAX = 10;

export type DimensionFilter = Readonly<Record<string, string>>;

/**
 * Reads dimensions of a use, or fields of an event, with the value asked for: `direction:in,region:eu`. A value may have
 * colons, a name none.
 * @returns What is wrong, as a sentence, where it is not of that form.
 */
export function readDimensionFilter(text: string): DimensionFilter | string {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  if (pairs.length > FILTER_COUNT_MAX) return `At most ${FILTER_COUNT_MAX} dimensions are taken.`;
  const read = new Map<string, string>();
  for (const pair of pairs) {
    const colon = pair.indexOf(':');
    const name = pair.slice(0, Math.max(colon, 0)).trim();
    if (name === '') return `${pair.trim()} is not of the form name:value.`;
    if (read.has(name)) return `${name} is named twice.`;
    read.set(name, pair.slice(colon + 1).trim());
  }
  return Object.fromEntries(read);
}

/** The same as text, in the order of the names that it was given in. */
export const dimensionFilterText = (filter: DimensionFilter): string =>
  Object.entries(filter)
    .map(([name, value]) => `${name}:${value}`)
    .join(',');
