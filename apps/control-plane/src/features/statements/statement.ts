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
