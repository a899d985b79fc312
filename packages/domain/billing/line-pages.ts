import { platformError } from '@patchbay/kit/errors';
import { z } from 'zod';
import { nano } from './money.ts';
import type { EdgeLine } from './rating.ts';

/** Where a page of lines ended: the amount and the place of its last line. */
const position = z.tuple([z.string().regex(/^-?\d{1,38}$/), z.string(), z.string()]);

type Placed = Pick<EdgeLine, 'amount' | 'sellerId' | 'key'>;

/** The dearest first. Of two that cost the same, in the order of the statement. */
export function compareLines(left: Placed, right: Placed): number {
  if (left.amount !== right.amount) return left.amount > right.amount ? -1 : 1;
  return compareText(left.sellerId, right.sellerId) || compareText(left.key, right.key);
}

/** One page of lines. A line whose amount changes between two pages may be on both of them, or on none. */
export function pageOfLines<Line extends EdgeLine>(
  lines: readonly Line[],
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): { readonly items: readonly Line[]; readonly nextCursor?: string } {
  const sorted = lines.toSorted(compareLines);
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const start = after === undefined ? 0 : sorted.findIndex((line) => compareLines(line, after) > 0);
  const items = start < 0 ? [] : sorted.slice(start, start + limit);
  const last = items.at(-1);
  const hasMore = start >= 0 && sorted.length > start + limit;
  return { items, ...(hasMore && last !== undefined ? { nextCursor: cursorOf(last) } : {}) };
}

const cursorOf = ({ amount, sellerId, key }: Placed): string =>
  JSON.stringify([amount.toString(), sellerId, key]);

function placeOf(cursor: string): Placed {
  try {
    const [amount, sellerId, key] = position.parse(JSON.parse(cursor));
    return { amount: nano(BigInt(amount)), sellerId, key };
  } catch (cause) {
    throw platformError('request.invalid', '/cursor: It is none that a list of lines gave.', cause);
  }
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
