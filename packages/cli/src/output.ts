export type Row = Readonly<Record<string, string | number | undefined>>;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Aligned columns, named by the first row. */
export function table(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return '(none)';
  const columns = Object.keys(first);
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_column, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * All items of a list, up to `limit`. What lies beyond is not left out in silence: it is said on standard error, where it
 * spoils no JSON.
 */
export async function readList<Item>(
  list: { toArray(limits: { readonly countMax: number }): Promise<Item[]> },
  limit: number,
): Promise<Item[]> {
  const items = await list.toArray({ countMax: limit + 1 });
  if (items.length > limit) {
    process.stderr.write(`There are more than ${limit}: ask for them with --limit.\n`);
  }
  return items.slice(0, limit);
}

/** What a command found: as JSON for a program, as a table for a person. */
export function print(
  value: unknown,
  options: { readonly json?: boolean; readonly rows: readonly Row[] },
): void {
  say(options.json === true ? JSON.stringify(value) : table(options.rows));
}
