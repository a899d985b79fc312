/** One line of CSV with its end (RFC 4180 §2). */
export const csvLine = (fields: readonly string[]): string => `${fields.map(csvField).join(',')}\r\n`;

/** A field that a spreadsheet would take for a formula is made text, so that a name cannot run anything. */
function csvField(text: string): string {
  const safe = /^[=+@\t\r-]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as lines, their fields in the order of the columns. */
export const csvOfRows = <Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, string>>[],
): string => rows.map((row) => csvLine(columns.map((column) => row[column]))).join('');

export interface UsageLine {
  readonly at: string;
  readonly meter: string;
  readonly group: Readonly<Record<string, string>>;
  readonly quantity: string;
  readonly recordCount: number;
}

/** What stands above the lines of usage: everywhere the same columns. */
export const usageCsvHead = (groupNames: readonly string[]): string =>
  csvLine(['at', 'meter', 'unit', ...groupNames, 'quantity', 'records']);

/** A row of usage as a line: its quantity is an exact integer of the meter's unit, whatever a spreadsheet makes of it. */
export const usageCsvLine = (
  { at, meter, group, quantity, recordCount }: UsageLine,
  { groupNames, unit }: { readonly groupNames: readonly string[]; readonly unit: string },
): string =>
  csvLine([at, meter, unit, ...groupNames.map((name) => group[name] ?? ''), quantity, String(recordCount)]);

/**
 * Reads CSV (RFC 4180), with ends of lines of either kind; lines without any field that says something are left out.
 * Undefined: a quotation that does not end, or more rows than it may have.
 */
export function parseCsv(text: string, { rowsMax }: { readonly rowsMax: number }): string[][] | undefined {
  const rows: string[][] = [];
  let [row, field, isQuoted]: [string[], string, boolean] = [[], '', false];
  const endRow = () => {
    row.push(field);
    if (row.some((each) => each.trim() !== '')) rows.push(row);
    [row, field] = [[], ''];
  };
  const source = text.replace(/^\uFEFF/, '');
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? '';
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (source[at + 1] === '"') field += source[++at];
      else isQuoted = false;
    } else if (character === '"' && field === '') isQuoted = true;
    else if (character === ',') {
      row.push(field);
      field = '';
    } else if (character === '\n' || character === '\r') {
      endRow();
      if (rows.length > rowsMax) return undefined;
    } else field += character;
  }
  if (isQuoted) return undefined;
  endRow();
  return rows.length > rowsMax ? undefined : rows;
}
