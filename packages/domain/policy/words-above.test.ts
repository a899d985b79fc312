import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import type { Actor } from '@patchbay/kit/definition';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callerAlong } from '../tenancy/caller.ts';
import { policy } from './definition.ts';
import { handlers } from './handlers.ts';
import { anyWord } from './policy.testing.ts';
import { policyChain, type StoredPolicy } from './policy-chain.ts';
import { saysNothing, silent } from './policy-level.ts';
import { PLACE_COUNT_FROM_ABOVE_MAX, PLACE_COUNT_MAX, type PolicyPorts } from './ports.ts';
import { readPlace } from './reading.ts';
import { toWritten } from './written-word.ts';

type Policy = typeof policy;

let database: TenancyDatabase;
let ports: PolicyPorts;
/** A stands above G1, that above G2; both may set what G2 is held to, each by a word of its own. */
let ids: { readonly a: string; readonly g1: string; readonly g2: string };
let keys: { readonly a: Actor; readonly g1: Actor; readonly g2: Actor };

beforeAll(async () => {
  database = await createTenancyDatabase();
  ports = {
    policies: policyStore(database.prisma),
    plans: planStore(database.prisma),
    past: {
      requests: async () => ({ items: [], isComplete: true }),
      usage: async () => [],
      chains: async () => new Map(),
    },
    applications: database.ports.applications,
    serviceNames: ['network-discovery', 'signaling'],
    featureNames: [],
    countries: undefined,
    regionNames: async () => ['ap', 'eu', 'us'],
    dataPlaces: async () => ({ storageRegions: [], workerRegions: [] }),
    caller: (chain, actor) => callerAlong(chain, actor, database.ports),
  };
}, 120_000);
afterAll(() => database.close());

beforeEach(async () => {
  const { accountId: a } = await database.signUp('A');
  const g1 = await database.addChild(a, 'G1');
  const g2 = await database.addChild(g1, 'G2');
  ids = { a, g1, g2 };
  keys = { a: await keyOf(a), g1: await keyOf(g1), g2: await keyOf(g2) };
});

async function keyOf(accountId: string): Promise<Actor> {
  const made = { accountId, name: 'k', mode: 'live', scopes: ['*'], createdBy: 'platform' } as const;
  const { key } = await database.ports.keys.create(made);
  return { kind: 'key', keyId: key.id, accountId };
}

const of = async (actor: Actor, at: string) => ({ actor, chain: await database.chainOf(at) });

async function get(as: Actor, request: object = {}, at = ids.g2) {
  const { context } = domainContext<Policy, 'policy', 'get'>(policy, await of(as, at));
  const { operations } = policy.resources.policy;
  const answer = await handlers.policy.get(context, operations.get.request.parse(request), ports);
  return operations.get.response.parse(answer);
}

async function set(as: Actor, request: object, at = ids.g2) {
  const { context, audited } = domainContext<Policy, 'policy', 'set'>(policy, await of(as, at));
  const { operations } = policy.resources.policy;
  const answer = await handlers.policy.set(context, operations.set.request.parse(request), ports);
  return { answer: operations.set.response.parse(answer), audited };
}

async function asked(as: Actor) {
  const { context } = domainContext<Policy, 'policy', 'get'>(policy, await of(as, ids.g2));
  return context;
}

async function simulate(as: Actor, request: object, at = ids.g2) {
  const { context } = domainContext<Policy, 'policy', 'simulate'>(policy, await of(as, at));
  const { operations } = policy.resources.policy;
  return await handlers.policy.simulate(context, operations.simulate.request.parse(request), ports);
}

async function assign(as: Actor, request: object, at = ids.g2) {
  const { context, audited, events } = domainContext<Policy, 'plans', 'assign'>(policy, await of(as, at));
  const { operations } = policy.resources.plans;
  await handlers.plans.assign(context, operations.assign.request.parse(request), ports);
  return { audited, events };
}

async function planOf(accountId: string, concurrentSessionsMax: number): Promise<string> {
  const word = { ...silent, values: { concurrentSessionsMax } };
  const plan = await ports.plans.create({ accountId, name: `Of ${concurrentSessionsMax}`, word });
  if (plan === 'name_taken') throw new Error('No two of these plans are alike.');
  return plan.id;
}

const unknownWith = (more: object = {}) => ({
  fields: expect.objectContaining({ status: 404, code: 'resource.unknown', ...more }),
});
const unknown = unknownWith();
const holds = async (name: string, place: object = {}) =>
  (await get(keys.a, place)).effective.find(({ setting }) => setting === name)?.value;

describe('what an account above says of one below (POL-2)', () => {
  test('nobody between lifts it: neither by saying nothing, nor by a plan of its own', async () => {
    const [ofA, ofG1] = [await planOf(ids.a, 2), await planOf(ids.g1, 50)];
    await set(keys.a, { regions: ['eu'], sessionSecondsMax: 600, locked: ['regions'] });
    await assign(keys.a, { planId: ofA });
    await set(keys.g1, {});
    await assign(keys.g1, { planId: ofG1 });
    await assign(keys.g1, {});
    await assign(keys.g1, { planId: ofG1 });
    expect([await holds('regions'), await holds('sessionSecondsMax')]).toEqual([['eu'], 600]);
    expect(await holds('concurrentSessionsMax')).toBe(2);
    for (const request of [{ regions: ['us'] }, { sessionSecondsMax: 601 }])
      await expect(set(keys.g1, request)).rejects.toMatchObject({
        fields: expect.objectContaining({ status: 422 }),
      });
  });

  test('nobody between keeps it from being heard: neither by a lock of its own, nor by one in a plan', async () => {
    const wide = { regions: ['eu', 'us'], sessionSecondsMax: 9_000 };
    const locked = ['regions' as const, 'sessionSecondsMax' as const];
    const plan = await ports.plans.create({
      accountId: ids.g1,
      name: 'Locked',
      word: { ...silent, values: wide, locked },
    });
    if (plan === 'name_taken') throw new Error('It is the only plan.');
    await set(keys.a, { regions: ['eu'], sessionSecondsMax: 600 });
    await set(keys.g1, { ...wide, locked }, ids.g1);
    await assign(keys.g1, { planId: plan.id });
    expect([await holds('regions'), await holds('sessionSecondsMax')]).toEqual([['eu'], 600]);
    // Nor from speaking later.
    await set(keys.a, { regions: ['eu'], sessionSecondsMax: 300 });
    expect(await holds('sessionSecondsMax')).toBe(300);
    // The account itself is bound by it, as before.
    await expect(set(keys.g2, { sessionSecondsMax: 60 })).rejects.toMatchObject({
      fields: expect.objectContaining({ code: 'policy.locked' }),
    });
  });

  test('what those between say narrows further, and each takes back its own alone', async () => {
    await set(keys.g1, { sessionSecondsMax: 300 });
    await set(keys.a, { sessionSecondsMax: 600 });
    expect(await holds('sessionSecondsMax')).toBe(300);
    await set(keys.g1, {});
    expect(await holds('sessionSecondsMax')).toBe(600);
    await set(keys.a, {});
    expect(await holds('sessionSecondsMax')).toBeUndefined();
  });

  test('who said it is told to whoever sees that account, and to others that somebody above did (C1)', async () => {
    const planId = await planOf(ids.a, 2);
    await set(keys.a, { sessionSecondsMax: 600 });
    await set(keys.g1, { sessionSecondsMax: 300 });
    await assign(keys.a, { planId });
    const toldTo = async (as: Actor) => {
      const { fromAbove, plans } = await get(as);
      return [fromAbove.map(({ origin }) => origin.setById), plans.map(({ ownerId }) => ownerId)];
    };
    expect(await toldTo(keys.a)).toEqual([[ids.a, ids.g1], [ids.a]]);
    expect(await toldTo(keys.g1)).toEqual([[undefined, ids.g1], [undefined]]);
    expect(await toldTo(keys.g2)).toEqual([[undefined, undefined], [undefined]]);
    const hidden = new Map([
      [keys.g1, [ids.a, planId]],
      [keys.g2, [ids.a, ids.g1, planId]],
    ]);
    for (const [as, secrets] of hidden) {
      const told = JSON.stringify(await get(as));
      for (const secret of secrets) expect(told).not.toContain(secret);
    }
    const { wanted } = (await get(keys.g2)).effective.find(
      ({ setting }) => setting === 'sessionSecondsMax',
    ) ?? { wanted: [] };
    const above = { level: 'account', accountId: ids.g2, by: 'above' };
    expect(wanted.map(({ origin, value }) => [origin, value])).toEqual([
      [above, 600],
      [above, 300],
    ]);
  });
});

describe('what an account above says of a place of one below (POL-2)', () => {
  let places: readonly object[];

  beforeEach(async () => {
    const made = { accountId: ids.g2, name: 'Shop', instanceTypes: ['free'] };
    const { id: applicationId } = await database.ports.applications.create(made);
    places = [
      { region: 'eu' },
      { applicationId },
      { applicationId, instanceType: 'free' },
      { endpoint: 'user:bob' },
    ];
  });

  test('what a parent sets at a place of an account is not taken back by it, nor by one between', async () => {
    for (const place of places) {
      await set(keys.a, { ...place, participantsMax: 6, mediaKinds: ['audio'], locked: ['mediaKinds'] });
      await set(keys.g1, { ...place, participantsMax: 5 });
      await set(keys.g2, { ...place, participantsMax: 4 });
      expect(await holds('participantsMax', place)).toBe(4);
      for (const key of [keys.g2, keys.g1]) {
        await set(key, place);
        expect(await holds('mediaKinds', place)).toEqual(['audio']);
        for (const wider of [{ participantsMax: 7 }, { mediaKinds: ['video'] }])
          await expect(set(key, { ...place, ...wider })).rejects.toMatchObject({
            fields: expect.objectContaining({
              status: 422,
              publicDetail: expect.stringMatching(/ above \(set for \S+ by an account above\)/),
            }),
          });
      }
      expect(await holds('participantsMax', place)).toBe(6);
      await set(keys.a, place);
      expect(await holds('participantsMax', place)).toBeUndefined();
    }
  });

  test('an instance type that is removed and added again is held to it as before, and begins anew with its own', async () => {
    const { applications } = database.ports;
    const instanceTypes = ['free'];
    const made = { accountId: ids.g2, name: 'Till', instanceTypes };
    const { id: applicationId } = await applications.create(made);
    const place = { applicationId, instanceType: 'free' };
    await set(keys.g1, { ...place, participantsMax: 5 });
    await set(keys.g2, { ...place, participantsMax: 4 });
    await applications.update({ accountId: ids.g2, applicationId, instanceTypes: [] });
    await expect(get(keys.a, place)).rejects.toMatchObject({
      fields: expect.objectContaining({ code: 'application.instance_type_unknown' }),
    });
    await applications.update({ accountId: ids.g2, applicationId, instanceTypes });
    expect(await holds('participantsMax', place)).toBe(5);
  });

  test('whose word it is stands at each, is named as at the account, and its speaker takes it back', async () => {
    for (const place of places) {
      await set(keys.g1, { ...place, participantsMax: 5 });
      const { answer, audited } = await set(keys.a, { ...place, participantsMax: 6 });
      expect([answer.speakerIds, answer.origin.by, answer.origin.setById]).toEqual([
        [ids.a, ids.g1],
        'above',
        ids.a,
      ]);
      expect(answer.fromAbove.map(({ origin, policy: said }) => [origin.setById, said])).toEqual([
        [ids.a, { participantsMax: 6 }],
        [ids.g1, { participantsMax: 5 }],
      ]);
      expect(audited).toMatchObject([{ after: { from: ids.a, participantsMax: 6 } }]);
      const seen = await get(keys.g2, place);
      expect(seen.fromAbove).toMatchObject([{ origin: { by: 'above' } }, { origin: { by: 'above' } }]);
      for (const hidden of [ids.a, ids.g1]) expect(JSON.stringify(seen)).not.toContain(hidden);
      await set(keys.a, { ...place, from: ids.g1 });
      expect((await get(keys.a, place)).fromAbove).toHaveLength(1);
    }
  });

  test('a narrower word of those below keeps nobody above from speaking, at the account as at a place', async () => {
    await set(keys.g1, { participantsMax: 2 }, ids.g1);
    await set(keys.g2, { participantsMax: 2, locked: ['participantsMax'] });
    await set(keys.g1, { region: 'eu', participantsMax: 1 });
    for (const place of [{}, ...places]) {
      const { answer } = await set(keys.a, { ...place, participantsMax: 6 });
      expect(answer.stored).toEqual({ participantsMax: 6 });
      expect(await holds('participantsMax', place)).toBeLessThan(3);
    }
    await set(keys.g1, {}, ids.g1);
    await set(keys.g2, {});
    await set(keys.g1, { region: 'eu' });
    for (const place of places) expect(await holds('participantsMax', place)).toBe(6);
  });
});

describe('whose word it is', () => {
  test('policy.set 200: from above one speaks for those between, too, and takes back what they said', async () => {
    await set(keys.g1, { sessionSecondsMax: 300 });
    await set(keys.a, { sessionSecondsMax: 600 });
    expect((await get(keys.a)).speakerIds).toEqual([ids.a, ids.g1]);
    expect((await get(keys.a)).stored).toEqual({ sessionSecondsMax: 600 });
    expect((await get(keys.a, { from: ids.g1 })).stored).toEqual({ sessionSecondsMax: 300 });
    const { audited } = await set(keys.a, { from: ids.g1 });
    expect(audited).toEqual([
      {
        target: `${ids.g2}/policy/above`,
        before: { from: ids.g1, sessionSecondsMax: 300 },
        after: { from: ids.g1 },
      },
    ]);
    expect(await holds('sessionSecondsMax')).toBe(600);
  });

  test('policy.set 404, policy.get 404, policy.simulate 404: nobody speaks for an account above their own, and one that there is not looks the same', async () => {
    await set(keys.a, { sessionSecondsMax: 600 });
    const stranger = await database.signUp('Stranger');
    for (const from of [ids.a, stranger.accountId, ids.g2]) {
      const refused = unknownWith({ publicDetail: `/from: ${from} is no account that you speak for here.` });
      await expect(set(keys.g1, { from })).rejects.toMatchObject(refused);
      await expect(get(keys.g1, { from })).rejects.toMatchObject(refused);
      await expect(simulate(keys.g1, { from })).rejects.toMatchObject(refused);
    }
    await expect(set(keys.g2, { from: ids.g1 })).rejects.toMatchObject(unknown);
    await expect(set(keys.g2, { from: ids.g1, region: 'eu' })).rejects.toMatchObject(unknown);
    expect(await holds('sessionSecondsMax')).toBe(600);
  });

  test('at the account itself one speaks as it, and may say so', async () => {
    await set(keys.a, { sessionSecondsMax: 600 });
    const { answer } = await set(keys.g2, { from: ids.g2, sessionSecondsMax: 60 });
    expect([answer.speakerIds, answer.stored]).toEqual([[ids.g2], { sessionSecondsMax: 60 }]);
  });

  test('plans.assign 200: a plan replaces one of the same account, and each is taken by who speaks for that', async () => {
    const [first, second, between] = [
      await planOf(ids.a, 5),
      await planOf(ids.a, 7),
      await planOf(ids.g1, 3),
    ];
    await assign(keys.a, { planId: first });
    await assign(keys.a, { planId: between });
    await assign(keys.a, { planId: second });
    const plansNow = async () => (await get(keys.a)).plans.map(({ planId }) => planId);
    expect(await plansNow()).toEqual([second, between]);
    const { audited } = await assign(keys.a, { from: ids.g1 });
    expect(audited).toMatchObject([{ before: { planId: between, ownerId: ids.g1 }, after: {} }]);
    expect(await plansNow()).toEqual([second]);
    await assign(keys.a, {});
    expect(await plansNow()).toEqual([]);
    // Nothing to take away: nothing happened.
    const again = await assign(keys.a, {});
    expect([again.audited, again.events]).toEqual([[], []]);
  });

  test('plans.assign 404: neither a plan nor the taking of one in the name of an account above one’s own', async () => {
    const planId = await planOf(ids.a, 5);
    await assign(keys.a, { planId });
    for (const request of [{ planId }, { from: ids.a }, { planId, from: ids.a }, { planId, from: ids.g1 }])
      await expect(assign(keys.g1, request)).rejects.toMatchObject(unknown);
    expect((await get(keys.a)).plans).toHaveLength(1);
  });
});

test('policy.set 422: an account has so many places of its own, and however many it has, those above are heard (POL-2)', async () => {
  await asOwner(
    database.url,
    `INSERT INTO policy (account_id, by, endpoint, word)
     SELECT $1, 'self', 'user:' || n, '{"values": {}, "locked": ["regions"], "overridable": {}}' FROM generate_series(1, $2::int) n`,
    [ids.g2, PLACE_COUNT_MAX],
  );
  for (const key of [keys.a, keys.g1])
    expect((await set(key, { concurrentSessionsMax: 1 })).answer.stored).toEqual({
      concurrentSessionsMax: 1,
    });
  const full = { fields: expect.objectContaining({ status: 422, code: 'policy.too_many_levels' }) };
  await expect(set(keys.g2, { endpoint: 'user:another', sessionSecondsMax: 1 })).rejects.toMatchObject(full);
  await set(keys.g2, { endpoint: 'user:1' });
  await set(keys.g2, { endpoint: 'user:another', sessionSecondsMax: 1 });
  // At places of it each of those above has a bound of its own.
  await asOwner(
    database.url,
    `INSERT INTO policy (account_id, by, set_by, endpoint, word)
     SELECT $1, 'above', $3, 'user:' || n, '{"values": {}, "locked": ["regions"], "overridable": {}}' FROM generate_series(1, $2::int) n`,
    [ids.g2, PLACE_COUNT_FROM_ABOVE_MAX, ids.a],
  );
  await expect(set(keys.a, { endpoint: 'user:another', sessionSecondsMax: 1 })).rejects.toMatchObject(full);
  await set(keys.g1, { endpoint: 'user:another', sessionSecondsMax: 1 });
  await set(keys.a, { concurrentSessionsMax: 2 });
  await set(keys.a, { endpoint: 'user:1' });
  await set(keys.a, { endpoint: 'user:another', sessionSecondsMax: 1 });
  // An instance type that the account removed is a place that nobody can clear: it takes none.
  const made = { accountId: ids.g2, name: 'Till', instanceTypes: ['free'] };
  const { id: applicationId } = await database.ports.applications.create(made);
  await set(keys.a, { endpoint: 'user:2' });
  await set(keys.a, { applicationId, instanceType: 'free', sessionSecondsMax: 1 });
  await expect(set(keys.a, { endpoint: 'user:2', sessionSecondsMax: 1 })).rejects.toMatchObject(full);
  await database.ports.applications.update({ accountId: ids.g2, applicationId, instanceTypes: [] });
  await set(keys.a, { endpoint: 'user:2', sessionSecondsMax: 1 });
});

test('is read in the time zone of the account that says it, and so is its plan: none below moves them by its own (POL-2)', async () => {
  const timeZones: Readonly<Record<string, string>> = {
    [ids.g1]: 'Europe/Berlin',
    [ids.g2]: 'Pacific/Auckland',
  };
  for (const [accountId, timeZone] of Object.entries(timeZones))
    await database.ports.accounts.update({ accountId, change: { timeZone } });
  const windows = ['mon-fri 08:00-18:00'];
  await set(keys.g1, { times: windows, sessionsPerDayMax: 5 });
  await set(keys.g1, { region: 'eu', sessionsPerDayMax: 4 });
  const plan = { ...silent, values: { times: ['mon-sat 06:00-20:00'] } };
  const made = await ports.plans.create({ accountId: ids.g1, name: 'Open', word: plan });
  if (made === 'name_taken') throw new Error('It is the only plan.');
  await assign(keys.g1, { planId: made.id });
  await set(keys.g2, { times: ['mon-sun 00:00-24:00'], sessionsPerDayMax: 5 });
  const chain = policyChain(
    { chain: await database.chainOf(ids.g2), region: 'eu' },
    await ports.policies.chain({ accountId: ids.g2 }),
  );
  expect(chain.map(({ origin, timeZone }) => [origin.level, timeZone])).toEqual([
    ['plan', 'Europe/Berlin'],
    ['account', 'Europe/Berlin'],
    ['account', 'Pacific/Auckland'],
    ['region', 'Europe/Berlin'],
  ]);
  const told = (await get(keys.g2)).effective.find(({ setting }) => setting === 'times')?.value;
  expect(told).toEqual(expect.arrayContaining([{ timeZone: 'Europe/Berlin', windows }]));
});

test('a word that is only tried has the zone of who would say it, too', async () => {
  await database.ports.accounts.update({ accountId: ids.g1, change: { timeZone: 'Europe/Berlin' } });
  await database.ports.accounts.update({ accountId: ids.g2, change: { timeZone: 'Pacific/Auckland' } });
  const zoneOf = async (as: Actor) => (await readPlace(await asked(as), {}, ports)).timeZone;
  expect([await zoneOf(keys.g1), await zoneOf(keys.g2)]).toEqual(['Europe/Berlin', 'Pacific/Auckland']);
});

test('what an account that is not above says is not stored, and nobody is given a plan of one (C1)', async () => {
  const { accountId: stranger } = await database.signUp('Stranger');
  const word = { ...silent, values: { sessionSecondsMax: 60 } };
  for (const setById of [stranger, ids.g2])
    expect(await ports.policies.set({ accountId: ids.g2, by: 'above', setById, word })).toBe('not_above');
  const planId = await planOf(ids.g2, 1);
  const assigned = ports.plans.assign({ accountId: ids.g2, planId, ownerIds: [ids.g2] });
  expect(await assigned).toBeUndefined();
  expect((await get(keys.a)).effective).toEqual([]);
});

test('what random accounts above say in random order is read back as the levels that it is, and no two are one (POL-2)', async () => {
  const depthMax = 4;
  const drawnPlaces = ['plan', {}, {}, { region: 'eu' }, { endpoint: 'user:bob' }] as const;
  const subject = { region: 'eu', endpoint: 'user:bob' };
  const anySaid = fc.record({
    depth: fc.integer({ min: 2, max: depthMax }),
    speaker: fc.nat({ max: depthMax }),
    word: anyWord,
    at: fc.constantFrom(...drawnPlaces),
  });
  const alike = fc.asyncProperty(fc.array(anySaid, { minLength: 12, maxLength: 12 }), async (said) => {
    const chain = await database.chainOf(await grown(depthMax));
    const stored = new Map<string, StoredPolicy>();
    for (const [index, { depth, speaker, word, at }] of said.entries()) {
      // Of endpoints the last account alone is asked.
      const accountId = (typeof at === 'object' && 'endpoint' in at ? chain.at(-1) : chain[depth]) ?? '';
      const setById = chain[speaker % depth] ?? '';
      const row = { accountId, timeZone: 'UTC', setById, word };
      const key = JSON.stringify([accountId, setById, at]);
      if (at === 'plan') {
        const plan = await ports.plans.create({ accountId: setById, name: `${accountId} ${index}`, word });
        if (plan === 'name_taken') throw new Error('Every plan has a name of its own.');
        await ports.plans.assign({ accountId, planId: plan.id, ownerIds: [setById] });
        stored.set(key, { ...row, by: 'plan', planId: plan.id });
      } else {
        await ports.policies.set({ accountId, by: 'above', setById, ...at, word });
        if (saysNothing(word)) stored.delete(key);
        else stored.set(key, { ...row, by: 'above', ...at });
      }
    }
    const levelsOf = (rows: readonly StoredPolicy[]) =>
      policyChain({ chain, ...subject }, rows).map(({ origin, ...word }) => ({
        origin,
        word: toWritten(word),
      }));
    const read = levelsOf(await ports.policies.chain({ accountId: chain.at(-1) ?? '' }));
    expect(read).toEqual(levelsOf([...stored.values()]));
    expect(read).toHaveLength(stored.size);
  });
  await fc.assert(alike, { numRuns: 3 });
});

/** The last of a chain that ends so many accounts below the platform's. */
async function grown(depth: number): Promise<string> {
  let { accountId } = await database.signUp('Top');
  for (let at = 2; at <= depth; at++) accountId = await database.addChild(accountId, `At ${at}`);
  return accountId;
}
