import {
  type Bought,
  latePassing,
  type Passing,
  passingOf,
  type Share,
  sharesOf,
  sharesOfParts,
} from '@patchbay/domain/billing/collection/shares';
import { type DocumentDraft, soldOf } from '@patchbay/domain/billing/documents/document';
import { minorUnitOf, type Nano, nano, sum } from '@patchbay/domain/billing/money';
import { periodOf } from '@patchbay/domain/billing/period';
import type { AccountAccrual } from './billing-store.ts';

/** Of a closed statement, what its shares are made of. One that was closed before it said from whom its account bought: of one. */
export interface ClosedPassing {
  readonly sellerId: string;
  readonly content: {
    readonly charge: Nano;
    readonly edges: Passing['edges'];
    readonly bought?: readonly Bought[];
  };
}

export const closedPassing = ({ sellerId, content: { charge, edges, bought } }: ClosedPassing): Passing => ({
  edges,
  bought: bought ?? [{ sellerId, charge, through: sum(edges.map(({ cost }) => cost)) }],
});

/** How money goes up by an account in a month, as its statement was closed. */
export type ClosedPassingOf = (accountId: string, period: string) => Promise<Passing | undefined>;

/**
 * Who earns of an invoice: of what it asks for its own month by the statements that were closed, and of what it asks for a month
 * that came late, by what that month comes to now beyond what was closed.
 */
export function earnedShares({
  accrual,
  closedOf,
}: {
  readonly accrual: Pick<AccountAccrual, 'accrue'>;
  readonly closedOf: ClosedPassingOf;
}): (draft: DocumentDraft, collectorId: string) => Promise<readonly Share[]> {
  const late = new Map<string, Promise<Passing | undefined>>();
  const lateOf: ClosedPassingOf = (accountId, period) => {
    const key = `${period} ${accountId}`;
    const known = late.get(key) ?? readLate(accountId, period);
    late.set(key, known);
    return known;
  };
  const readLate: ClosedPassingOf = async (accountId, period) => {
    const { statement } = await accrual.accrue(accountId, periodOf(period));
    return latePassing(passingOf(statement), await closedOf(accountId, period));
  };
  return async (draft, collectorId) => {
    const { accountId, period, currency, lines } = draft;
    const unit = minorUnitOf(currency);
    const adjusted = lines.filter(({ kind }) => kind === 'adjustment');
    const lateMinorUnits = adjusted.reduce((total, { minorUnits = 0n }) => total + minorUnits, 0n);
    const months = [
      { period, minorUnits: soldOf(draft) - lateMinorUnits, passing: closedOf },
      ...adjusted.map((line) => ({
        period: line.period,
        minorUnits: line.minorUnits ?? 0n,
        passing: lateOf,
      })),
    ];
    const parts: { asked: Nano; shares: readonly Share[] }[] = [];
    for (const month of months) {
      const asked = nano(month.minorUnits * unit);
      const found =
        asked > 0n
          ? await allAbove(accountId, collectorId, (id) => month.passing(id, month.period))
          : undefined;
      const shares =
        found === undefined ? [] : sharesOf(asked, { accountId, collectorId }, (id) => found.get(id));
      parts.push({ asked, shares });
    }
    return sharesOfParts(parts);
  };
}

/** From an account up to whoever collects, by whomever each bought from; not beyond where nothing was closed. */
async function allAbove(
  accountId: string,
  collectorId: string,
  read: (accountId: string) => Promise<Passing | undefined>,
): Promise<ReadonlyMap<string, Passing>> {
  const found = new Map<string, Passing>();
  const waiting = [accountId];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === collectorId || found.has(next)) continue;
    const passing = await read(next);
    if (passing === undefined) continue;
    found.set(next, passing);
    waiting.push(...passing.bought.map(({ sellerId }) => sellerId));
  }
  return found;
}
