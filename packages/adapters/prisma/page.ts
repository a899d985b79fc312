/** Cuts rows that were read with one more than the limit into a page; the cursor is the id of its last item. */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { cursorOf, toItem }: { readonly cursorOf: (row: Row) => string; readonly toItem: (row: Row) => Item },
): { readonly items: readonly Item[]; readonly nextCursor?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    ...(rows.length > limit && last !== undefined ? { nextCursor: cursorOf(last) } : {}),
  };
}
