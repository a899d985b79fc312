import { type Nano, nano, sum, ZERO } from '../billing/money.ts';

/** Money that an account has before it uses anything: bought, or given by an account above. */
export interface Credit {
  readonly id: string;
  readonly left: Nano;
  /** The least is used first. */
  readonly priority: number;
  /** Absent: for all. */
  readonly services?: readonly string[] | undefined;
  readonly expiresAtMs?: number | undefined;
  readonly createdAtMs: number;
}

/** Use of a month and service, by the credit that paid for it; `debt`: nothing did yet. */
export interface Draw {
  readonly period: string;
  /** `anyService`: what closing a month adds, such as subsidies. */
  readonly service: string;
  readonly creditId: string;
  readonly amount: Nano;
}

export const debt = '';
export const anyService = '';

/** What is prepaid, and what it paid for. The money that is left, less what is owed, is the balance. */
export interface Balance {
  readonly credits: readonly Credit[];
  readonly draws: readonly Draw[];
}

export const debtOf = ({ draws }: Pick<Balance, 'draws'>): Nano =>
  sum(draws.filter(({ creditId }) => creditId === debt).map(({ amount }) => amount));

export const balanceOf = (balance: Balance): Nano =>
  nano(sum(balance.credits.map(({ left }) => left)) - debtOf(balance));

/** Priority, then what expires first, then the oldest: all else being equal nothing is lost that could have been used. */
export function inBurnOrder(credits: readonly Credit[]): readonly Credit[] {
  const end = ({ expiresAtMs }: Credit) => expiresAtMs ?? Number.MAX_SAFE_INTEGER;
  return [...credits].sort(
    (left, right) =>
      left.priority - right.priority ||
      end(left) - end(right) ||
      left.createdAtMs - right.createdAtMs ||
      (left.id < right.id ? -1 : 1),
  );
}

export const isUsable = (
  credit: Credit,
  { service, atMs }: { readonly service: string; readonly atMs: number },
) =>
  credit.left > 0n &&
  (credit.expiresAtMs === undefined || atMs < credit.expiresAtMs) &&
  (credit.services === undefined || credit.services.includes(service));

export interface Use {
  readonly period: string;
  readonly service: string;
  /** Below zero: a correction gives it back to what had paid for it. */
  readonly amount: Nano;
  readonly atMs: number;
}

/** Pays for use: out of the credits that may, in their order, and what is missing is owed. */
export function draw(balance: Balance, use: Use): Balance {
  if (use.amount < 0n) return giveBack(balance, use);
  const open = new OpenBalance(balance);
  let due = use.amount;
  for (const credit of inBurnOrder(balance.credits)) {
    if (due === 0n) break;
    if (!isUsable(credit, use)) continue;
    const taken = least(credit.left, due);
    open.move(credit.id, nano(-taken));
    open.drawn({ ...use, creditId: credit.id }, taken);
    due = nano(due - taken);
  }
  open.drawn({ ...use, creditId: debt }, due);
  return open.balance;
}

/** What is owed first; then the credits that were used last. */
function giveBack(balance: Balance, { period, service, amount }: Use): Balance {
  const open = new OpenBalance(balance);
  let due = nano(-amount);
  const order = inBurnOrder(balance.credits).map(({ id }) => id);
  const placeOf = ({ creditId }: Draw) => (creditId === debt ? order.length : order.indexOf(creditId));
  const drawn = balance.draws
    .filter((each) => each.period === period && each.service === service && each.amount > 0n)
    .sort((left, right) => placeOf(right) - placeOf(left));
  for (const each of drawn) {
    const given = least(each.amount, due);
    open.drawn(each, nano(-given));
    if (each.creditId !== debt) open.move(each.creditId, given);
    due = nano(due - given);
  }
  return open.balance;
}

/** A new credit pays first what is owed for a service that it is for. */
export function addCredit(balance: Balance, credit: Credit): Balance {
  return coverDebt({ ...balance, credits: [...balance.credits, credit] }, credit.id);
}

function coverDebt(balance: Balance, creditId: string): Balance {
  const open = new OpenBalance(balance);
  for (const owed of balance.draws.filter((each) => each.creditId === debt)) {
    const credit = open.balance.credits.find(({ id }) => id === creditId);
    if (credit === undefined || !isUsable(credit, { service: owed.service, atMs: credit.createdAtMs }))
      continue;
    const paid = least(credit.left, owed.amount);
    open.move(creditId, nano(-paid));
    open.drawn(owed, nano(-paid));
    open.drawn({ ...owed, creditId }, paid);
  }
  return open.balance;
}

/** Changes what a credit is worth: money came in for it, or went back. What it paid for without it is owed again. */
export function changeCredit(balance: Balance, creditId: string, change: Nano): Balance {
  const open = new OpenBalance(balance);
  const credit = balance.credits.find(({ id }) => id === creditId);
  if (credit === undefined) return balance;
  if (change >= 0n) {
    open.move(creditId, change);
    return coverDebt(open.balance, creditId);
  }
  const taken = least(credit.left, nano(-change));
  open.move(creditId, nano(-taken));
  let missing = nano(-change - taken);
  for (const paid of [...balance.draws].reverse()) {
    if (paid.creditId !== creditId) continue;
    const owed = least(paid.amount, missing);
    open.drawn(paid, nano(-owed));
    open.drawn({ ...paid, creditId: debt }, owed);
    missing = nano(missing - owed);
  }
  return open.balance;
}

export interface Expired {
  readonly creditId: string;
  readonly amount: Nano;
}

/** What is left of credits whose time is over: it is not anybody's to use any more. */
export const expiredAt = ({ credits }: Balance, atMs: number): readonly Expired[] =>
  credits
    .filter(({ left, expiresAtMs }) => left > 0n && expiresAtMs !== undefined && expiresAtMs <= atMs)
    .map(({ id, left }) => ({ creditId: id, amount: left }));

const least = (left: Nano, right: Nano): Nano => (left < right ? left : right);

/** A balance while it changes. */
class OpenBalance {
  readonly #credits: Map<string, Credit>;
  readonly #draws: Map<string, Draw>;

  constructor({ credits, draws }: Balance) {
    this.#credits = new Map(credits.map((credit) => [credit.id, credit]));
    this.#draws = new Map(draws.map((each) => [keyOf(each), each]));
  }

  get balance(): Balance {
    return { credits: [...this.#credits.values()], draws: [...this.#draws.values()] };
  }

  move(creditId: string, change: Nano): void {
    const credit = this.#credits.get(creditId);
    if (credit !== undefined) this.#credits.set(creditId, { ...credit, left: nano(credit.left + change) });
  }

  drawn(of: Pick<Draw, 'period' | 'service' | 'creditId'>, change: Nano): void {
    if (change === 0n) return;
    const { period, service, creditId } = of;
    const before = this.#draws.get(keyOf(of))?.amount ?? ZERO;
    this.#draws.set(keyOf(of), { period, service, creditId, amount: nano(before + change) });
  }
}

const keyOf = ({ period, service, creditId }: Pick<Draw, 'period' | 'service' | 'creditId'>) =>
  JSON.stringify([period, service, creditId]);
