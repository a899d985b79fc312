import fc from 'fast-check';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { modalities, type UsageRecord } from '../metering/usage-record.ts';
import { nano } from './money.ts';
import { periodOf } from './period.ts';
import { type Price, type Tariff, tierings } from './price.ts';
import type { PricedEdge } from './price-book.ts';

export const period = periodOf('2026-11');
const minute = 60_000;
/** The platform's first; its other children's trees may have others. */
export const currencies = ['EUR', 'USD', 'JPY'] as const;
const meters = ['bytes', 'minutes'] as const;
const regions = ['eu', 'us'] as const;
export const catalogue: MeterCatalogue = new Map(
  meters.map((name) => [
    `relay.${name}`,
    {
      service: 'relay',
      name,
      unit: 'count',
      dimensions: { region: 'open', modality: modalities },
      isPriced: true,
    },
  ]),
);

export interface World {
  readonly accounts: readonly string[];
  readonly currencyOf: (accountId: string) => string;
  readonly edges: readonly PricedEdge[];
  readonly prices: readonly Price[];
  readonly records: readonly UsageRecord[];
}

/** Mostly one: a price in another currency is none, and worlds without prices prove little. */
const anyCurrency = fc.constantFrom(...currencies, 'EUR', 'EUR', 'EUR');

/** Prices of every kind, most of them with several terms at once. */
export const anyTariff: fc.Arbitrary<Tariff> = fc
  .record({
    kind: fc.constantFrom('per-unit', 'per-unit', 'per-unit', 'flat', 'fee'),
    amount: fc.bigInt(0n, 10n ** 10n),
    per: fc.bigInt(1n, 1000n),
    steps: fc.array(fc.tuple(fc.bigInt(1n, 10n ** 9n), fc.bigInt(0n, 10n ** 10n)), { maxLength: 3 }),
    tiering: fc.constantFrom(...tierings),
    free: fc.option(fc.bigInt(1n, 10n ** 9n)),
    minimum: fc.option(fc.bigInt(1n, 10n ** 12n)),
    roundUpTo: fc.option(fc.bigInt(2n, 10n ** 6n)),
  })
  .map(({ kind, amount, per, steps, tiering, free, minimum, roundUpTo }): Tariff => {
    if (kind !== 'per-unit') return { kind: kind === 'fee' ? 'fee' : 'flat', amount: nano(amount) };
    let after = 0n;
    const tiers = steps.map(([width, of]) => {
      after += width;
      return { after, amount: nano(of) };
    });
    return {
      kind: 'per-unit',
      amount: nano(amount),
      per,
      ...(tiers.length === 0 ? {} : { tiers, tiering }),
      ...(free === null ? {} : { free }),
      ...(minimum === null ? {} : { minimum: nano(minimum) }),
      ...(roundUpTo === null ? {} : { roundUpTo }),
    };
  });

/** Prices without terms: a line of theirs is multiplied alone, and can be computed in a second way. */
const plainTariff: fc.Arbitrary<Tariff> = fc
  .record({ amount: fc.bigInt(0n, 10n ** 10n), per: fc.bigInt(0n, 1000n) })
  .map(({ amount, per }) =>
    per === 0n ? { kind: 'flat', amount: nano(amount) } : { kind: 'per-unit', amount: nano(amount), per },
  );

/** A tree of up to nine accounts in three currencies, one of which may move, any profiles, and any use below the platform. */
const worldsWith = (tariffs: fc.Arbitrary<Tariff>, { areMoving = true } = {}): fc.Arbitrary<World> =>
  fc
    .record({
      parents: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
      tops: fc.array(anyCurrency, { minLength: 8, maxLength: 8 }),
      move: fc.option(fc.record({ account: fc.nat(), to: fc.nat(), atMinute: fc.nat(5) })),
      prices: fc.array(
        fc.record({
          owner: fc.oneof(fc.constant(0), fc.nat()),
          child: fc.option(fc.nat(), { freq: 1 }),
          meter: fc.constantFrom(...meters),
          region: fc.option(fc.constantFrom(...regions), { freq: 1 }),
          currency: anyCurrency,
          tariff: tariffs,
          fromMinute: fc.constantFrom(0, 0, 1, 3, 5),
          forMinutes: fc.integer({ min: 1, max: 6 }),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      uses: fc.array(
        fc.record({
          account: fc.nat(),
          meter: fc.constantFrom(...meters),
          region: fc.constantFrom(...regions),
          quantity: fc.nat(1_000_000_000),
          atMinute: fc.nat(5),
        }),
        { minLength: 2, maxLength: 12 },
      ),
    })
    .map(({ parents, tops, move, prices, uses }) => {
      const accounts = ['a0', ...parents.map((_, index) => `a${index + 1}`)];
      const pick = (index: number) => accounts[index % accounts.length] ?? 'a0';
      const below = (index: number) => accounts[1 + (index % parents.length)] ?? 'a1';
      const at = (minutes: number) => period.fromMs + minutes * minute;
      const parentOf = (index: number) => `a${(parents[index] ?? 0) % (index + 1)}`;
      const currencyOf = (accountId: string): string => {
        const index = Number(accountId.slice(1)) - 1;
        if (index < 0) return currencies[0];
        const parent = parentOf(index);
        return parent === 'a0' ? (tops[index] ?? 'EUR') : currencyOf(parent);
      };
      return {
        accounts,
        currencyOf,
        edges: moved(
          parents.map((_, index) => ({
            sellerId: parentOf(index),
            buyerId: `a${index + 1}`,
            currency: currencyOf(`a${index + 1}`),
            fromMs: -Infinity,
            toMs: Infinity,
          })),
          move === null || !areMoving
            ? undefined
            : { buyerId: below(move.account), to: pick(move.to), atMs: at(move.atMinute) },
        ),
        prices: prices.map(
          ({ owner, child, meter, region, tariff, fromMinute, forMinutes, ...of }, index) => ({
            id: `prc_${index}`,
            accountId: pick(owner),
            ...(child === null ? {} : { childId: pick(child) }),
            service: 'relay',
            meter,
            where: region === null ? {} : { region },
            tariff,
            currency: of.currency,
            fromMs: at(fromMinute),
            toMs: at(fromMinute + forMinutes),
          }),
        ),
        records: uses.map(({ account, meter, region, quantity, atMinute }, sequence) => ({
          id: { nodeId: 'nod_1', boot: 1, sequence },
          accountId: below(account),
          segment: 0,
          service: 'relay',
          region,
          modality: 'audio',
          fromMs: at(atMinute),
          toMs: at(atMinute) + 1,
          quantities: [{ meter, quantity, dimensions: {} }],
        })),
      };
    });

export const worlds = worldsWith(anyTariff);
export const plainWorlds = worldsWith(plainTariff);
/** No account moves to where another collects: here none moves at all. */
export const stillWorlds = worldsWith(anyTariff, { areMoving: false });

/** A move below the mover itself would be a cycle, and one into a tree of another currency: tenancy refuses both. */
function moved(
  edges: readonly PricedEdge[],
  move?: { buyerId: string; to: string; atMs: number },
): PricedEdge[] {
  if (move === undefined || descendantsOf(edges, move.buyerId).has(move.to)) return [...edges];
  const currencyAt = (accountId: string) => edges.find(({ buyerId }) => buyerId === accountId)?.currency;
  if (move.to !== 'a0' && currencyAt(move.to) !== currencyAt(move.buyerId)) return [...edges];
  return edges.flatMap((edge) =>
    edge.buyerId === move.buyerId
      ? [
          { ...edge, toMs: move.atMs },
          { ...edge, sellerId: move.to, fromMs: move.atMs },
        ]
      : [edge],
  );
}

function descendantsOf(edges: readonly PricedEdge[], accountId: string): Set<string> {
  const found = new Set([accountId]);
  for (const edge of edges) if (found.has(edge.sellerId)) found.add(edge.buyerId);
  return found;
}
