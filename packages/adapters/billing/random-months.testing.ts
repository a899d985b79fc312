import { collectDocument } from '@patchbay/domain/billing/collection/collect';
import { keptOf, MemoryRail } from '@patchbay/domain/billing/collection/memory-rail.testing';
import { unsaidTerms } from '@patchbay/domain/billing/documents/document';
import { nano } from '@patchbay/domain/billing/money';
import { nextPeriod, type Period, periodAt } from '@patchbay/domain/billing/period';
import type { Tariff } from '@patchbay/domain/billing/price';
import { createTestDatabase } from '@patchbay/testing/test-database';
import fc from 'fast-check';
import pg from 'pg';
import { applicationPool, plantTree, relayCatalogue, usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { balanceStore } from '../spending/balance-store.ts';
import { creditLineStore } from '../spending/credit-line-store.ts';
import { limitStore } from '../spending/limit-store.ts';
import { spendingStore } from '../spending/spending-store.ts';
import { accountAccrual, billingStore } from './billing-store.ts';
import { closeMonths } from './closing.ts';
import { collectionStore } from './collection-store.ts';
import { documentStore } from './document-store.ts';
import { ownCollectingStore } from './own-collecting-store.ts';

export const CENT = 10_000_000n;
const MINUTE = 60_000;
const DAY = 86_400_000;
const MONTH_COUNT = 3;
const DEPTH_MAX = 5;
const PLATFORM = 'platform';
/** What whoever collects has put in itself: an overdraft and credits of others are paid out before they are paid for. */
export const FLOAT_CENTS = 10n ** 12n;
const ROUND_COUNT_MAX = 60;

/** What somebody does in a month, at a share of it; who and how much is by numbers that any tree has a use for. */
export interface Deed {
  readonly what: (typeof deeds)[number];
  readonly share: number;
  readonly of: number;
  readonly other: number;
  readonly size: number;
}
const deeds = [
  ...['use', 'use', 'use', 'use', 'use', 'use', 'use', 'late', 'late'],
  ...['price', 'price', 'move', 'tax', 'line', 'give', 'give', 'top-up', 'top-up', 'take-back'],
  ...['prepaid', 'postpaid', 'limit', 'collect', 'stop-collecting', 'payee', 'give-back-bought', 'rate'],
] as const;

/** What happens at a rail once the invoices of a month are there. */
export interface Happening {
  readonly what: (typeof happenings)[number];
  readonly at: number;
  readonly part: number;
}
const calmHappenings = ['pay-all', 'pay-all', 'pay-all', 'pay'] as const;
const happenings = [
  ...calmHappenings,
  ...['refund', 'refund-by-hand', 'dispute', 'won', 'lost', 'bank', 'void', 'return', 'return', 'again'],
] as const;

export interface RandomMonths {
  readonly parents: readonly number[];
  readonly months: readonly { readonly deeds: readonly Deed[]; readonly happened: readonly Happening[] }[];
  /** Nothing of a payment goes back, and nothing is void. */
  readonly isCalm: boolean;
  /** Some sellers collect themselves. */
  readonly hasCollectors: boolean;
  /** Accounts that are prepaid from the beginning, by their places. */
  readonly prepaid: readonly number[];
  /** What each account asks its children for in the beginning, one after the other; below a hundred: nothing. */
  readonly prices: readonly number[];
}

const happenedOf = (kinds: readonly Happening['what'][]) =>
  fc.array(
    fc.record({ what: fc.constantFrom(...kinds), at: fc.nat(99), part: fc.integer({ min: 1, max: 100 }) }),
    { minLength: 1, maxLength: 8 },
  );

export const randomMonths: fc.Arbitrary<RandomMonths> = fc.boolean().chain((isCalm) =>
  fc.record({
    isCalm: fc.constant(isCalm),
    hasCollectors: fc.constantFrom(false, false, true),
    prepaid: fc.array(fc.nat(8), { maxLength: 3 }),
    prices: fc.array(fc.nat(9_999), { minLength: 4, maxLength: 9 }),
    parents: fc.array(fc.nat(), { minLength: 4, maxLength: 8 }),
    months: fc.array(
      fc.record({
        deeds: fc.array(
          fc.record({
            what: fc.constantFrom(...deeds),
            share: fc.nat(999),
            of: fc.nat(99),
            other: fc.nat(99),
            size: fc.nat(9_999),
          }),
          { minLength: 8, maxLength: 30 },
        ),
        happened: happenedOf(isCalm ? calmHappenings : happenings),
      }),
      { minLength: MONTH_COUNT, maxLength: MONTH_COUNT },
    ),
  }),
);

/** Each below one that comes before it, and none deeper than five. */
export function treeOf(places: readonly number[]): Readonly<Record<string, string | undefined>> {
  const depths = new Map([[PLATFORM, 0]]);
  const tree: Record<string, string | undefined> = { [PLATFORM]: undefined };
  for (const [index, place] of places.entries()) {
    // Half of them below the last: else no tree is deep.
    const open = [...depths].filter(([, depth]) => depth < DEPTH_MAX).map(([id]) => id);
    const parent = (place % 2 === 0 ? open.at(-1) : open[place % open.length]) ?? PLATFORM;
    tree[`a${index}`] = parent;
    depths.set(`a${index}`, (depths.get(parent) ?? 0) + 1);
  }
  return tree;
}

const tariffOf = (size: number): Tariff => {
  const amount = nano(BigInt((size * 7_919) % 30_000_000));
  const per = BigInt(1 + (size % 97));
  switch (size % 9) {
    case 0:
      return {
        ...{ kind: 'per-unit', amount, per, free: BigInt(size % 200) },
        tiers: [{ after: 100n, amount: nano(amount / 2n) }],
        tiering: size % 2 === 0 ? 'graduated' : 'volume',
      };
    case 1:
      return { kind: 'per-unit', amount, per, minimum: nano(BigInt(size % 500) * 3_333_333n) };
    case 2:
      return { kind: 'fee', amount: nano(BigInt(size) * 1_234_567n) };
    case 3:
      return { kind: 'flat', amount: nano(BigInt(size) * 765_432n) };
    case 4:
      return { kind: 'per-unit', amount, per, roundUpTo: BigInt(2 + (size % 50)) };
    default:
      return { kind: 'per-unit', amount, per };
  }
};

/** Days are open for usage of so long ago as the clock here is behind: the database has one of its own. */
async function takingOldUsage(owner: pg.Pool): Promise<void> {
  const { rows } = await owner.query<{ text: string }>(
    "SELECT pg_get_functiondef('usage_open_day(date)'::regprocedure) AS text",
  );
  const text = rows[0]?.text ?? '';
  const widened = text.replace('::date - 63 AND', '::date - 400 AND');
  if (widened === text) throw new Error('Days are opened in another way.');
  await owner.query(widened);
}

/** A platform with a database of its own, rails in memory, and a clock that goes when it is told to. */
export async function worldOf({ parents, isCalm, hasCollectors, prices, prepaid }: RandomMonths) {
  const database = await createTestDatabase();
  const tree = treeOf(parents);
  await plantTree(database.url, tree);
  const owner = new pg.Pool({ connectionString: database.url, max: 1 });
  const pool = applicationPool(database.applicationUrl, 3);
  await takingOldUsage(owner);
  const accounts = Object.keys(tree).slice(1);
  // All of it is over by the clock of the database, which dates moves.
  let clockMs = periodAt(Date.now() - 160 * DAY).fromMs;
  const nowMs = () => clockMs;
  const platformAccount = async () => PLATFORM;
  const over = { pool, catalogue: relayCatalogue, platformAccount, nowMs };
  const usage = usageStore(pool);
  const billing = billingStore(over);
  const accrual = accountAccrual(over);
  const balances = balanceStore(over);
  const lines = creditLineStore(over);
  const limits = limitStore(over);
  const documents = documentStore(over);
  const collections = collectionStore(over);
  const own = ownCollectingStore(pool, {
    seal: (_, plain) => Uint8Array.from(plain),
    open: (_, sealed) => Uint8Array.from(sealed),
  });
  const spending = spendingStore({
    ...over,
    topAccounts: async () => [PLATFORM],
    serviceNames: ['relay'],
    bitsPerSecondMaxOf: async () => undefined,
  });
  const rail = new MemoryRail();
  rail.balance = FLOAT_CENTS;
  const ownRails = new Map<string, MemoryRail>();
  const faults: unknown[] = [];
  const months: Period[] = [];
  const collecting = {
    ...{ store: collections, rail, nowMs },
    ownRailOf: async (collectorId: string) => ownRailOf(collectorId),
    onFault: (cause: unknown) => void faults.push(cause),
  };
  const ownRailOf = (collectorId: string): MemoryRail => {
    const known = ownRails.get(collectorId) ?? new MemoryRail(`${collectorId}:`);
    known.balance = ownRails.has(collectorId) ? known.balance : FLOAT_CENTS;
    ownRails.set(collectorId, known);
    return known;
  };
  const rows = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    (await owner.query<Row>(sql, values)).rows;

  const aboveOf = async (accountId: string): Promise<readonly string[]> =>
    (
      await rows<{ id: string }>(
        `SELECT ancestor_id AS id FROM account_closure WHERE descendant_id = $1 AND valid_to = 'infinity' AND depth > 0
         ORDER BY depth`,
        [accountId],
      )
    ).map(({ id }) => id);
  /** Of this month and those to come. */
  const isBelowCollector = async (accountId: string) =>
    await own.isWithin(accountId, [periodAt(clockMs).name, nextPeriod(periodAt(clockMs)).name, '2999-01']);

  async function evaluate(accountId: string, period: Period) {
    await spending.evaluate({ accountId, period, meters: undefined }, { isForced: true });
  }
  const use = (accountId: string, atMs: number, size: number) =>
    usage.ingest([
      usageOf(accountId, {
        atMs,
        bytes: size % 1_000,
        ...(size % 3 === 0 ? { seconds: size % 77 } : {}),
        more: { region: size % 5 === 0 ? 'us' : 'eu' },
      }),
    ]);

  const setPrices = (
    accountId: string,
    size: number,
    { childId, fromMs }: { readonly childId?: string | undefined; readonly fromMs: number },
  ) =>
    billing.setPrices({
      ...{ accountId, service: 'relay', currency: 'EUR', fromMs },
      ...(childId === undefined ? {} : { childId }),
      prices: [
        { meter: 'bytes', where: size % 7 === 0 ? { region: 'us' } : {}, tariff: tariffOf(size) },
        { meter: 'seconds', where: {}, tariff: tariffOf(size + 3) },
      ],
    });
  for (const [index, size] of prices.entries()) {
    const accountId = [PLATFORM, ...accounts][index];
    if (accountId !== undefined && size >= 100) await setPrices(accountId, size, { fromMs: clockMs });
  }

  async function move(movedId: string, parentId: string) {
    if (await isBelowCollector(movedId)) return;
    if (await isBelowCollector(parentId)) return;
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query("SELECT set_config('patchbay.account_id', $1, true)", [PLATFORM]);
      const { rows: moved } = await client.query<{ starts_at: Date | null }>(
        'SELECT starts_at FROM account_move($1, $2)',
        [movedId, parentId],
      );
      await client.query('COMMIT');
      const startsAt = moved[0]?.starts_at ?? null;
      if (startsAt === null) return;
      // The clock of a move is the database's.
      clockMs += 2 * MINUTE - (clockMs % MINUTE);
      for (const column of ['valid_from', 'valid_to'])
        await rows(`UPDATE account_closure SET ${column} = $1 WHERE ${column} = $2`, [
          new Date(clockMs),
          startsAt,
        ]);
    } finally {
      client.release();
    }
  }

  async function onDeed({ what, of, other, size }: Deed): Promise<void> {
    const accountId = accounts[of % accounts.length] ?? '';
    const period = periodAt(clockMs);
    const above = await aboveOf(accountId);
    const anyAbove = above[other % above.length] ?? PLATFORM;
    const cents = BigInt(1 + (size % 2_500));
    const paying = await rows<{ id: string }>(
      'SELECT account_id AS id FROM prepaid_account WHERE is_prepaid ORDER BY 1',
    );
    const prepaidId = paying[of % Math.max(1, paying.length)]?.id ?? accountId;
    switch (what) {
      case 'use':
        await use(accountId, clockMs, size);
        if (size % 2 === 0) await evaluate(accountId, period);
        return;
      case 'late': {
        const earlier = months[other % Math.max(1, months.length)];
        if (earlier === undefined) return;
        await use(accountId, earlier.fromMs + (size % 4) * 9 * DAY + size, size);
        if (size % 2 === 0) await evaluate(accountId, earlier);
        return;
      }
      case 'rate':
        for (const each of accounts) await evaluate(each, period);
        return;
      case 'price': {
        const children = (
          await rows<{ id: string }>('SELECT id FROM account WHERE parent_id = $1 ORDER BY id', [anyAbove])
        ).map(({ id }) => id);
        const childId = children[size % children.length];
        return await setPrices(anyAbove, size, {
          childId: size % 2 === 0 ? undefined : childId,
          fromMs: clockMs - (clockMs % MINUTE) + (size % 4) * DAY,
        });
      }
      case 'move':
        return await move(accountId, [PLATFORM, ...accounts][other % (accounts.length + 1)] ?? PLATFORM);
      case 'tax':
        await documents.setParty(accountId, {
          ...unsaidTerms,
          ...{ legalName: `${accountId} Ltd`, addressLines: [], country: size % 3 === 0 ? 'FR' : 'DE' },
          ...(size % 4 === 0 ? { taxId: `T${accountId}` } : {}),
          numberPrefix: accountId.toUpperCase(),
          ...{ taxName: 'VAT', taxBasisPoints: [0, 700, 1_900, 2_137][size % 4] ?? 0 },
          taxRules:
            other % 2 === 0
              ? []
              : [{ country: 'FR', name: 'TVA', basisPoints: 2_000, reverseCharge: 'businesses' as const }],
        });
        return;
      case 'line':
        await lines.say(accountId, { byId: PLATFORM, amount: nano(cents * 4n * CENT) });
        return;
      case 'give': {
        const givers = await aboveOf(prepaidId);
        await balances.give({
          ...{ accountId: prepaidId, givenById: givers[other % givers.length] ?? PLATFORM },
          ...{ amount: nano(cents * CENT), priority: 1 + (size % 200), reason: 'Gift', nowMs: clockMs },
          ...(size % 6 === 0 ? { expiresAtMs: clockMs + (1 + (size % 40)) * DAY } : {}),
        });
        return;
      }
      case 'take-back': {
        const { items } = await balances.credits(prepaidId, { limit: 20 });
        const given = items.find(({ givenById }) => givenById !== undefined);
        if (given?.givenById === undefined) return;
        const { givenById, id: creditId } = given;
        await balances.takeBack({ ...{ accountId: prepaidId, givenById, creditId }, nowMs: clockMs });
        return;
      }
      case 'top-up': {
        const { terms } = await balances.standing(prepaidId);
        if (!terms.isPrepaid) return;
        const asked = { accountId: prepaidId, minorUnits: cents, isAutomatic: false, nowMs: clockMs };
        const { id } = await balances.askTopUp(asked);
        await wake(id);
        await bringOn();
        const invoice = [...rail.invoices.values()].find((each) => each.documentId === id);
        if (invoice === undefined || size % 4 === 0) return;
        rail.pay(invoice, invoice.minorUnits);
        await wake(id);
        return await bringOn();
      }
      case 'give-back-bought':
        if (!isCalm) await balances.refundBought(prepaidId, clockMs);
        return;
      case 'prepaid':
        if (await isBelowCollector(accountId)) return;
        await isPrepaidNow(accountId, size % 2 === 0 ? 0n : cents);
        return;
      case 'postpaid':
        await balances.setTerms(accountId, {
          ...{ byId: PLATFORM, above: [], isPrepaid: false, overdraft: nano(0n) },
        });
        return;
      case 'limit':
        await limits.set({
          ...{ accountId, setById: anyAbove, nowMs: clockMs },
          limits: [{ id: '', per: 'month', amount: nano(cents * CENT), action: 'stop', sharesPercent: [50] }],
        });
        return;
      case 'collect':
        if (!hasCollectors) return;
        await own.connect(accountId, {
          credentials: { secretKey: 'rk_test_random', webhookSecrets: ['whsec'] },
          fromPeriod: nextPeriod(period).name,
        });
        return;
      case 'stop-collecting':
        if ((await own.find(accountId)) !== undefined)
          await own.disconnect(accountId, { currentPeriod: period.name, forgetsKey: false });
        return;
      case 'payee':
        return await payee(accountId);
    }
  }

  const isPrepaidNow = (accountId: string, overdraft: bigint) =>
    balances.setTerms(accountId, {
      ...{ byId: PLATFORM, above: [], isPrepaid: true },
      overdraft: nano(overdraft * CENT),
    });

  async function payee(accountId: string) {
    await documents.setRailParty(accountId, { payeeId: `payee_${accountId}`, isPayable: true });
    for (const collectorId of ownRails.keys())
      await documents.setRailParty(
        accountId,
        { payeeId: `payee_${accountId}`, isPayable: true },
        collectorId,
      );
  }

  async function bringOn() {
    for (let round = 0; round < ROUND_COUNT_MAX; round++) {
      const due = await collections.due(clockMs, 200);
      if (due.length === 0) return;
      for (const documentId of due) await collectDocument(documentId, collecting);
    }
    throw new Error('There is always something to do.');
  }
  const wake = (documentId?: string) =>
    rows(
      `UPDATE collection SET next_at = '2020-01-01' WHERE next_at <> 'infinity' AND ($1::text IS NULL OR document_id = $1)`,
      [documentId ?? null],
    );
  /** Everything is looked at, as often as something comes of it. */
  async function settle() {
    for (let before = ''; ; ) {
      await wake();
      await bringOn();
      const [now] = await rows<{ text: string }>(
        "SELECT md5(string_agg(state::text || coalesce(pending::text, ''), '' ORDER BY document_id)) AS text FROM collection",
      );
      if (now === undefined || now.text === before) return;
      before = now.text;
    }
  }

  const railsOf = () => [rail, ...ownRails.values()];
  async function onHappening({ what, at, part }: Happening): Promise<void> {
    const invoices = railsOf().flatMap((each) =>
      [...each.invoices.values()].map((invoice) => ({ rail: each, invoice })),
    );
    const found = invoices[at % invoices.length];
    if (found === undefined) return;
    const { rail: of, invoice } = found;
    const partOf = (whole: bigint) => (whole * BigInt(part)) / 100n;
    const kept = keptOf(invoice);
    const document = (
      await rows<{ account_id: string; period: string; kind: string }>(
        'SELECT account_id, period, kind FROM document WHERE id = $1',
        [invoice.documentId],
      )
    )[0];
    switch (what) {
      case 'pay-all':
        for (const each of invoices)
          if (each.invoice.state === 'open') {
            each.rail.pay(each.invoice, each.invoice.minorUnits);
            await wake(each.invoice.documentId);
          }
        break;
      case 'pay':
        if (invoice.state === 'open') of.pay(invoice, partOf(invoice.minorUnits) + 1n);
        break;
      case 'refund-by-hand':
        if (partOf(kept) > 0n) of.refund(invoice.id, partOf(kept));
        break;
      case 'refund':
        if (document !== undefined && partOf(kept) > 0n)
          await documents.refund({
            ...{ accountId: document.account_id, period: document.period, nowMs: clockMs },
            minorUnits: partOf(kept),
          });
        break;
      case 'dispute':
        of.dispute(invoice, partOf(kept));
        break;
      case 'bank':
        of.dispute(invoice, invoice.paidMinorUnits);
        break;
      case 'won':
      case 'lost':
        of.closeDisputes(invoice, what);
        break;
      case 'void':
        if (document !== undefined)
          await documents.cancel({
            accountId: document.account_id,
            period: document.period,
            nowMs: clockMs,
          });
        break;
      case 'return': {
        const transfer = [...rail.transfers.values()][at % Math.max(1, rail.transfers.size)];
        if (transfer === undefined || transfer.reversedMinorUnits > 0n) return;
        transfer.reversedMinorUnits = transfer.minorUnits;
        rail.balance += transfer.minorUnits;
        await wake(transfer.documentId);
        break;
      }
      case 'again':
        return await sendAgain();
    }
    await wake(invoice.documentId);
    await bringOn();
  }
  async function sendAgain() {
    for (const { document_id: documentId, account_id: accountId } of await rows<{
      document_id: string;
      account_id: string;
    }>("SELECT document_id, account_id FROM collection WHERE kind IN ('payout', 'tax')"))
      await documents.sendAgain({ accountId, documentId, nowMs: clockMs });
    await settle();
  }

  async function close(period: Period, { isAsked }: { readonly isAsked: boolean }) {
    clockMs = Math.max(clockMs, period.toMs + (isAsked ? DAY : 64 * DAY));
    for (const each of [...months, period]) await billing.accrueAll(each);
    if (isAsked) await documents.askClosing(period.name);
    await closeMonths({ ...over, accrual, isCollecting: true });
    // Whoever collects by itself now may have customers that are paid out by it.
    await settle();
    months.push(period);
  }

  for (const accountId of accounts)
    await lines.say(accountId, { byId: PLATFORM, amount: nano(20_000n * CENT) });
  for (const place of new Set(prepaid)) {
    const accountId = accounts[place % accounts.length];
    if (accountId !== undefined) await isPrepaidNow(accountId, place % 2 === 0 ? 0n : 5_000n);
  }

  /** Whatever is asked is paid, and whatever a bank holds is won. */
  async function payAll() {
    for (const each of railsOf())
      for (const invoice of each.invoices.values()) {
        each.closeDisputes(invoice, 'won');
        if (invoice.state === 'open') each.pay(invoice, invoice.minorUnits);
      }
    await settle();
  }

  return {
    ...{ accounts, rail, ownRails, ownRailOf, rows, billing, balances, documents, over, faults, months },
    ...{ onDeed, onHappening, close, settle, payee, payAll, sendAgain },
    nowMs,
    /** To the given share of the month that begins then, or goes on. */
    goTo(period: Period, share: number) {
      // On few of its days: each day of usage is a table.
      clockMs = Math.max(
        clockMs + 1,
        period.fromMs + Math.floor(share / 250) * 9 * DAY + (share % 250) * MINUTE,
      );
    },
    firstMonth: periodAt(clockMs),
    async drop() {
      await pool.end();
      await owner.end();
      await database.drop();
    },
  };
}

export type RandomWorld = Awaited<ReturnType<typeof worldOf>>;
