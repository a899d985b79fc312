import { accountAccrual, billingStore } from '@patchbay/adapters/billing/billing-store';
import { closeMonths } from '@patchbay/adapters/billing/closing';
import { collectionStore, railNotices } from '@patchbay/adapters/billing/collection-store';
import { documentStore } from '@patchbay/adapters/billing/document-store';
import {
  applicationPool,
  asOwner,
  relayCatalogue as catalogue,
  plantTree,
  setCreditLine,
  usageOf,
} from '@patchbay/adapters/metering/tenants.testing';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { runJob } from '@patchbay/adapters/postgres/job-runs';
import { balanceStore } from '@patchbay/adapters/spending/balance-store';
import { spendingStore } from '@patchbay/adapters/spending/spending-store';
import { stripeRail } from '@patchbay/adapters/stripe/stripe-rail';
import { RailError } from '@patchbay/domain/billing/collection/rail';
import { minorUnitOf, nano, parseDecimal } from '@patchbay/domain/billing/money';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import pg from 'pg';
import { billingJobs, COLLECT_JOB } from './billing-jobs.ts';
import { type Fate, immortal, MortalProcess } from './mortal-process.testing.ts';
import { takeNotice } from './rail-notices.ts';

const DAY_MS = 86_400_000;
/** Longer than a step that failed waits, and shorter than anything is looked at without being told. */
const ROUND_MS = 6 * 60_000;
const ROUND_COUNT = 2;
const usedMs = Date.now() - (Date.now() % 60_000) - 60_000;
export const month: Period = periodAt(usedMs);
const closedMs = month.toMs + 64 * DAY_MS;
const CURRENCY = 'EUR';
const UNIT = minorUnitOf(CURRENCY);

/** Three levels below the platform: one sells dearer than it buys, one cheaper, and one account is prepaid. */
const tree = {
  platform: undefined,
  top: 'platform',
  maker: 'top',
  buyer: 'maker',
  saver: 'maker',
  shop: 'top',
  guest: 'shop',
};
const payees = ['maker', 'top'];
const platformAccount = async () => 'platform';

/** Everything that the month is made of, before it is closed. */
export async function usedMonth(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await plantTree(database.url, tree);
  const pool = applicationPool(database.applicationUrl, 2);
  const over = { pool, catalogue, platformAccount, nowMs: () => usedMs };
  const billing = billingStore(over);
  const sell = (accountId: string, bytes: string, seconds: string) =>
    billing.setPrices({
      ...{ accountId, service: 'relay', currency: CURRENCY, fromMs: month.fromMs },
      prices: Object.entries({ bytes, seconds }).map(([meter, amount]) => ({
        ...{ meter, where: {} },
        tariff: { kind: 'per-unit', amount: parseDecimal(amount), per: 1n },
      })),
    });
  await sell('platform', '0.01', '0.0000333');
  await sell('top', '0.015', '0.0000333');
  await sell('maker', '0.02', '0.00005');
  await sell('shop', '0.012', '0.00005');
  await asOwner(
    database.url,
    `INSERT INTO billing_party (account_id, legal_name, address_lines, country, number_prefix, payment_days, tax_name,
       tax_basis_points, tax_rules)
     VALUES ('maker', 'Maker', '{}', 'DE', 'M', 14, 'VAT', 1900, '[]'), ('top', 'Top', '{}', 'FR', 'T', 14, 'VAT', 0, '[]')`,
  );
  const balances = balanceStore(over);
  await balances.setTerms('saver', {
    ...{ byId: 'platform', above: [] },
    ...{ isPrepaid: true, overdraft: nano(0n) },
  });
  await setCreditLine(database.url, 'maker', 1_100n * UNIT);
  // All of the first is used, and is more than its giver earns.
  for (const [givenById, cents, priority] of [
    ['maker', 1_100n, 1],
    ['platform', 5_000n, 2],
  ] as const)
    await balances.give({
      ...{ accountId: 'saver', givenById, amount: nano(cents * UNIT), priority },
      ...{ reason: 'Welcome', nowMs: usedMs },
    });
  await usageStore(pool).ingest([
    usageOf('buyer', { atMs: usedMs, bytes: 1_000, seconds: 777 }),
    usageOf('saver', { atMs: usedMs, bytes: 500, seconds: 333 }),
    usageOf('guest', { atMs: usedMs, bytes: 400 }),
  ]);
  await spendingStore({
    ...over,
    topAccounts: async () => ['platform'],
    serviceNames: ['relay'],
    bitsPerSecondMaxOf: async () => undefined,
  }).evaluate({ accountId: 'saver', period: month, meters: undefined }, { isForced: true });
  await pool.query('INSERT INTO billing_closing (period) VALUES ($1)', [month.name]);
  await pool.end();
  return database;
}

export interface ClosingWorld {
  readonly database: TestDatabase;
  readonly stripe: FakeStripe;
  /** How far its clock is. */
  nowMs: number;
  /** How long an answer of Stripe is waited for. */
  timeoutMs: number;
  /** Differs once anything differs that outlives a process, here or at Stripe. */
  print(): Promise<string>;
  /** Whether nothing is begun or due, nothing has to be tried again soon, and nothing that Stripe told waits. */
  isSettled(): Promise<boolean>;
  /** Lets go of its database, which may be copied then. */
  rest(): Promise<void>;
  /** Of Stripe's events, those that were taken; Stripe tells a thing until it is. */
  readonly taken: Set<string>;
  drop(): Promise<void>;
}

/** One more of that month, with a Stripe of its own at which payees are set up already. */
export async function worldOf(template: TestDatabase): Promise<ClosingWorld> {
  const database = await copyTestDatabase(template);
  const owner = new pg.Pool({ connectionString: database.url, max: 1 });
  const world: ClosingWorld = {
    database,
    nowMs: closedMs,
    timeoutMs: 20_000,
    taken: new Set<string>(),
    stripe: await startFakeStripe({ nowMs: () => world.nowMs }),
    async print() {
      const { rows } = await owner.query<{ text: string }>(printSql);
      const { state } = world.stripe;
      return `${rows[0]?.text} ${JSON.stringify(lastingAtStripe.map((object) => state.all(object)))}`;
    },
    async isSettled() {
      const { rowCount } = await owner.query(
        `SELECT 1 FROM collection WHERE pending IS NOT NULL OR (failure IS NOT NULL AND refused_count = 0) OR next_at <= $1
         UNION ALL SELECT 1 FROM rail_notice WHERE handled_at IS NULL`,
        [new Date(world.nowMs)],
      );
      return rowCount === 0;
    },
    async rest() {
      for (const client of await Promise.all([owner.connect()])) client.release(true);
    },
    async drop() {
      await owner.end();
      await world.stripe.close();
      await database.drop();
    },
  };
  for (const accountId of payees) {
    const { id } = world.stripe.state.createAccount({ metadata: { account: accountId } });
    world.stripe.state.onboard(id);
    await owner.query(
      'INSERT INTO rail_party (account_id, payee_id, is_payable) VALUES ($1, $2, true) ON CONFLICT DO NOTHING',
      [accountId, id],
    );
  }
  return world;
}

const lastingAtStripe = ['customer', 'invoice', 'invoiceitem', 'invoice_payment', 'transfer', 'refund'];
const lasting = [
  ...['document', 'document_sequence', 'closed_statement', 'billing_closing', 'collection', 'rail_party'],
  ...['rail_notice', 'ledger_entry', 'ledger_position', 'credit', 'prepaid_draw', 'prepaid_month'],
];
const printSql = `SELECT md5(string_agg(text, '' ORDER BY text)) AS text FROM (${lasting
  .map((table) => `SELECT '${table}' || r::text AS text FROM ${table} r`)
  .join(' UNION ALL ')}) AS all_rows`;

/** What a process of the control plane does with money, as `money-work.ts` puts it together. */
export function workerOf(world: ClosingWorld, mortal: MortalProcess) {
  const pool = mortal.pool(world.database.applicationUrl);
  mortal.asks(world.stripe);
  const nowMs = () => world.nowMs;
  const over = { pool, platformAccount, nowMs };
  const { url: apiUrl, webhookSecret } = world.stripe;
  const rail = stripeRail({
    ...{
      secretKey: 'sk_test_x',
      webhookSecrets: [webhookSecret],
      apiUrl,
      retryCount: 0,
      timeoutMs: world.timeoutMs,
    },
  });
  const notices = railNotices(over);
  const closing = { ...over, isCollecting: true, accrual: accountAccrual({ pool, catalogue, nowMs }) };
  const jobs = billingJobs({
    isStopped: () => false,
    closeMonths: () => closeMonths(closing),
    closeClockedMonths: async () => [],
    collecting: { store: collectionStore(over), rail, notices, nowMs },
  });
  const run = async (wanted: string) => {
    const job = jobs.find(({ name }) => name === wanted);
    if (job === undefined) throw new Error(`There is no job ${wanted}.`);
    // One that died a moment ago may still have the lock.
    while (!(await runJob(pool, { ...job, everyMs: 0 })));
  };
  return {
    close: () => run('billing-close'),
    /** Rounds, one after the other, until nothing is due any more. */
    async collect() {
      for (let round = 0; round < ROUND_COUNT; round++) {
        // Of a Stripe that was away the runner says so and goes on; the job has done by then what it could.
        await run(COLLECT_JOB).catch((cause: unknown) => {
          if (!(cause instanceof RailError)) throw cause;
        });
        world.nowMs += ROUND_MS;
      }
    },
    /** Of every payout. */
    async sendAgain() {
      const documents = documentStore(over);
      const { items } = await documents.list('platform', { of: 'below', kind: 'payout-note', limit: 10 });
      for (const { document } of items) {
        const { id: documentId, accountId } = document;
        await documents.sendAgain({ accountId, documentId, nowMs: nowMs() });
      }
    },
    /** Takes these events, or all that were told and not taken yet. */
    async hear(events = world.stripe.state.events.filter(({ id }) => !world.taken.has(id))) {
      const ports = { rail, nowMs, keep: notices.keep, heard: () => undefined };
      for (const event of events) {
        const { body, signature: signed } = world.stripe.signed(event);
        const headers = { 'stripe-signature': signed };
        const request = new Request('http://control.test/api/stripe', { method: 'POST', body, headers });
        const { status } = await takeNotice(request, ports);
        if (status !== 204) throw new Error(`The notice was answered with ${status}.`);
        world.taken.add(event.id);
      }
    },
    end: () => pool.end(),
  };
}

export type Worker = ReturnType<typeof workerOf>;
export type Step = (worker: Worker, world: ClosingWorld) => Promise<void>;

export const closing: readonly Step[] = [(worker) => worker.close()];
/** Stripe asks everybody; they pay, those who earned of it are paid, and then one of them gets a part back. */
export const collecting: readonly Step[] = [
  (worker) => worker.collect(),
  async (worker, world) => {
    payAll(world);
    await worker.hear();
  },
  (worker) => worker.collect(),
  async (worker, world) => {
    giveBack(world);
    await worker.hear();
  },
  (worker) => worker.collect(),
];

/** Somebody takes a payout back at Stripe, and it is sent again. */
export const sendingAgain: readonly Step[] = [
  async (worker, world) => {
    takeBack(world);
    await worker.hear();
  },
  (worker) => worker.collect(),
  // Pressed anew by whoever does not know whether it was done, and twice by whoever does.
  async (worker) => {
    await worker.sendAgain();
    await worker.sendAgain();
  },
  (worker) => worker.collect(),
];

/** What people do at Stripe happens once, whatever becomes of us. */
export function payAll({ stripe: { state } }: ClosingWorld): void {
  for (const { id, status } of state.all('invoice')) if (status === 'open') state.pay(id);
}
export function giveBack({ stripe: { state } }: ClosingWorld): void {
  const largest = state
    .all('payment_intent')
    .toSorted((one, other) => Number(other.amount) - Number(one.amount))[0];
  if (largest !== undefined && state.all('refund').length === 0)
    state.createRefund({ payment_intent: largest.id, amount: '1200' });
}
/** What is left of the largest transfer of a payout: in how many parts that left differs from run to run, and tax may be more. */
export function takeBack({ stripe: { state } }: ClosingWorld): void {
  const largest = state
    .all('transfer')
    .filter(({ transfer_group }) => !String(transfer_group).startsWith('tax/'))
    .toSorted((one, other) => Number(other['amount']) - Number(one['amount']))[0];
  const isDone = state.all('transfer_reversal').some((each) => each['description'] === BY_HAND);
  if (largest !== undefined && !isDone) state.reverseTransfer(largest.id, { description: BY_HAND });
}
const BY_HAND = 'by hand';

/**
 * Takes one step after the other. Where a process dies a new one begins the same step anew, with nothing of what the other
 * knew, and with the fate that comes next.
 */
export async function live(
  world: ClosingWorld,
  steps: readonly Step[],
  fates: Iterable<Fate> = [],
): Promise<readonly MortalProcess[]> {
  const coming = fates[Symbol.iterator]();
  const born = (): MortalProcess => {
    const process = new MortalProcess(coming.next().value ?? immortal);
    lived.push(process);
    return process;
  };
  const lived: MortalProcess[] = [];
  let process = born();
  let worker = workerOf(world, process);
  for (const step of steps) {
    for (;;) {
      try {
        await step(worker, world);
        break;
      } catch (cause) {
        await worker.end();
        if (!process.isDead) throw cause;
        world.stripe.faults.length = 0;
        process = born();
        worker = workerOf(world, process);
      }
    }
  }
  await worker.end();
  world.stripe.onRequest = undefined;
  return lived;
}
