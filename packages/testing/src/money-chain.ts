import { minorUnitOf, parseDecimal } from '@patchbay/domain/billing/money';

/** Three levels below the platform: each buys of the one before it. */
export interface Chain {
  readonly resellerId: string;
  readonly customerId: string;
  /** The customer's customer. */
  readonly endId: string;
}

export interface Used {
  readonly bytes: bigint;
  readonly allocationMs: bigint;
}

/**
 * What each level asks for a GB in the major unit, which is as many nano units for a byte: so sums by hand are exact. The
 * reseller earns, and its customer sells below what it pays.
 */
export const chainPrices = { platform: '40000', reseller: '60000', customer: '50000' } as const;
/** What the platform asks for a minute of an allocation, and all below it pass on: 1,000 nano units a millisecond. */
export const MINUTE_PRICE = '0.06';
const NANO_PER_MS = 1_000n;

/** What a chain owes for what its two lower levels used, in nano units. */
export interface Owed {
  readonly end: bigint;
  readonly customerOwn: bigint;
  readonly customerSubsidy: bigint;
  readonly resellerMargin: bigint;
  readonly platform: bigint;
}

/** By hand, and by nothing of what rates. */
export function owedBy(end: Used, customer: Used): Owed {
  const price = (level: keyof typeof chainPrices) => BigInt(chainPrices[level]);
  const bytes = end.bytes + customer.bytes;
  return {
    end: end.bytes * price('customer') + end.allocationMs * NANO_PER_MS,
    customerOwn: customer.bytes * price('reseller') + customer.allocationMs * NANO_PER_MS,
    customerSubsidy: end.bytes * (price('reseller') - price('customer')),
    resellerMargin: bytes * (price('reseller') - price('platform')),
    platform: bytes * price('platform') + (end.allocationMs + customer.allocationMs) * NANO_PER_MS,
  };
}

/** An entry of the ledger as its file has it, of which this much is needed. */
export interface BookedEntry {
  readonly transactionId: string;
  readonly accountId: string;
  readonly counterpartyId: string;
  readonly book: string;
  readonly currency: string;
  readonly amount: string;
}

const sumOf = (entries: readonly BookedEntry[]): bigint =>
  entries.reduce((sum, { amount }) => sum + parseDecimal(amount), 0n);

/** What one level has in each pair of books that mirror each other, in nano units. */
export interface Edge {
  readonly buyerId: string;
  readonly payable: bigint;
  readonly receivable: bigint;
}

export interface ChainMoney {
  /** Transactions of whose entries anything is left. */
  readonly unbalanced: readonly string[];
  readonly edges: readonly Edge[];
  /** Minor units that payers of the chain paid, less what they got back. */
  readonly in: bigint;
  /** Minor units that left to who earned. */
  readonly out: bigint;
  /** Minor units of it that the platform keeps, by its own side of the same transactions. */
  readonly kept: bigint;
  /** For a person: a line for each level, and in the last that what came in is what went out. */
  readonly printed: string;
}

/** What the ledger of the platform says of the money of a chain. */
export function moneyOf(
  ledger: readonly BookedEntry[],
  chain: Chain & { readonly platformId: string },
): ChainMoney {
  const { platformId, resellerId, customerId, endId } = chain;
  const names = new Map([
    [platformId, 'platform'],
    [resellerId, 'reseller'],
    [customerId, 'customer'],
    [endId, 'end customer'],
  ]);
  const ids = [resellerId, customerId, endId];
  const unit = minorUnitOf(ledger[0]?.currency ?? 'EUR');
  const of = (book: string, accountId: string, counterpartyId: string) =>
    sumOf(
      ledger.filter(
        (entry) =>
          entry.book === book && entry.accountId === accountId && entry.counterpartyId === counterpartyId,
      ),
    );
  const edges = ids.map((buyerId, index) => {
    const sellerId = ids[index - 1] ?? platformId;
    return {
      buyerId,
      payable: of('payable', buyerId, sellerId),
      receivable: of('receivable', sellerId, buyerId),
    };
  });
  const cash = (accountId: string) => of('clearing', accountId, platformId) / unit;
  const paid = -cash(customerId) - cash(endId);
  const kept = ids.reduce((sum, id) => sum + of('clearing', platformId, id), 0n) / unit;
  const money = {
    unbalanced: [...Map.groupBy(ledger, ({ transactionId }) => transactionId)]
      .filter(([, entries]) => sumOf(entries) !== 0n)
      .map(([id]) => id),
    edges,
    in: paid,
    out: cash(resellerId),
    kept,
  };
  const nano = (amount: bigint) => `${amount}`.padStart(16);
  const printed = [
    'nano units                 owes above    is owed below',
    ...edges.map(({ buyerId, payable, receivable }) =>
      [names.get(buyerId)?.padEnd(20), nano(payable), nano(receivable)].join(' '),
    ),
    `minor units: paid in by the end customer ${-cash(endId)}, by its seller ${-cash(customerId)}`,
    `money in ${money.in} = money out ${money.out + kept} (reseller ${money.out}, platform ${kept})`,
  ].join('\n');
  return { ...money, printed };
}
