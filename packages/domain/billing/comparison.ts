import { parseCsv } from '@patchbay/kit/csv';
import { parseDecimal } from './money.ts';

/** Lines of one file. */
export const FIGURE_COUNT_MAX = 2_000;
const COLUMNS = ['account', 'period', 'total'] as const;
const NAME_LENGTH_MAX = 200;
const PERIOD = /^\d{4}-(0[1-9]|1[0-2])$/;
/** Of a total: more than anybody is asked for in a month. */
const MINOR_UNITS_MAX = 10n ** 15n;

export interface ComparedAccount {
  readonly childId: string;
  readonly name: string;
  readonly currency: string;
  readonly fromPeriod: string;
  /** The last month. Absent: it goes on. */
  readonly toPeriod?: string;
}

/** One customer and month: what the other biller asked for, and what a document of ours says. */
export interface Comparison {
  readonly childId: string;
  readonly name: string;
  readonly currency: string;
  readonly documentId?: string;
  /** With tax, as it stands on the document. */
  readonly oursMinorUnits?: bigint;
  readonly theirsMinorUnits?: bigint;
}

/** Ours less theirs: above zero we would have asked for more. Undefined: one of the two is not known. */
export const differenceOf = ({ oursMinorUnits, theirsMinorUnits }: Comparison): bigint | undefined =>
  oursMinorUnits === undefined || theirsMinorUnits === undefined
    ? undefined
    : oursMinorUnits - theirsMinorUnits;

export interface ComparedFigure {
  readonly accountId: string;
  readonly period: string;
  readonly minorUnits: bigint;
}

/** A customer that a file can name. */
export interface NamedCustomer {
  readonly id: string;
  readonly externalId?: string;
  /** Of its currency, in nano units. */
  readonly unit: bigint;
}

export interface ReadFigures {
  readonly figures: readonly ComparedFigure[];
  readonly problems: readonly { readonly line: number; readonly detail: string }[];
}

/** Reads what another biller asked for, line by line, and says of each what is wrong with it. */
export function readFigures(csv: string, customers: readonly NamedCustomer[]): ReadFigures {
  const wrong = (line: number, detail: string): ReadFigures => ({
    figures: [],
    problems: [{ line, detail }],
  });
  const rows = parseCsv(csv, { rowsMax: FIGURE_COUNT_MAX + 1 });
  if (rows === undefined) return wrong(1, `It is no CSV of at most ${FIGURE_COUNT_MAX} lines.`);
  const [head = [], ...body] = rows;
  const places = COLUMNS.map((column) => head.findIndex((name) => name.trim().toLowerCase() === column));
  if (places.includes(-1)) return wrong(1, `The first line names the columns ${COLUMNS.join(', ')}.`);
  const known = new Map<string, NamedCustomer[]>();
  for (const customer of customers)
    for (const name of [customer.id, ...(customer.externalId === undefined ? [] : [customer.externalId])])
      known.set(name, [...(known.get(name) ?? []), customer]);
  const figures: ComparedFigure[] = [];
  const problems: { line: number; detail: string }[] = [];
  const seen = new Map<string, number>();
  body.forEach((fields, index) => {
    const line = index + 2;
    const [name = '', period = '', total = ''] = places.map((place) => (fields[place] ?? '').trim());
    const [customer, another] = known.get(name.slice(0, NAME_LENGTH_MAX)) ?? [];
    const minorUnits = customer === undefined ? undefined : minorUnitsOf(total, customer.unit);
    const key = `${customer?.id} ${period}`;
    const before = seen.get(key);
    if (customer !== undefined && another === undefined) seen.set(key, line);
    if (customer === undefined)
      problems.push({ line, detail: 'There is no customer of that id or name here.' });
    else if (another !== undefined) problems.push({ line, detail: 'Several customers are called so.' });
    else if (!PERIOD.test(period)) problems.push({ line, detail: 'A period is a month, such as 2026-11.' });
    else if (minorUnits === undefined)
      problems.push({ line, detail: 'A total is an amount, such as 12.50.' });
    else if (before !== undefined) problems.push({ line, detail: `Line ${before} has this month already.` });
    else figures.push({ accountId: customer.id, period, minorUnits });
  });
  return { figures, problems };
}

/** Whole minor units of an amount. Undefined: it is none, or finer than money that is paid. */
function minorUnitsOf(text: string, unit: bigint): bigint | undefined {
  if (!/^-?\d{1,12}(\.\d{1,9})?$/.test(text)) return undefined;
  const nanoUnits = parseDecimal(text);
  const minorUnits = nanoUnits / unit;
  return nanoUnits % unit === 0n && minorUnits <= MINOR_UNITS_MAX ? minorUnits : undefined;
}

/** Which customers are compared alone, and with what. It sees one account and what lies below it. */
export interface ComparisonBook {
  /** Direct customers that are or were compared, by name; each with its last months. */
  accounts(accountId: string): Promise<readonly ComparedAccount[]>;
  /** Of one month: direct customers with a document of this account or a figure, by name. */
  compare(accountId: string, period: string): Promise<readonly Comparison[]>;
  customers(accountId: string): Promise<readonly NamedCustomer[]>;
  /** From `fromPeriod` on it is asked for nothing. 'prepaid': its money is here, or that of one below it. */
  start(accountId: string, change: { childId: string; fromPeriod: string }): Promise<'started' | 'prepaid'>;
  /** It is asked from `collectFrom` on, or was not compared at all: false. */
  end(accountId: string, change: { childId: string; collectFrom: string }): Promise<boolean>;
  setFigures(accountId: string, figures: readonly ComparedFigure[]): Promise<void>;
}
