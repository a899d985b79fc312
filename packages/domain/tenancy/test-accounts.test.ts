import { billingPeople } from '@patchbay/adapters/prisma/billing-people';
import { keyStore } from '@patchbay/adapters/prisma/key-store';
import { minting } from '@patchbay/adapters/prisma/minting';
import { policyStore } from '@patchbay/adapters/prisma/policy-store';
import { teamAddresses } from '@patchbay/adapters/prisma/team-addresses';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

let harness: TenancyHarness;
let database: TenancyHarness['database'];
/** Of the database: no row-level security holds for it, and every trigger does. */
let sql: Client;
let owner: Owner;
let childId: string;

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
  sql = new Client({ connectionString: database.url });
  await sql.connect();
}, 120_000);
afterAll(async () => {
  await sql.end();
  await database.close();
});
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  childId = await database.addChild(owner.accountId, 'Customer');
});

const testKey = (at = childId) => owner.call('keys', 'create', { at, request: { mode: 'test' } });
const twinOf = (at = childId) => owner.call('accounts', 'openTest', { at });
const oneRow = async (text: string, values: unknown[]) => (await sql.query(text, values)).rows[0];

test('keys.create 200: a test key is one of the twin, which is made with it, up to the top of the tree (PRD-1)', async () => {
  const { answer, audited, events } = await testKey();
  expect(answer).toMatchObject({ mode: 'test', secret: expect.stringMatching(/^pb_test_/) });
  const { answer: twin } = await twinOf();
  expect(twin).toMatchObject({
    id: answer.accountId,
    name: 'Customer (test)',
    isTest: true,
    liveAccountId: childId,
    currency: 'EUR',
  });
  // Both sides tell of it, and the event is one of the test account.
  expect(audited.map(({ accountId }) => accountId)).toEqual([undefined, twin.id]);
  expect(events).toEqual([
    { event: 'account.changed', payload: { accountId: childId } },
    expect.objectContaining({ event: 'key.created', accountId: twin.id }),
  ]);
  const chain = await database.chainOf(twin.id);
  const top = await oneRow('SELECT id, is_test FROM account WHERE live_id = $1', [database.platformId]);
  const above = await oneRow('SELECT id, root_id FROM account WHERE live_id = $1', [owner.accountId]);
  expect(chain).toEqual([top.id, above.id, twin.id]);
  expect(above.root_id).toBe(above.id);
  expect(chain).not.toContain(database.platformId);
  const { answer: live } = await owner.call('accounts', 'get', { at: childId });
  expect(live).toMatchObject({ isTest: false, testAccountId: twin.id });
  const { answer: keys } = await owner.call('keys', 'list', { at: childId });
  expect(keys.items).toEqual([]);
});

test('accounts.openTest 200: of many at once, and of a test account, there is one', async () => {
  const opened = await Promise.all([twinOf(), twinOf(), twinOf(), testKey()]);
  const ids = opened.map(({ answer }) => ('accountId' in answer ? answer.accountId : answer.id));
  expect(new Set(ids).size).toBe(1);
  expect((await twinOf(ids[0])).answer.id).toBe(ids[0]);
});

test('accounts.update 200: a twin is closed with its account, and both external ids are free for the next (PRD-1)', async () => {
  const create = async () =>
    (await owner.call('accounts', 'create', { request: { name: 'Customer', externalId: 'crm_1' } })).answer;
  const first = await create();
  const { answer: twin } = await twinOf(first.id);
  expect(twin).toMatchObject({ externalId: 'crm_1' });
  await owner.call('accounts', 'update', { at: first.id, request: { state: 'closed' } });
  const { answer: closed } = await owner.call('accounts', 'get', { at: twin.id });
  // As of a live account, what it was called can still be read.
  expect(closed).toMatchObject({ state: 'closed', effectiveState: 'closed', externalId: 'crm_1' });
  const second = await create();
  const { answer: next } = await twinOf(second.id);
  expect(next).toMatchObject({ state: 'active', externalId: 'crm_1', liveAccountId: second.id });
});

test('keys.create 403: a test account has test keys only, and its key is about nothing else', async () => {
  const { answer } = await testKey();
  const { accountId } = answer;
  const actor: Actor = { kind: 'key', keyId: answer.id, accountId };
  const wanted = (mode: string) =>
    owner.call('keys', 'create', { as: actor, at: accountId, request: { mode } });
  await expect(wanted('live')).rejects.toMatchObject(refusal(403, 'tenancy.scope_too_wide'));
  expect((await owner.call('keys', 'create', { as: actor, at: accountId })).answer.mode).toBe('test');
  const store = keyStore(database.prisma, database.cipher);
  const authenticated = await store.authenticate(answer.secret);
  expect(authenticated?.standing.chain.map(({ id }) => id)).toEqual(await database.chainOf(accountId));
});

test('the API mints for a test account with its own test key, and never with a live one', async () => {
  await owner.createKey(['*']);
  const { answer: twin } = await twinOf();
  const { mint } = minting(database.prisma, database.cipher);
  await expect(mint({ accountId: twin.id, caveats: [] })).rejects.toThrow('Neither');
  await testKey();
  expect((await mint({ accountId: twin.id, caveats: [] })).username).toBeDefined();
});

test('a new twin takes over policies, plans, configuration and the prices of its edges, under a small cap', async () => {
  const { accountId } = owner;
  const plan = createId('pln');
  const word = (seconds: number) =>
    JSON.stringify({ values: { sessionSecondsMax: seconds }, locked: [], overridable: {} });
  await sql.query(`INSERT INTO policy (account_id, by, set_by, word) VALUES ($1, 'above', $2, $3)`, [
    childId,
    accountId,
    word(300),
  ]);
  await sql.query(`INSERT INTO policy_plan (id, account_id, name, word) VALUES ($1, $2, 'Free', $3)`, [
    plan,
    accountId,
    word(400),
  ]);
  await sql.query('INSERT INTO account_plan (account_id, owner_id, plan_id) VALUES ($1, $2, $3)', [
    childId,
    accountId,
    plan,
  ]);
  await sql.query(
    `INSERT INTO service_config (account_id, service, config) VALUES ($1, 'signaling', '{"mode": "relay"}')`,
    [childId],
  );
  await sql.query(
    `INSERT INTO service_config (account_id, set_by, service, config) VALUES ($1, $2, 'signaling', '{"sessionSecondsMax": 60}')`,
    [childId, accountId],
  );
  await sql.query(
    `INSERT INTO service_access (account_id, set_by, service, state) VALUES ($1, $2, 'signaling', 'disabled')`,
    [childId, accountId],
  );
  for (const [forChild, amount] of [
    [null, 1],
    [childId, 2],
  ])
    await sql.query(
      `INSERT INTO price (id, account_id, child_id, service, meter, dimensions, amount, per, currency, effective_from)
       VALUES ($1, $2, $3, 'signaling', 'connectedMs', '{}', $4, 1, 'EUR', '2020-01-01')`,
      [createId('prc'), accountId, forChild, amount],
    );
  const { answer: twin } = await twinOf();
  const { rows: prices } = await sql.query(
    `SELECT p.amount::int AS amount, b.live_id AS child FROM price p JOIN account s ON s.id = p.account_id
     LEFT JOIN account b ON b.id = p.child_id WHERE s.live_id = $1 ORDER BY 1`,
    [accountId],
  );
  expect(prices).toEqual([
    { amount: 1, child: null },
    { amount: 2, child: childId },
  ]);
  // What those above set for it their twins have set for its twin.
  const above = await oneRow('SELECT id FROM account WHERE live_id = $1', [accountId]);
  const { rows: configs } = await sql.query(
    'SELECT set_by, config FROM service_config WHERE account_id = $1 ORDER BY set_by',
    [twin.id],
  );
  expect(configs).toEqual([
    { set_by: '', config: { mode: 'relay' } },
    { set_by: above.id, config: { sessionSecondsMax: 60 } },
  ]);
  const turned = await oneRow('SELECT set_by, state FROM service_access WHERE account_id = $1', [twin.id]);
  expect(turned).toEqual({ set_by: above.id, state: 'disabled' });
  const levels = await policyStore(database.prisma).chain({ accountId: twin.id });
  const said = new Set(levels.map(({ by, word: { values } }) => `${by} ${JSON.stringify(values)}`));
  const capped = { sessionSecondsMax: 600, relayBytesPerDayMax: 1_000_000_000, concurrentSessionsMax: 2 };
  expect(said).toEqual(
    new Set([
      `plan ${JSON.stringify(capped)}`,
      'plan {"sessionSecondsMax":400}',
      'above {"sessionSecondsMax":300}',
      'access {}',
    ]),
  );
});

describe('test accounts that begin anew (POL-2, PRD-1)', () => {
  /** The test accounts of the platform, of Acme and of its customer, from the top. */
  let tests: { readonly top: string; readonly acme: string; readonly customer: string };

  beforeEach(async () => {
    const { answer } = await twinOf();
    const [top = '', acme = '', customer = ''] = await database.chainOf(answer.id);
    tests = { top, acme, customer };
  });

  async function reset(): Promise<typeof tests> {
    await sql.query(`SELECT set_config('patchbay.account_id', $1, false)`, [tests.acme]);
    const { id: acme } = await oneRow('SELECT test_clock_reset($1) AS id', [tests.acme]);
    const { id: customer } = await oneRow('SELECT id FROM account WHERE live_id = $1', [childId]);
    return { top: tests.top, acme, customer };
  }
  const say = (
    at: string,
    by: string,
    { seconds, ...place }: { seconds: number; region?: string; endpoint?: string },
  ) =>
    policyStore(database.prisma).set({
      accountId: at,
      by: 'above',
      setById: by,
      ...place,
      word: { values: { sessionSecondsMax: seconds }, locked: [], overridable: {} },
    });

  test('are held to all that those above said of the old ones', async () => {
    const { top, acme, customer } = tests;
    await say(acme, top, { seconds: 100 });
    await say(customer, top, { seconds: 90, region: 'eu' });
    await say(customer, acme, { seconds: 80, endpoint: 'user:bob' });
    const plan = createId('pln');
    await sql.query(`INSERT INTO policy_plan (id, account_id, name, word) VALUES ($1, $2, 'Tests', '{}')`, [
      plan,
      acme,
    ]);
    for (const [text, values] of [
      ['account_plan (account_id, owner_id, plan_id) VALUES ($1, $2, $3)', [customer, acme, plan]],
      [
        `service_config (account_id, set_by, service, config) VALUES ($1, $2, 'signaling', '{"mode": "relay"}')`,
        [acme, top],
      ],
      [
        `service_access (account_id, set_by, service, state) VALUES ($1, $2, 'signaling', 'disabled')`,
        [customer, top],
      ],
      [`retention_word (account_id, set_by, word) VALUES ($1, $2, '{"days": {}}')`, [acme, top]],
      [
        `allow_list_entry (account_id, set_by, purpose, network, label) VALUES ($1, $2, 'keys', '203.0.113.0/24', '')`,
        [customer, top],
      ],
      [
        `spending_limit (id, account_id, set_by_id, per, amount, action, since, spent_before)
         VALUES ($3, $1, $2, 'month', 5, 'stop', '2020-01-01', 4)`,
        [customer, acme, createId('spl')],
      ],
      ['prepaid_word (account_id, by_id, overdraft) VALUES ($1, $2, 7)', [customer, acme]],
      ['credit_line (account_id, by_id, amount) VALUES ($1, $2, 6)', [acme, top]],
      [`account_suspension (account_id, by_id, reason) VALUES ($1, $2, 'said')`, [customer, top]],
    ] as const)
      await sql.query(`INSERT INTO ${text}`, [...values]);

    const anew = await reset();
    expect(anew.customer).not.toBe(customer);
    const rowsOf = async (columns: string, table: string, order = '1, 2') =>
      (
        await sql.query({
          text: `SELECT ${columns} FROM ${table} WHERE account_id = ANY ($1) ORDER BY ${order}`,
          values: [[anew.acme, anew.customer]],
          rowMode: 'array',
        })
      ).rows;
    const ofCustomer = (by: string) => [anew.customer, by];
    const seconds = (sessionSecondsMax: number) => ({
      values: { sessionSecondsMax },
      locked: [],
      overridable: {},
    });
    expect(
      await rowsOf('account_id, set_by, region, endpoint, word', 'policy', `word -> 'values' DESC`),
    ).toEqual([
      [anew.acme, top, '', '', seconds(100)],
      [...ofCustomer(top), 'eu', '', seconds(90)],
      [...ofCustomer(anew.acme), '', 'user:bob', seconds(80)],
    ]);
    expect(await rowsOf('account_id, owner_id', 'account_plan')).toEqual([ofCustomer(anew.acme)]);
    expect(await rowsOf('account_id, set_by, config', 'service_config')).toEqual([
      [anew.acme, top, { mode: 'relay' }],
    ]);
    expect(await rowsOf('account_id, set_by, state', 'service_access')).toEqual([
      [...ofCustomer(top), 'disabled'],
    ]);
    expect(await rowsOf('account_id, set_by', 'retention_word')).toEqual([[anew.acme, top]]);
    expect(await rowsOf('account_id, set_by, network', 'allow_list_entry')).toEqual([
      [...ofCustomer(top), '203.0.113.0/24'],
    ]);
    expect(await rowsOf('account_id, set_by_id, amount::int, spent_before::int', 'spending_limit')).toEqual([
      [...ofCustomer(anew.acme), 5, 0],
    ]);
    expect(await rowsOf('account_id, is_prepaid, overdraft::int', 'prepaid_account')).toEqual([
      [anew.customer, true, 7],
    ]);
    expect(await rowsOf('account_id, by_id, amount::int', 'credit_line')).toEqual([[anew.acme, top, 6]]);
    expect(await rowsOf('account_id, by_id, reason', 'account_suspension')).toEqual([
      [...ofCustomer(top), 'said'],
    ]);
    const { state } = await oneRow('SELECT state FROM account WHERE id = $1', [anew.customer]);
    expect(state).toBe('suspended');
  });

  test('take over what was said later of the live account, and nothing that they said themselves', async () => {
    const { customer, acme } = tests;
    await say(customer, acme, { seconds: 80 });
    await sql.query(
      `INSERT INTO service_config (account_id, service, config) VALUES ($1, 'signaling', '{"mode": "relay"}')`,
      [customer],
    );
    await say(childId, owner.accountId, { seconds: 300 });
    const anew = await reset();
    const { rows } = await sql.query('SELECT set_by, word FROM policy WHERE account_id = $1', [
      anew.customer,
    ]);
    expect(rows).toMatchObject([{ set_by: anew.acme, word: { values: { sessionSecondsMax: 300 } } }]);
    const own = await sql.query('SELECT 1 FROM service_config WHERE account_id = $1', [anew.customer]);
    expect(own.rowCount).toBe(0);
  });

  test('stay held by triggers of those above, and to what those configured of an endpoint', async () => {
    const { top, acme, customer } = tests;
    const trigger = async (by: string, target: string, action: object) => {
      const id = createId('trg');
      await sql.query(
        `INSERT INTO usage_trigger (id, account_id, name, target_id, with_descendants, counts, subject, condition, limit_value,
           action, time_zone) VALUES ($1, $2, 'T', $3, true, 'usage', 'm', 'threshold', 1, $4, 'UTC')`,
        [id, by, target, action],
      );
      return id;
    };
    const off = { kind: 'disableService', service: 'signaling' };
    const [ofTop, ofAcme] = [await trigger(top, customer, off), await trigger(acme, customer, off)];
    const left = [
      await trigger(customer, customer, off),
      await trigger(acme, customer, { kind: 'callback' }),
    ];
    for (const [id, by] of [
      [ofTop, top],
      [ofAcme, acme],
    ])
      await sql.query(
        `INSERT INTO trigger_hold (trigger_id, account_id, target_id, service, config, is_shown)
         VALUES ($1, $2, $3, 'signaling', '{}', false)`,
        [id, by, customer],
      );
    const endpoint = createId('end');
    await sql.query(
      `INSERT INTO endpoint (id, account_id, namespace, identifier, label) VALUES ($1, $2, 'user', 'user:bob', '')`,
      [endpoint, customer],
    );
    for (const setBy of [acme, ''])
      await sql.query(
        `INSERT INTO service_config (account_id, set_by, endpoint_id, service, config) VALUES ($1, $2, $3, 'signaling', '{"mode": "relay"}')`,
        [customer, setBy, endpoint],
      );

    const anew = await reset();
    const held = [
      [ofTop, top, anew.customer],
      [ofAcme, anew.acme, anew.customer],
    ];
    const rowsOf = async (text: string, values: unknown[]) =>
      (await sql.query({ text, values, rowMode: 'array' })).rows;
    for (const [table, id] of [
      ['trigger_hold', 'trigger_id'],
      ['usage_trigger', 'id'],
    ])
      expect(
        await rowsOf(
          `SELECT ${id}, account_id, target_id FROM ${table} WHERE ${id} = ANY ($1) ORDER BY ${id} = $2 DESC`,
          [[ofTop, ofAcme], ofTop],
        ),
        table,
      ).toEqual(held);
    // What only tells, and what the account set itself, is of the books that ended.
    const stayed = await rowsOf('SELECT target_id FROM usage_trigger WHERE id = ANY ($1)', [left]);
    expect(stayed).toEqual([[customer], [customer]]);
    const settings = 'SELECT set_by, endpoint_id, config FROM service_config WHERE account_id = $1';
    expect(await rowsOf(settings, [anew.customer])).toEqual([[anew.acme, 'user:bob', { mode: 'relay' }]]);
  });

  test('stay closed where the one above all of them closed them, and not by their own end', async () => {
    const first = await reset();
    expect(await oneRow('SELECT state FROM account WHERE id = $1', [first.acme])).toEqual({
      state: 'active',
    });
    tests = first;
    await sql.query(`INSERT INTO account_suspension (account_id, by_id, reason) VALUES ($1, $2, 'closed')`, [
      first.customer,
      first.top,
    ]);
    await sql.query(`UPDATE account SET state = 'closed' WHERE id = $1`, [first.customer]);
    const second = await reset();
    const stateOf = async (id: string) =>
      (await oneRow('SELECT state FROM account WHERE id = $1', [id])).state;
    expect([await stateOf(second.acme), await stateOf(second.customer)]).toEqual(['active', 'closed']);
  });
});

describe('people', () => {
  test('who holds a role at the live account holds it at the twin, for as long', async () => {
    const { answer: twin } = await twinOf();
    const grants = await database.ports.people.grantsOf(owner.userId);
    const above = await oneRow('SELECT id FROM account WHERE live_id = $1', [owner.accountId]);
    expect(grants).toEqual([
      expect.objectContaining({ accountId: owner.accountId, role: 'owner', isTest: false }),
      expect.objectContaining({ accountId: above.id, role: 'owner', isTest: true }),
    ]);
    const within = await database.ports.people.grantsOf(owner.userId, undefined, owner.accountId);
    expect(within).toEqual(grants);
    expect(await database.chainOf(twin.id)).toContain(above.id);
    const { answer: me } = await owner.call('me', 'get');
    expect(me.accounts.map(({ id, isTest }) => [id, isTest])).toEqual([
      [owner.accountId, false],
      [above.id, true],
    ]);
    await sql.query('DELETE FROM role_grant WHERE user_id = $1', [owner.userId]);
    expect(await database.ports.people.grantsOf(owner.userId)).toEqual([]);
  });

  test('mails about a test account go to the people of the live one and to nobody else, and say what they are', async () => {
    const { answer: twin } = await twinOf(owner.accountId);
    const proof = { isProofAsked: false };
    expect(await billingPeople(database.prisma, proof)(twin.id)).toEqual([
      expect.objectContaining({ email: owner.email }),
    ]);
    const isOfTeam = teamAddresses(database.prisma, proof);
    expect(await isOfTeam({ accountId: twin.id, address: owner.email })).toBe(true);
    expect(await isOfTeam({ accountId: twin.id, address: 'customer@test.example' })).toBe(false);
    const { accountId } = owner;
    for (const [sender, subject] of [
      [twin.id, '[Test] Limit'],
      [accountId, 'Limit'],
    ] as const) {
      const letter = { subject: 'Limit', greeted: 'Owner', says: ['It is reached.'] };
      await database.ports.mails.send({
        accountId: sender,
        to: owner.email,
        reader: { accountId: sender },
        ...letter,
      });
      const mail = await oneRow('SELECT subject FROM mail WHERE account_id = $1', [sender]);
      expect(mail).toEqual({ subject });
    }
  });

  test('nobody signs up below a test account, nor gets a role there, whoever writes it', async () => {
    const { answer: twin } = await twinOf();
    await sql.query(
      `INSERT INTO brand (account_id, name, is_sign_up_open) VALUES ($1, 'Ours', true), ($2, 'Ours', true)`,
      [twin.id, childId],
    );
    expect(await database.ports.people.offeredCurrencies(twin.id)).toEqual([]);
    expect(await database.ports.people.offeredCurrencies(childId)).toEqual(['EUR']);
    const give = sql.query(`INSERT INTO role_grant (user_id, account_id, role) VALUES ($1, $2, 'owner')`, [
      owner.userId,
      twin.id,
    ]);
    await expect(give).rejects.toMatchObject({ code: 'PB409' });
  });

  test('team.add 409: a test account has no people of its own', async () => {
    const { answer: twin } = await twinOf();
    const request = { email: 'dev@acme.example', name: 'Dev', role: 'viewer' };
    await expect(owner.call('team', 'add', { at: twin.id, request })).rejects.toMatchObject(
      refusal(409, 'tenancy.people_at_live'),
    );
  });
});

test('a test account stands and falls with its live one, and moves with it', async () => {
  const { answer: twin } = await twinOf();
  const suspended = await owner.call('accounts', 'update', {
    at: childId,
    request: { state: 'suspended', force: true },
  });
  // Nodes hear of both.
  expect(suspended.events).toContainEqual(
    expect.objectContaining({ accountId: twin.id, event: 'account.state-changed' }),
  );
  const state = async () => (await owner.call('accounts', 'get', { at: twin.id })).answer.effectiveState;
  expect(await state()).toBe('suspended');
  await owner.call('accounts', 'update', { at: childId, request: { state: 'active' } });
  expect(await state()).toBe('active');

  const otherId = await database.addChild(owner.accountId, 'Other');
  await owner.call('accounts', 'move', { at: childId, request: { parentId: otherId } });
  const other = await oneRow('SELECT id FROM account WHERE live_id = $1', [otherId]);
  expect((await database.chainOf(twin.id)).slice(-2)).toEqual([other.id, twin.id]);
});

test('what is held once in the whole world is held apart among test accounts, which takes nothing from live ones', async () => {
  const { answer: twin } = await twinOf();
  const allocate = async (accountId: string) =>
    (
      await sql.query(
        `SELECT outcome FROM set_config('patchbay.account_id', $1, false),
           LATERAL endpoint_allocate($1, $2, 'tel', 'tel:+49301234567', '', NULL, 100)`,
        [accountId, createId('end')],
      )
    ).rows[0].outcome;
  expect(await allocate(twin.id)).toBe('allocated');
  expect(await allocate(childId)).toBe('allocated');
  expect(await allocate(owner.accountId)).toBe('taken');
  const { answer: above } = await twinOf(owner.accountId);
  expect(await allocate(above.id)).toBe('taken');
  const refused = await oneRow(
    `SELECT reason FROM authenticating_networks_refused($1, ARRAY['198.51.100.0/24'], 100)`,
    [twin.id],
  );
  expect(refused).toEqual({ reason: 'too_many' });
});

test('the database refuses whatever joins the two trees', async () => {
  const { answer: twin } = await twinOf();
  const liveId = owner.accountId;
  const refusals: [name: string, text: string, values: unknown[]][] = [
    ['a parent', 'UPDATE account SET parent_id = $2 WHERE id = $1', [twin.id, liveId]],
    ['a side', 'UPDATE account SET is_test = false WHERE id = $1', [twin.id]],
    [
      'an ancestor',
      'INSERT INTO account_closure (descendant_id, ancestor_id, depth) VALUES ($1, $2, 9)',
      [twin.id, liveId],
    ],
    [
      'a twin elsewhere',
      `INSERT INTO account (id, parent_id, root_id, name, currency, live_id) SELECT $1, $2, '', 'T', 'EUR', $3`,
      [createId('acc'), twin.id, liveId],
    ],
    [
      'a price',
      `INSERT INTO price (id, account_id, child_id, service, meter, dimensions, amount, per, currency, effective_from)
       VALUES ($1, $2, $3, 's', 'm', '{}', 1, 1, 'EUR', '2020-01-01')`,
      [createId('prc'), liveId, twin.id],
    ],
    [
      'a transaction',
      `INSERT INTO ledger_transaction (id, source_ref, period, seller_id, buyer_id) VALUES ($1, 'x', '2026-10', $2, $3)`,
      [createId('txn'), liveId, twin.id],
    ],
    [
      'a position',
      `INSERT INTO ledger_position (period, buyer_id, seller_id, line_key, currency, posted, revision, book)
       VALUES ('2026-10', $1, $2, 'x', 'EUR', 1, 1, 'receivable')`,
      [twin.id, liveId],
    ],
    [
      'a document',
      `INSERT INTO document (id, account_id, seller_id, period, kind, sequence, number, currency, total_minor_units, by_period,
         issued_at, content) VALUES ($1, $2, $3, '2026-10', 'invoice', 1, 'X-1', 'EUR', 1, '{}', now(), '{}')`,
      [createId('doc'), twin.id, liveId],
    ],
    [
      'a closed statement',
      `INSERT INTO closed_statement (account_id, period, seller_id, currency, content) VALUES ($1, '2026-10', $2, 'EUR', '{}')`,
      [twin.id, liveId],
    ],
    [
      'a transfer',
      `INSERT INTO endpoint_transfer (id, endpoint_id, identifier, from_account_id, to_account_id, state)
       VALUES ($1, 'end_x', 'user:x', $2, $3, 'offered')`,
      [createId('etr'), twin.id, liveId],
    ],
    [
      'a key of the other side',
      `INSERT INTO api_key (id, account_id, name, display, mode, scopes, api_hash, mint_ciphertext, created_by)
       VALUES ($1, $2, 'k', 'd', 'test', '{*}', sha256('x'), 'x', 'x')`,
      [createId('key'), liveId],
    ],
  ];
  for (const [name, text, values] of refusals)
    await expect(sql.query(text, values), name).rejects.toMatchObject({ code: 'PB409' });
  // An entry needs a transaction, which is refused at its end at the latest.
  await sql.query('BEGIN');
  const transactionId = createId('txn');
  await sql.query(
    `INSERT INTO ledger_transaction (id, source_ref, period, seller_id, buyer_id) VALUES ($1, 'y', '2026-10', $2, $2)`,
    [transactionId, liveId],
  );
  await expect(
    sql.query(
      `INSERT INTO ledger_entry (transaction_id, account_id, book, counterparty_id, period, currency, amount)
       VALUES ($1, $2, 'receivable', $3, '2026-10', 'EUR', 1)`,
      [transactionId, liveId, twin.id],
    ),
  ).rejects.toMatchObject({ code: 'PB409' });
  await sql.query('ROLLBACK');
});
