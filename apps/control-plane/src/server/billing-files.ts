import { collectedTaxColumns } from '@patchbay/domain/billing/collected-tax-rows';
import { EXPORT_ROWS_MAX } from '@patchbay/domain/billing/export-operations';
import { ledgerColumns, statementColumns } from '@patchbay/domain/billing/export-rows';
import { csvLine, csvOfRows } from '@patchbay/kit/csv';
import { type FileForm, servePagedFile } from './paged-file.ts';

type Row = Readonly<Record<string, string>>;

/** What can be exported of money, with its columns. */
const exported = {
  ledger: ledgerColumns,
  statements: statementColumns,
  'collected-taxes': collectedTaxColumns,
} as const;
export type ExportedBooks = keyof typeof exported;

const forms = {
  csv: (what: ExportedBooks): FileForm<Row> => ({
    ending: 'csv',
    fileName: `${what}.csv`,
    contentType: 'text/csv; charset=utf-8; header=present',
    pageRows: EXPORT_ROWS_MAX,
    head: csvLine(exported[what]),
    textOf: (rows) => csvOfRows(exported[what], rows),
    tail: '',
  }),
  json: (what: ExportedBooks): FileForm<Row> => ({
    ending: 'json',
    fileName: `${what}.json`,
    contentType: 'application/json; charset=utf-8',
    pageRows: EXPORT_ROWS_MAX,
    head: '[',
    textOf: (rows, { isFirst }) =>
      rows.map((row, index) => `${isFirst && index === 0 ? '' : ','}\n${JSON.stringify(row)}`).join(''),
    tail: '\n]\n',
  }),
} as const;

/** The ledger, or statements line by line, as one file of any length (BIL-3). */
export const serveBillingFile = (
  request: Request,
  { what, form }: { readonly what: ExportedBooks; readonly form: keyof typeof forms },
  rest: (page: Request) => Promise<Response>,
): Promise<Response> => servePagedFile(request, rest, forms[form](what));
