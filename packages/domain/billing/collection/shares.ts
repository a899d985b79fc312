import { type Nano, nano, split, subtract, sum, ZERO } from '../money.ts';
import type { Statement } from '../statement.ts';

/** What one account owed the one above it in a period, and what that cost the one above. */
export interface ClosedEdge {
  readonly buyerId: string;
  readonly receivable: Nano;
  readonly cost: Nano;
}

/** From whom an account bought in a period: who moved bought from several. */
export interface Bought {
  readonly sellerId: string;
  /** What of it the account itself is asked for. */
  readonly charge: Nano;
  /** What its children's use costs it: taken out of what they pay. */
  readonly through: Nano;
}

/** What a closed statement says of how money goes up by its account. */
export interface Passing {
  readonly edges: readonly ClosedEdge[];
  readonly bought: readonly Bought[];
}

/** How much of what an account pays is earned by one above it. */
export interface Share {
  readonly accountId: string;
  readonly weight: Nano;
}

type PassingOf = (accountId: string) => Passing | undefined;

export const passingOf = ({ accountId, lines, charge, children, currency }: Statement): Passing => {
  const parts = [...Map.groupBy(lines, ({ sellerId }) => sellerId)].map(([sellerId, ofSeller]) => {
    const [own, others] = [true, false].map((isOwn) =>
      sum(
        ofSeller.flatMap((line) =>
          line.parts.filter((part) => (part.accountId === accountId) === isOwn).map(({ amount }) => amount),
        ),
      ),
    );
    return { sellerId, own: own ?? ZERO, through: others ?? ZERO };
  });
  // What is asked beyond its own use is for what its children's use costs it: it goes where that goes.
  const beyond = subtract(charge.amount, sum(parts.map(({ own }) => own)));
  const added = split(
    beyond,
    parts.map(({ through }) => atLeastZero(through)),
  );
  return {
    edges: children
      .filter((child) => child.currency === currency)
      .map(({ accountId: buyerId, receivable, cost }) => ({ buyerId, receivable, cost })),
    bought: parts.map(({ sellerId, own, through }, index) => ({
      sellerId,
      charge: nano(own + (added[index] ?? ZERO)),
      through,
    })),
  };
};

/**
 * Follows what an account is asked for up to whoever collects: at each edge the one above keeps its margin, less what its
 * margins give to those of its children that pay less than they cost it, and passes on the rest. Over all that pay below an
 * account, what it keeps is what it is paid out (the rates are those of whole edges, so they sum up but for what
 * rounding moves). The shares never come to more than is asked. What reaches whoever collects, and what goes to where no
 * statement says anything more, is that one's, and no share.
 */
export function sharesOf(
  asked: Nano,
  { accountId, collectorId }: { readonly accountId: string; readonly collectorId: string },
  passing: PassingOf,
): readonly Share[] {
  const kept = new Map<string, Nano>();
  const arrive = (amount: Nano, path: readonly string[], sellerId: string): void => {
    const seller = passing(sellerId);
    // Two that moved may have stood above each other in turn.
    const isEnd = sellerId === collectorId || seller === undefined || path.includes(sellerId);
    if (amount <= 0n || isEnd) return;
    const own = keptAt(amount, path.at(-1) ?? '', seller.edges);
    if (own > 0n) kept.set(sellerId, nano((kept.get(sellerId) ?? ZERO) + own));
    passOn(subtract(amount, own), [...path, sellerId], (bought) => bought.through);
  };
  const passOn = (amount: Nano, path: readonly string[], weightOf: (bought: Bought) => Nano): void => {
    const sellers = passing(path.at(-1) ?? '')?.bought ?? [];
    for (const [index, part] of split(
      amount,
      sellers.map((bought) => atLeastZero(weightOf(bought))),
    ).entries())
      arrive(part, path, sellers[index]?.sellerId ?? collectorId);
  };
  passOn(asked, [accountId], (bought) => bought.charge);
  return [...kept].map(([keeper, weight]) => ({ accountId: keeper, weight }));
}

function keptAt(amount: Nano, buyerId: string, edges: readonly ClosedEdge[]): Nano {
  const edge = edges.find((each) => each.buyerId === buyerId);
  if (edge === undefined || edge.receivable <= 0n || edge.cost >= edge.receivable) return ZERO;
  const margins = sum(edges.map(marginOf).filter((margin) => margin > 0n));
  const net = sum(edges.map(marginOf));
  if (net <= 0n) return ZERO;
  const whole = edge.receivable * margins;
  const kept = (2n * amount * marginOf(edge) * net + whole) / (2n * whole);
  return nano(kept < amount ? kept : amount);
}

const marginOf = ({ receivable, cost }: ClosedEdge): Nano => subtract(receivable, atLeastZero(cost));

const atLeastZero = (amount: Nano): Nano => (amount < 0n ? ZERO : amount);

/**
 * How what came late went up, as the difference of a closed month to what it comes to now: rates of the whole month are not
 * those of what came late. Where there is less now than there was, the whole month says it.
 */
export function latePassing(now: Passing, closed: Passing | undefined): Passing {
  if (closed === undefined) return now;
  const edges = now.edges.map((edge): ClosedEdge => {
    const was = closed.edges.find(({ buyerId }) => buyerId === edge.buyerId);
    const receivable = subtract(edge.receivable, was?.receivable ?? ZERO);
    const cost = subtract(edge.cost, was?.cost ?? ZERO);
    return receivable > 0n && cost >= 0n ? { ...edge, receivable, cost } : edge;
  });
  const bought = now.bought.map((each): Bought => {
    const was = closed.bought.find(({ sellerId }) => sellerId === each.sellerId);
    const charge = subtract(each.charge, was?.charge ?? ZERO);
    const through = subtract(each.through, was?.through ?? ZERO);
    return charge >= 0n && through >= 0n ? { ...each, charge, through } : each;
  });
  return { edges, bought };
}

/**
 * The shares of an invoice: of the month that it is for, and of what came late for months before. Where one of these is below
 * zero, less is asked than the others come to, and each share is as much less.
 */
export function sharesOfParts(
  parts: readonly { readonly asked: Nano; readonly shares: readonly Share[] }[],
): readonly Share[] {
  const above = parts.filter(({ asked }) => asked > 0n);
  const gross = sum(above.map(({ asked }) => asked));
  const net = sum(parts.map(({ asked }) => asked));
  const shares = Map.groupBy(
    above.flatMap((part) => part.shares),
    ({ accountId }) => accountId,
  );
  return [...shares].flatMap(([accountId, ofAccount]) => {
    const weight = sum(ofAccount.map((share) => share.weight));
    const kept = net >= gross ? weight : nano((weight * atLeastZero(net)) / gross);
    return kept > 0n ? [{ accountId, weight: kept }] : [];
  });
}

/** How much of a payout is behind it, as weights of the invoices that its account earns of. */
export interface Backing {
  readonly weight: Nano;
  /** Of what was paid, and neither given back nor disputed. */
  readonly paid: Nano;
  /** Of what was given back, disputed or given up: it is never paid out. */
  readonly lost: Nano;
}

export const noBacking: Backing = { weight: ZERO, paid: ZERO, lost: ZERO };

/** A payout and what is behind it. */
export interface Backed {
  readonly totalMinorUnits: bigint;
  /** Of its currency. */
  readonly unit: Nano;
  readonly backing: Backing;
}

const wholeOf = ({ totalMinorUnits, unit }: Backed): bigint => totalMinorUnits * unit;

/** What rounding may move between those that share an invoice: a hundredth of a minor unit, so that it never makes one. */
const DUST_PARTS = 100n;
const dustOf = ({ unit }: Backed): bigint => unit / DUST_PARTS;

/**
 * What a payout is measured by: no invoice behind it means that nothing of it was paid, and not that nothing is waited for. What
 * its invoices were rounded down by is carried, and asked for with a later one: for less than one minor unit of it nobody waits.
 */
const measureOf = (of: Backed): bigint =>
  of.backing.weight > 0n && of.backing.weight + of.unit > wholeOf(of) ? of.backing.weight : wholeOf(of);

/**
 * Minor units of a payout that may leave: no more of it than was paid by those that it was earned of (BIL-6). `spare` is what
 * other payouts of its account have behind them beyond what they come to: fractions that were carried, and what is earned in
 * a month without a payout.
 */
export function fundedOf(of: Backed, spare: Nano = ZERO): bigint {
  const { totalMinorUnits, unit, backing } = of;
  if (totalMinorUnits === 0n) return 0n;
  const own = (totalMinorUnits * backing.paid) / measureOf(of);
  if (spare <= 0n) return own;
  const withSpare = (backing.paid + spare + dustOf(of)) / unit;
  return withSpare < own ? own : withSpare < totalMinorUnits ? withSpare : totalMinorUnits;
}

/** Minor units that its account may still get in the end: what is funded once everybody has paid what is left. */
export function entitledOf(of: Backed): bigint {
  if (of.totalMinorUnits === 0n) return 0n;
  const measure = measureOf(of);
  return (of.totalMinorUnits * (measure - of.backing.lost)) / measure;
}

/** What is behind a payout beyond its own part of it: for others of its account. */
export function surplusOf(of: Backed): Nano {
  const { backing } = of;
  const measure = measureOf(of);
  // Rounded down: what is cut off is nobody's.
  return measure <= wholeOf(of) ? ZERO : nano((backing.paid * (measure - wholeOf(of))) / measure);
}

/** What a payout lacks behind it, however much of its invoices is paid. */
export const lackOf = (of: Backed): Nano => nano(measureOf(of) - of.backing.weight);
