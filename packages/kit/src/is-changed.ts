/** Whether a change left something other than it was. Both are as the API answers them: plain data, in whatever order of fields. */
export const isChanged = (before: unknown, after: unknown): boolean => written(before) !== written(after);

/** A column of JSON gives its fields back in an order of its own. */
const written = (value: unknown): string | undefined =>
  JSON.stringify(value, (_field, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
