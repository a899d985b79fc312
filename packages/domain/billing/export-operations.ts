import type { OperationFile } from '@patchbay/kit/definition';
import { queryInt } from '@patchbay/kit/page';
import { z } from 'zod';
import { ledgerColumns, statementColumns } from './export-rows.ts';
import { allBooks } from './ledger-reader.ts';

const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');

/** Rows that are in memory at once, however long the file. */
export const EXPORT_ROWS_MAX = 10_000;
/** A line is named by its meter, its dimensions and its price. */
const AFTER_LENGTH_MAX = 4_000;

const range = {
  /** The first month. */
  from: period,
  /** The last month; default: the first alone. */
  to: period.optional(),
  /** Of an answer that was cut: what comes behind it. */
  after: z.string().max(AFTER_LENGTH_MAX).optional(),
  limit: queryInt().min(1).max(EXPORT_ROWS_MAX).default(1_000),
};

/** Every row has every column, as text. */
export const rowsOf = <Column extends string>(columns: readonly [Column, ...Column[]]) =>
  z.object({
    rows: z.array(
      z.object(
        Object.fromEntries(columns.map((column) => [column, z.string()])) as Record<Column, z.ZodString>,
      ),
    ),
    /** Ask again with it as `after`. Absent: these were the last. */
    nextAfter: z.string().optional(),
  });

export const filesOf = (what: string): readonly OperationFile[] => [
  { ending: 'csv', mediaType: 'text/csv', summary: `${what} as one CSV file (RFC 4180) of any length.` },
  { ending: 'json', mediaType: 'application/json', summary: `${what} as one JSON array of any length.` },
];

export const exportLedger = {
  method: 'GET',
  path: '/ledger/entries',
  summary:
    'Read all entries of a range of months, each with its transaction and its cause, as exact decimals of the major unit.',
  access: 'read',
  files: filesOf('Read the ledger'),
  request: z.object({
    ...range,
    book: z.enum(allBooks).optional(),
    /** 'own': of this account. 'descendants': of all below it too. */
    scope: z.enum(['own', 'descendants']).default('own'),
  }),
  response: rowsOf(ledgerColumns),
  errors: [],
} as const;

export const exportStatements = {
  method: 'GET',
  path: '/statement-lines',
  summary:
    'Read all lines of the statements of a range of months, those that are owed and those that children owe, as exact decimals of the major unit.',
  access: 'read',
  files: filesOf('Read statements line by line'),
  request: z.object(range),
  response: rowsOf(statementColumns),
  errors: [],
} as const;
