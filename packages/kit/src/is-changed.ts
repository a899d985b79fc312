/** Whether a change left something other than it was. Both are as the API answers them: plain data, each in one order of fields. */
export const isChanged = (before: unknown, after: unknown): boolean =>
  JSON.stringify(before) !== JSON.stringify(after);
