import { type Nano, nano, subtract, sum, ZERO } from '../money.ts';

/** What one account owed the one above it in a period, and what that cost the one above. */
export interface ClosedEdge {
  readonly buyerId: string;
  readonly sellerId: string;
  readonly receivable: Nano;
  readonly cost: Nano;
}

/** How much of what an account pays is earned by one above it. */
export interface Share {
  readonly accountId: string;
  readonly weight: Nano;
}

/**
 * Follows what an account is asked for up the chain: at each edge the one above keeps its margin and passes on what the
 * use costs it. Over all that pay below an account, what it keeps is its margin (the rates are those of whole edges, so
 * they sum up exactly). Where the one above sells below its cost it adds the rest itself, by an invoice of its own: money
 * does not grow on its way up. What arrives at the top is the platform's.
 */
export function sharesOf(charge: Nano, edges: readonly ClosedEdge[]): readonly Share[] {
  const shares: Share[] = [];
  let passing = charge;
  for (const { sellerId, receivable, cost } of edges.slice(0, -1)) {
    if (passing <= 0n) break;
    const next =
      receivable <= 0n || cost >= receivable
        ? passing
        : nano((passing * (cost < 0n ? ZERO : cost)) / receivable);
    const weight = subtract(passing, next);
    if (weight > 0n) shares.push({ accountId: sellerId, weight });
    passing = next;
  }
  return shares;
}

/** Each account once. */
export const joinShares = (shares: readonly Share[]): readonly Share[] =>
  [...Map.groupBy(shares, ({ accountId }) => accountId)].map(([accountId, ofAccount]) => ({
    accountId,
    weight: sum(ofAccount.map(({ weight }) => weight)),
  }));

/** How much of a payout is behind it, as weights of the invoices that its account earns of. */
export interface Backing {
  readonly weight: Nano;
  /** Of what was paid, and neither given back nor disputed. */
  readonly paid: Nano;
  /** Of what was given back, disputed or given up: it is never paid out. */
  readonly lost: Nano;
}

export const noBacking: Backing = { weight: ZERO, paid: ZERO, lost: ZERO };

/**
 * Minor units of a payout that may leave: the part that was paid by those that it was earned of (BIL-6). Without any
 * invoice behind it, each was for less than a minor unit, and nothing is waited for.
 */
export const fundedOf = (totalMinorUnits: bigint, { weight, paid }: Backing): bigint =>
  weight === 0n ? totalMinorUnits : (totalMinorUnits * paid) / weight;

/** Minor units that its account may still get in the end: what is funded once everybody has paid what is left. */
export const entitledOf = (totalMinorUnits: bigint, { weight, lost }: Backing): bigint =>
  weight === 0n ? totalMinorUnits : (totalMinorUnits * (weight - lost)) / weight;
