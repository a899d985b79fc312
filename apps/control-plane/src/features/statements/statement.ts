import { showMoment } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';

/** One period of one account, as the API answers it. */
export type Statement = Outputs['statements']['get'];

/** A statement that is not closed grows; it is read anew this often. */
const REFRESH_MS = 10_000;
/** A long one changes little in between, and costs more to rate. */
const LONG_REFRESH_MS = 60_000;
const LONG_LINES_MIN = 1_000;

export const lineCountOf = ({ lines }: Pick<Statement, 'lines'>): number =>
  lines.reduce((count, line) => count + line.lineCount, 0);

export function refreshMsOf(statement: Statement | undefined): number | false {
  if (statement?.state === 'closed') return false;
  return statement === undefined || lineCountOf(statement) < LONG_LINES_MIN ? REFRESH_MS : LONG_REFRESH_MS;
}

type Asked = Pick<Statement, 'state' | 'charge' | 'payout' | 'documents'>;

/** What of a month is asked for, or paid out, and by which document. */
export interface AskedSum {
  readonly minorUnits: bigint;
  readonly document?: { readonly documentId: string; readonly documentNumber: string };
}

/**
 * What of a month is to be paid, or paid out: of a closed one what its document says, with tax and with what it has of months
 * before, which is what is open until it is paid. Before that, what the month comes to. Undefined: of the platform, nothing.
 */
export function askedSum(statement: Asked, side: 'charge' | 'payout'): AskedSum | undefined {
  const settled = statement[side];
  if (settled === undefined) return undefined;
  if (statement.state !== 'closed') return { minorUnits: BigInt(settled.minorUnits) };
  const document = statement.documents?.find((each) => each.side === side);
  return document === undefined
    ? { minorUnits: 0n }
    : { minorUnits: BigInt(document.totalMinorUnits), document };
}

interface Sold {
  readonly sellerName: string;
  readonly sellers: readonly { readonly sellerName: string; readonly from: string }[];
}

/** Whose prices a statement is at. An account that moved in the period bought from each for its own time. */
export function sellersText({ sellerName, sellers }: Sold): string {
  const [first, ...later] = sellers;
  if (first === undefined || later.length === 0) return sellerName;
  return [first.sellerName, ...later.map((one) => `from ${showMoment(one.from)} of ${one.sellerName}`)].join(
    ', ',
  );
}
