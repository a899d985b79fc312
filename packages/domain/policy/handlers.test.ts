import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import { pastRequests } from '@patchbay/adapters/prisma/past-requests';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { type CountryTable, readCountryTable } from '@patchbay/kit/country-table';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { UsageRow } from '../metering/usage-store.ts';
import { callerAlong } from '../tenancy/caller.ts';
import type { DataPlaces } from './data-regions.ts';
import { policy } from './definition.ts';
import { handlers } from './handlers.ts';
import type { PolicyPorts } from './ports.ts';
import { settings } from './settings.ts';

type Resources = typeof policy.resources;
type Answer<
  R extends keyof Resources,
  K extends keyof Resources[R]['operations'],
> = Resources[R]['operations'][K] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : never;
type Handler = (context: unknown, request: unknown, ports: PolicyPorts) => Promise<unknown>;
interface Declared {
  readonly request: { parse(value: unknown): unknown };
  readonly response: { parse(value: unknown): unknown };
}

const NOW_MS = Date.UTC(2027, 0, 15, 8);
const nobody = createId('pln');
let database: TenancyDatabase;
let ports: PolicyPorts;
/** A reseller, its customer, and the customer's customer. */
let reseller: string;
let customer: string;
let shop: string;
const usedRows: UsageRow[] = [];
let regionNames: readonly string[] = [];
let dataPlaces: DataPlaces;
let countries: CountryTable | undefined;

beforeAll(async () => {
  database = await createTenancyDatabase();
  const usage = { query: async () => ({ rows: usedRows, isTruncated: false }) };
  ports = {
    policies: policyStore(database.prisma),
    plans: planStore(database.prisma),
    past: pastRequests(database.prisma, usage),
    applications: database.ports.applications,
    serviceNames: ['network-discovery', 'signaling'],
    featureNames: ['network-discovery.relay', 'signaling.place-calls', 'signaling.answer-calls'],
    get countries() {
      return countries;
    },
    regionNames: async () => regionNames,
    dataPlaces: async () => dataPlaces,
    caller: (chain, actor) => callerAlong(chain, actor, database.ports),
  };
}, 120_000);
afterAll(() => database.close());

let owner: Actor;
let customerKey: Actor;

beforeEach(async () => {
  regionNames = ['ap', 'eu', 'us'];
  dataPlaces = { storageRegions: ['eu'], workerRegions: ['eu'] };
  countries = undefined;
  const signedUp = await database.signUp('Reseller');
  reseller = signedUp.accountId;
  owner = { kind: 'user', userId: signedUp.userId };
  customer = await database.addChild(reseller, 'Customer');
  shop = await database.addChild(customer, 'Shop');
  customerKey = await keyOf(customer);
});

async function keyOf(accountId: string): Promise<Actor> {
  const made = { accountId, name: 'k', mode: 'live', scopes: ['*'], createdBy: 'platform' } as const;
  const { key } = await database.ports.keys.create(made);
  return { kind: 'key', keyId: key.id, accountId };
}

async function call<R extends keyof Resources, K extends keyof Resources[R]['operations'] & string>(
  [resource, operation]: readonly [R, K],
  request: object = {},
  { as = owner, at = customer }: { as?: Actor; at?: string } = {},
) {
  const chain = await database.chainOf(at);
  const { context, audited, events } = domainContext(policy, { actor: as, chain, nowMs: NOW_MS });
  const declared = (policy.resources[resource].operations as Readonly<Record<string, Declared>>)[operation];
  if (declared === undefined) throw new Error(`There is no operation ${operation}.`);
  const handler = handlers[resource][operation] as unknown as Handler;
  const answer = await handler(context, declared.request.parse(request), ports);
  return { answer: declared.response.parse(answer) as Answer<R, K>, audited, events };
}

const set = ['policy', 'set'] as const;
const get = ['policy', 'get'] as const;
const simulate = ['policy', 'simulate'] as const;
const refusal = (status: number, code: string, more: object = {}) => ({
  fields: expect.objectContaining({ status, code, ...more }),
});
const effectiveOf = ({ effective }: Answer<'policy', 'get'>, name: string) =>
  effective.find(({ setting }) => setting === name);

describe('policy.set', () => {
  test('policy.set 200: what is set holds below, is in the audit log with before and after, and nodes are told', async () => {
    await call(set, { concurrentSessionsMax: 50 });
    const { answer, audited, events } = await call(set, { concurrentSessionsMax: 100, regions: ['eu'] });
    expect(answer.stored).toEqual({ concurrentSessionsMax: 100, regions: ['eu'] });
    expect(audited).toEqual([
      {
        target: `${customer}/policy/above`,
        before: { from: reseller, concurrentSessionsMax: 50 },
        after: { from: reseller, concurrentSessionsMax: 100, regions: ['eu'] },
      },
    ]);
    expect(events).toEqual([{ event: 'changed', payload: { accountId: customer } }]);
    const below = await call(get, {}, { at: shop });
    expect(effectiveOf(below.answer, 'concurrentSessionsMax')).toMatchObject({
      value: 100,
      origin: { level: 'account', accountId: customer, by: 'above' },
    });
  });

  test('its account is told which place of it is meant (HKS-2)', async () => {
    for (const place of [{ endpoint: 'user:bob' }, { region: 'eu' }]) {
      const { events } = await call(set, { ...place, bitsPerSecondMax: 64_000 });
      expect(events).toEqual([{ event: 'changed', payload: { accountId: customer, ...place } }]);
    }
  });

  test('what an account above set stays, whatever the account sets itself', async () => {
    await call(set, { concurrentSessionsMax: 100 });
    const own = await call(set, { concurrentSessionsMax: 10 }, { as: customerKey });
    expect(own.answer.stored).toEqual({ concurrentSessionsMax: 10 });
    await call(set, {}, { as: customerKey });
    const { answer } = await call(get, {}, { as: customerKey });
    expect(answer.stored).toEqual({});
    expect(effectiveOf(answer, 'concurrentSessionsMax')).toMatchObject({ value: 100, ceiling: 100 });
  });

  test('an application, its instance types, a region and an endpoint have each their own', async () => {
    const { id: applicationId } = await database.ports.applications.create({
      accountId: customer,
      name: 'Calls',
      instanceTypes: ['free'],
    });
    const places = [
      { applicationId },
      { applicationId, instanceType: 'free' },
      { region: 'eu' },
      { endpoint: 'user:bob' },
    ];
    for (const [index, place] of places.entries())
      await call(set, { ...place, sessionSecondsMax: 100 - index });
    for (const [index, place] of places.entries()) {
      const { answer } = await call(get, place);
      expect(answer.stored).toEqual({ sessionSecondsMax: 100 - index });
    }
    const { answer } = await call(get);
    expect(answer.effective).toEqual([]);
  });

  test('what an instance type was held to from above holds again when there is one of the same name (POL-2)', async () => {
    const { applications } = database.ports;
    const instanceTypes = ['free'];
    const { id } = await applications.create({ accountId: customer, name: 'Calls', instanceTypes });
    const place = { applicationId: id, instanceType: 'free' };
    await call(set, { ...place, sessionSecondsMax: 60 });
    await applications.update({ accountId: customer, applicationId: id, instanceTypes: [] });
    await applications.update({ accountId: customer, applicationId: id, instanceTypes });
    expect((await call(get, place)).answer.stored).toEqual({ sessionSecondsMax: 60 });
  });

  test('policy.set 404: neither an application nor an instance type that is not there', async () => {
    const applicationId = createId('app');
    await expect(call(set, { applicationId })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
    const { id } = await database.ports.applications.create({
      accountId: customer,
      name: 'A',
      instanceTypes: [],
    });
    await expect(call(set, { applicationId: id, instanceType: 'paid' })).rejects.toMatchObject(
      refusal(404, 'application.instance_type_unknown'),
    );
  });

  test('an endpoint is one however it is written, of any namespace; what is none has no policy', async () => {
    await call(set, { endpoint: 'tel:+49 (30) 123-4567', sessionSecondsMax: 60 });
    const { answer } = await call(get, { endpoint: 'TEL:+49301234567' });
    expect(answer.origin).toMatchObject({ level: 'endpoint', endpoint: 'tel:+49301234567' });
    expect(answer.stored).toEqual({ sessionSecondsMax: 60 });
    await expect(call(set, { endpoint: 'bob', sessionSecondsMax: 60 })).rejects.toMatchObject(
      refusal(400, 'request.invalid'),
    );
  });

  test('policy.set 400: two places at once, and a service that there is not', async () => {
    await expect(call(set, { region: 'eu', endpoint: 'user:bob' })).rejects.toMatchObject(
      refusal(400, 'request.invalid'),
    );
    await expect(call(set, { services: ['teleport'] })).rejects.toMatchObject(
      refusal(400, 'request.invalid'),
    );
  });

  test('policy.set 422: what a level above holds is not widened, and the refusal names rule and level (POL-2)', async () => {
    await call(set, { sessionSecondsMax: 600, overridable: { sessionSecondsMax: 900 } });
    const wide = call(set, { sessionSecondsMax: 901 }, { as: customerKey });
    await expect(wide).rejects.toMatchObject(
      refusal(422, 'policy.wider', { rule: 'sessionSecondsMax', level: customer }),
    );
    const { answer } = await call(set, { sessionSecondsMax: 900 }, { as: customerKey });
    expect(effectiveOf(answer, 'sessionSecondsMax')).toMatchObject({ value: 900, ceiling: 900 });
  });

  test('policy.set 422: what is locked above is not said below', async () => {
    await call(set, { regions: ['eu'], locked: ['regions', 'times'] }, { at: reseller });
    for (const said of [{ regions: ['eu'] }, { times: ['mon 08:00-09:00'] }])
      await expect(call(set, said, { as: customerKey })).rejects.toMatchObject(
        // The reseller is above what the customer's key sees.
        refusal(422, 'policy.locked', { level: 'account' }),
      );
  });

  test('policy.set 422: a bound without a value, and bytes of an endpoint', async () => {
    await expect(call(set, { overridable: { sessionSecondsMax: 9 } })).rejects.toMatchObject(
      refusal(422, 'policy.bound_invalid'),
    );
    await expect(call(set, { endpoint: 'user:bob', relayBytesPerDayMax: 1 })).rejects.toMatchObject(
      refusal(422, 'policy.not_at_level'),
    );
  });
});

describe('policy.get', () => {
  test('policy.get 200: for each value the level it is from and what every level wanted', async () => {
    await call(set, { sessionSecondsMax: 3_600 }, { at: reseller });
    await call(set, { sessionSecondsMax: 600 });
    await call(set, { sessionSecondsMax: 600 }, { at: shop });
    const { answer } = await call(get, {}, { at: shop });
    const explained = effectiveOf(answer, 'sessionSecondsMax');
    expect(explained?.wanted.map(({ origin, value, verdict }) => [origin.accountId, value, verdict])).toEqual(
      [
        [reseller, 3_600, 'held'],
        [customer, 600, 'held'],
        [shop, 600, 'wider'],
      ],
    );
    expect(explained?.origin?.accountId).toBe(customer);
  });

  test('levels above those that the caller sees are there without their names (C1)', async () => {
    await call(set, { sessionSecondsMax: 3_600 }, { at: reseller });
    const { answer } = await call(get, {}, { as: customerKey });
    expect(effectiveOf(answer, 'sessionSecondsMax')).toMatchObject({
      value: 3_600,
      origin: { level: 'account' },
    });
    expect(JSON.stringify(answer)).not.toContain(reseller);
  });

  test('of those levels it is not told how far above they are: that would count who stands there (C1)', async () => {
    await call(set, { sessionSecondsMax: 3_600 }, { at: reseller });
    await call(set, { sessionSecondsMax: 600 });
    const { answer } = await call(get, {}, { as: await keyOf(shop), at: shop });
    expect(effectiveOf(answer, 'sessionSecondsMax')?.wanted.map(({ origin }) => origin)).toEqual([
      { level: 'account' },
      { level: 'account' },
    ]);
  });

  test('policy.get 404: neither an application nor an instance type that is not there', async () => {
    await expect(call(get, { applicationId: createId('app') })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });
});

describe('plans', () => {
  const create = ['plans', 'create'] as const;
  const assign = ['plans', 'assign'] as const;
  const list = ['plans', 'list'] as const;
  const free = { name: 'Free', policy: { concurrentSessionsMax: 2 } };

  test('plans.create 200: an account has the policy of the plan that it was given', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    const { audited } = await call(assign, { planId: plan.id });
    expect(audited).toEqual([
      { target: `${customer}/plan`, before: {}, after: { planId: plan.id, ownerId: reseller, name: 'Free' } },
    ]);
    const seen = await call(get);
    expect(seen.answer.plans).toEqual([{ planId: plan.id, ownerId: reseller, name: 'Free' }]);
    expect(effectiveOf(seen.answer, 'concurrentSessionsMax')).toMatchObject({
      value: 2,
      origin: { level: 'plan', planId: plan.id },
    });
    // Whose plan it is, the account itself is not told.
    const own = await call(get, {}, { as: customerKey });
    expect(own.answer.plans).toEqual([{}]);
    expect(effectiveOf(own.answer, 'concurrentSessionsMax')).toMatchObject({
      value: 2,
      origin: { level: 'plan', accountId: customer },
    });
    expect(JSON.stringify(own.answer)).not.toContain(plan.id);
    await call(assign, {});
    expect((await call(get)).answer).toMatchObject({ effective: [] });
  });

  test('plans.assign 200: also to an account further down', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    expect((await call(assign, { planId: plan.id }, { at: shop })).answer).toMatchObject({ name: 'Free' });
  });

  test('plans.assign 404: a plan of the account itself, of nobody, or of an account that the caller does not see', async () => {
    const { answer: own } = await call(create, free, { at: customer });
    const { answer: above } = await call(create, free, { at: reseller });
    for (const planId of [own.id, nobody])
      await expect(call(assign, { planId })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
    await expect(call(assign, { planId: above.id }, { as: customerKey, at: shop })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('plans.list 200: with how many accounts have each', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    await call(assign, { planId: plan.id });
    const { answer } = await call(list, {}, { at: reseller });
    expect(answer.items).toMatchObject([{ id: plan.id, ...free, accountCount: 1 }]);
  });

  test('plans.update 200: a change holds for whoever has the plan, and nodes are told', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    await call(assign, { planId: plan.id });
    const changed = { planId: plan.id, name: 'Basic', policy: { concurrentSessionsMax: 5 } };
    const { answer, audited, events } = await call(['plans', 'update'], changed, { at: reseller });
    expect(answer).toMatchObject({ name: 'Basic', accountCount: 1 });
    expect(audited).toMatchObject([{ before: free, after: { name: 'Basic' } }]);
    expect(events).toMatchObject([
      { event: 'plan.changed', payload: { planId: answer.id } },
      { event: 'changed', payload: { accountId: reseller } },
    ]);
    expect(effectiveOf((await call(get)).answer, 'concurrentSessionsMax')?.value).toBe(5);
  });

  test('plans.create 409: a name that another plan has', async () => {
    await call(create, free, { at: reseller });
    await expect(call(create, free, { at: reseller })).rejects.toMatchObject(
      refusal(409, 'policy.plan_name_taken'),
    );
  });

  test('plans.update 409: a name that another plan has', async () => {
    await call(create, free, { at: reseller });
    const { answer: other } = await call(create, { ...free, name: 'Other' }, { at: reseller });
    await expect(
      call(['plans', 'update'], { ...free, planId: other.id }, { at: reseller }),
    ).rejects.toMatchObject(refusal(409, 'policy.plan_name_taken'));
  });

  const bounded = { regions: ['eu'], overridable: { regions: ['us'] } };
  const unknown = { services: ['x'] };

  test('plans.create 422: a bound that is narrower than the value', async () => {
    const made = call(create, { name: 'A', policy: bounded });
    await expect(made).rejects.toMatchObject(refusal(422, 'policy.bound_invalid'));
  });

  test('plans.create 400: a service that there is not', async () => {
    const made = call(create, { name: 'A', policy: unknown });
    await expect(made).rejects.toMatchObject(refusal(400, 'request.invalid'));
  });

  test('plans.update 422: the same of a plan that is there', async () => {
    const { answer: plan } = await call(create, free);
    const changed = call(['plans', 'update'], { planId: plan.id, name: 'A', policy: bounded });
    await expect(changed).rejects.toMatchObject(refusal(422, 'policy.bound_invalid'));
  });

  test('plans.update 400: the same of a plan that is there', async () => {
    const { answer: plan } = await call(create, free);
    const changed = call(['plans', 'update'], { planId: plan.id, name: 'A', policy: unknown });
    await expect(changed).rejects.toMatchObject(refusal(400, 'request.invalid'));
  });

  test('plans.remove 200: and then nobody can be given it', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    await call(['plans', 'remove'], { planId: plan.id }, { at: reseller });
    await expect(call(assign, { planId: plan.id })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('plans.remove 409: a plan that some account has', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    await call(assign, { planId: plan.id }, { at: shop });
    await expect(call(['plans', 'remove'], { planId: plan.id }, { at: reseller })).rejects.toMatchObject(
      refusal(409, 'policy.plan_in_use'),
    );
  });

  test('plans.get 200: as the list has it', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    expect((await call(['plans', 'get'], { planId: plan.id }, { at: reseller })).answer).toEqual(plan);
    expect((await call(list, {}, { at: reseller })).answer.items).toEqual([plan]);
  });

  test('plans.get 404: a plan of another account is none', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    const read = call(['plans', 'get'], { planId: plan.id });
    await expect(read).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('plans.update 404: a plan of another account is none', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    const changed = call(['plans', 'update'], { ...free, planId: plan.id });
    await expect(changed).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('plans.remove 404: a plan of another account is none', async () => {
    const { answer: plan } = await call(create, free, { at: reseller });
    const removed = call(['plans', 'remove'], { planId: plan.id });
    await expect(removed).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });
});

describe('policy.set of names that only a platform knows', () => {
  test('policy.set 400: a feature that no service has', async () => {
    for (const request of [
      { features: ['signaling.fly'] },
      { features: ['signaling.place-calls'], overridable: { features: ['signaling.fly'] } },
    ])
      await expect(call(set, request)).rejects.toMatchObject(refusal(400, 'request.invalid'));
    const { answer } = await call(set, { features: ['signaling.place-calls'] });
    expect(answer.stored).toEqual({ features: ['signaling.place-calls'] });
  });

  test('policy.set 400: countries, where no table says where an address is', async () => {
    const request = { countries: ['DE'] };
    await expect(call(set, request)).rejects.toMatchObject(refusal(400, 'request.invalid'));
    await expect(call(['plans', 'create'], { name: 'Local', policy: request })).rejects.toMatchObject(
      refusal(400, 'request.invalid'),
    );
    countries = readCountryTable('192.0.2.0/24,DE');
    expect((await call(set, request)).answer.stored).toEqual(request);
  });
});

describe('policy.set of regions', () => {
  test.each([
    ['a value', { regions: ['eu', 'mars'] }, '/regions'],
    ['a bound', { regions: ['eu'], overridable: { regions: ['eu', 'mars'] } }, '/overridable/regions'],
    ['the place itself', { region: 'mars', concurrentSessionsMax: 1 }, '/region'],
  ])('policy.set 400: %s that names none of them is refused, and told which there are', async (...row) => {
    const [, request, field] = row;
    const publicDetail = `${field}: mars is none of ap, eu, us.`;
    const refused = refusal(400, 'request.invalid', { publicDetail });
    await expect(call(set, request)).rejects.toMatchObject(refused);
    await expect(call(simulate, request)).rejects.toMatchObject(refused);
  });

  test('plans.create 400: of a region that there is not', async () => {
    const tried = call(['plans', 'create'], { name: 'Free', policy: { regions: ['mars'] } });
    await expect(tried).rejects.toMatchObject(refusal(400, 'request.invalid'));
  });

  test('a level of a region that is gone is taken back, and before the first node any name is taken', async () => {
    await call(set, { region: 'eu', concurrentSessionsMax: 1 });
    regionNames = ['us'];
    expect((await call(set, { region: 'eu' })).answer.stored).toEqual({});
    regionNames = [];
    expect((await call(set, { regions: ['mars'] })).answer.stored).toEqual({ regions: ['mars'] });
  });
});

describe('regions in which data are kept (PRD-4)', () => {
  const unavailable = (detail: string) =>
    refusal(422, 'policy.data_region_unavailable', { publicDetail: expect.stringContaining(detail) });

  test('policy.set 422: a region that the storage is not in is refused with those that it is in', async () => {
    await expect(call(set, { dataRegions: ['us'] })).rejects.toMatchObject(unavailable('is in eu'));
    dataPlaces = { ...dataPlaces, storageRegions: [] };
    await expect(call(set, { dataRegions: ['eu'] })).rejects.toMatchObject(unavailable('not declared'));
    expect((await call(get)).answer.effective).toEqual([]);
  });

  test('policy.simulate 422: nor is it tried', async () => {
    await expect(call(simulate, { dataRegions: ['us'] })).rejects.toMatchObject(unavailable('is in eu'));
  });

  test('plans.create 422, plans.update 422: a plan promises no more than an account', async () => {
    const written = { name: 'Kept', policy: { dataRegions: ['us'] } };
    await expect(call(['plans', 'create'], written)).rejects.toMatchObject(unavailable('is in eu'));
    const { answer } = await call(['plans', 'create'], { ...written, policy: { dataRegions: ['eu'] } });
    await expect(call(['plans', 'update'], { ...written, planId: answer.id })).rejects.toMatchObject(
      unavailable('is in eu'),
    );
  });

  test('it is inherited, locked, narrowed and explained as every setting is', async () => {
    dataPlaces = { storageRegions: ['eu'], workerRegions: [] };
    await call(set, { dataRegions: ['eu', 'us'] }, { at: reseller });
    await expect(call(set, { dataRegions: ['eu', 'ap'] }, { as: customerKey })).rejects.toMatchObject(
      refusal(422, 'policy.wider', { rule: 'dataRegions' }),
    );
    const { answer } = await call(set, { dataRegions: ['eu'], locked: ['dataRegions'] });
    expect(effectiveOf(answer, 'dataRegions')).toMatchObject({
      value: ['eu'],
      ceiling: ['eu', 'us'],
      lockedBy: { level: 'account', accountId: customer },
    });
    await expect(call(set, { dataRegions: ['eu'] }, { as: customerKey })).rejects.toMatchObject(
      refusal(422, 'policy.locked'),
    );
  });

  test('policy.set 422: it is of whole accounts, and neither said nor locked for a part of one', async () => {
    for (const place of [{ region: 'eu' }, { endpoint: 'user:bob' }])
      for (const word of [{ dataRegions: ['eu'] }, { locked: ['dataRegions'] }])
        await expect(call(set, { ...place, ...word })).rejects.toMatchObject(
          refusal(422, 'policy.not_at_level'),
        );
  });

  test('policy.set 400: a region that neither a node nor the storage is in', async () => {
    dataPlaces = { storageRegions: ['ch'], workerRegions: [] };
    const tried = call(set, { dataRegions: ['ch', 'mars'] });
    await expect(tried).rejects.toMatchObject(
      refusal(400, 'request.invalid', { publicDetail: '/dataRegions: mars is none of ap, eu, us, ch.' }),
    );
    expect((await call(set, { dataRegions: ['ch'] })).answer.stored).toEqual({ dataRegions: ['ch'] });
  });
});

describe('policy.simulate', () => {
  async function addSessions(
    accountId: string,
    count: number,
    more: {
      region?: string;
      video?: boolean;
      startMs?: number;
      endMs?: number | null;
      kind?: 'call' | 'relay';
      applicationId?: string;
      /** Lines of its log, by what they are. */
      log?: Readonly<Record<string, object>>;
    } = {},
  ) {
    for (let index = 0; index < count; index++) {
      const id = createId('ses');
      const started = new Date((more.startMs ?? NOW_MS - 3_600_000) + index * 1_000);
      const ended = more.endMs === undefined ? started.getTime() + 10_000 : more.endMs;
      await asOwner(
        database.url,
        `INSERT INTO session (id, account_id, state, region, leg_ids, joined_leg_ids, left_leg_ids, started_at, connected_at, ended_at, kind, application_id)
         VALUES ($1, $2, $6, $3, '{}', '{}', '{}', $4, $4, $5, $7, $8)`,
        [
          id,
          accountId,
          more.region ?? 'eu',
          started,
          ended === null ? null : new Date(ended),
          ended === null ? 'live' : 'ended',
          more.kind ?? 'call',
          more.applicationId ?? null,
        ],
      );
      for (const [index, [kind, data]] of Object.entries(more.log ?? {}).entries())
        await asOwner(
          database.url,
          `INSERT INTO session_event (session_id, sequence, account_id, at, kind, data) VALUES ($1, $2, $3, $4, $5, $6)`,
          [id, index + 1, accountId, started, kind, JSON.stringify(data)],
        );
      await asOwner(
        database.url,
        `INSERT INTO session_leg (id, session_id, account_id, state, audio, video, joined_at)
         VALUES ($1, $2, $3, 'left', true, $4, $5)`,
        [createId('leg'), id, accountId, more.video ?? false, started],
      );
    }
  }

  test('policy.simulate 200: what the last days’ requests would have met, by setting and level, before anything is set', async () => {
    await addSessions(customer, 3);
    await addSessions(shop, 2, { video: true });
    await addSessions(shop, 1, { region: 'us' });
    const request = { regions: ['eu'], mediaKinds: ['audio'], concurrentSessionsMax: 2, days: 7 };
    const { answer } = await call(simulate, request);
    expect(answer).toMatchObject({ requestCount: 6, isComplete: true, refusedNowCount: 0 });
    const counts = answer.bySetting.map(({ setting, count }) => [setting, count]);
    expect(Object.fromEntries(counts)).toEqual({ regions: 1, mediaKinds: 2, concurrentSessionsMax: 1 });
    expect(answer.bySetting.every(({ origin }) => origin.accountId === customer)).toBe(true);
    expect(answer.refusedCount).toBe(4);
    expect(answer.examples).toHaveLength(4);
    expect(answer.days.at(-1)).toMatchObject({ requestCount: 6, refusedCount: 4 });
    expect((await call(get)).answer.effective).toEqual([]);
  });

  test('what ran or began before those days counts with what began in them, and is not reported', async () => {
    const beganMs = NOW_MS - 86_400_000;
    await addSessions(shop, 1, { startMs: beganMs - 30 * 86_400_000, endMs: null });
    await addSessions(shop, 1, { startMs: beganMs - 3_600_000 });
    await addSessions(shop, 1, { startMs: beganMs + 3_600_000 });
    const tried = async (word: object) =>
      (await call(simulate, { ...word, days: 1 })).answer.bySetting.map(({ setting, count }) => [
        setting,
        count,
      ]);
    expect((await call(simulate, { days: 1 })).answer).toMatchObject({ requestCount: 1, isComplete: true });
    expect(await tried({ concurrentSessionsMax: 1 })).toEqual([['concurrentSessionsMax', 1]]);
    expect(await tried({ concurrentSessionsMax: 2 })).toEqual([]);
    expect(await tried({ sessionsPerDayMax: 1 })).toEqual([['sessionsPerDayMax', 1]]);
    expect(await tried({ sessionsPerDayMax: 2 })).toEqual([]);
  });

  test('a call is tried by what its log says of its caller and its codecs, and a relay’s client by where its address is', async () => {
    countries = readCountryTable('192.0.2.0/24,DE\n198.51.100.0/24,FR');
    const called = (device: string, country: string, codecs: readonly (readonly string[])[]) => ({
      log: { 'session.created': { device, country }, 'codecs.negotiated': { codecs } },
    });
    await addSessions(shop, 1, called('mobile', 'DE', [['opus', 'pcmu']]));
    await addSessions(shop, 1, called('desktop', 'FR', [['opus'], ['vp8']]));
    const relayed = { 'allocation.started': { clientAddress: '198.51.100.7:4000' } };
    await addSessions(shop, 1, { kind: 'relay', log: relayed });
    // A node of the version before.
    await addSessions(shop, 1, { log: { 'codecs.negotiated': { codecs: 'opus' } } });
    const refusedBy = async (word: object) => {
      const { answer } = await call(simulate, word);
      return answer.bySetting.map(({ setting, count }) => [setting, count]);
    };
    const { choices } = settings.deviceKinds;
    expect(await refusedBy({ countries: ['DE'] })).toEqual([['countries', 2]]);
    expect(await refusedBy({ countries: ['DE', 'FR'] })).toEqual([]);
    // A relay is not told, and refuses where one kind is left out.
    expect(await refusedBy({ deviceKinds: ['desktop'] })).toEqual([['deviceKinds', 2]]);
    expect(await refusedBy({ deviceKinds: choices })).toEqual([]);
    expect(await refusedBy({ codecs: ['pcmu', 'vp8'] })).toEqual([['codecs', 2]]);
    expect(await refusedBy({ features: ['signaling.place-calls'] })).toEqual([['features', 1]]);
    expect(await refusedBy({ features: ['network-discovery.relay'] })).toEqual([['features', 3]]);
    expect(await refusedBy({ participantsMax: 1 })).toEqual([['participantsMax', 3]]);
  });

  test('an instance type is tried on what was of it, as the log says', async () => {
    const { id: applicationId } = await database.ports.applications.create({
      accountId: customer,
      name: 'Calls',
      instanceTypes: ['free', 'paid'],
    });
    const of = (instanceType: string, kind: 'call' | 'relay') =>
      addSessions(customer, 1, { applicationId, kind, log: { 'session.created': { instanceType } } });
    await of('free', 'call');
    await of('free', 'relay');
    await of('paid', 'call');
    await addSessions(customer, 1, { applicationId });
    const { answer } = await call(simulate, { applicationId, instanceType: 'free', services: [] });
    expect(answer).toMatchObject({ requestCount: 4, refusedCount: 2 });
    expect(answer.bySetting).toMatchObject([
      { setting: 'services', origin: { level: 'instanceType', instanceType: 'free' }, count: 2 },
    ]);
  });

  test('what the policy refuses already is no news', async () => {
    await addSessions(shop, 2, { region: 'us' });
    await call(set, { regions: ['eu'] }, { at: shop });
    const { answer } = await call(simulate, { regions: ['eu'] });
    expect(answer).toMatchObject({ refusedNowCount: 2, refusedCount: 2, examples: [] });
  });

  test('what an account between may use is tried too, though it asked for nothing itself', async () => {
    const used = { meter: 'network-discovery.relayed-bytes', group: {}, quantity: 2n, recordCount: 1 };
    usedRows.push({ atMs: NOW_MS - 3 * 3_600_000, ...used });
    await addSessions(shop, 2, { kind: 'relay' });
    await call(set, { relayBytesPerDayMax: 1 }, { at: customer, as: customerKey });
    const { answer } = await call(simulate, {}, { at: reseller });
    usedRows.length = 0;
    expect(answer.bySetting).toMatchObject([
      { setting: 'relayBytesPerDayMax', origin: { level: 'account', accountId: customer }, count: 2 },
    ]);
  });

  describe('of a plan', () => {
    const trial = ['plans', 'simulate'] as const;
    let planId: string;
    beforeEach(async () => {
      const made = { name: 'Basic', policy: { regions: ['eu', 'us'] } };
      planId = (await call(['plans', 'create'], made, { at: reseller })).answer.id;
    });
    const tryPlan = (policy: object, at = reseller) => call(trial, { planId, policy }, { at });

    test('plans.simulate 200: what all accounts that have it, and those below them, would have met', async () => {
      const [other, without] = [
        await database.addChild(reseller, 'Other'),
        await database.addChild(reseller, 'Without'),
      ];
      for (const at of [customer, other]) await call(['plans', 'assign'], { planId }, { at });
      await addSessions(shop, 2, { region: 'us' });
      await addSessions(customer, 1);
      await addSessions(other, 1, { region: 'ap' });
      await addSessions(without, 4, { region: 'us' });
      const { answer, audited, events } = await tryPlan({ regions: ['eu'] });
      expect(answer).toMatchObject({
        accountCount: 2,
        triedAccountCount: 2,
        requestCount: 4,
        isComplete: true,
        refusedNowCount: 1,
        refusedCount: 3,
      });
      const counts = answer.bySetting.map(({ origin, count }) => [origin.accountId, origin.planId, count]);
      expect(new Map(counts.map(([accountId, ...rest]) => [accountId, rest]))).toEqual(
        new Map([
          [customer, [planId, 2]],
          [other, [planId, 1]],
        ]),
      );
      expect([audited, events]).toEqual([[], []]);
      const { answer: kept } = await call(['plans', 'get'], { planId }, { at: reseller });
      expect(kept.policy).toEqual({ regions: ['eu', 'us'] });
    });

    test('an account that has it and had no requests is counted, and not among those that were tried', async () => {
      await call(['plans', 'assign'], { planId });
      expect((await tryPlan({ regions: [] })).answer).toMatchObject({
        accountCount: 1,
        triedAccountCount: 0,
        requestCount: 0,
      });
    });

    test('plans.simulate 404: a plan of another account is none', async () => {
      await expect(tryPlan({}, customer)).rejects.toMatchObject(refusal(404, 'resource.unknown'));
    });

    test('plans.simulate 422: what could not be saved is not tried', async () => {
      const bounded = tryPlan({ concurrentSessionsMax: 5, overridable: { concurrentSessionsMax: 2 } });
      await expect(bounded).rejects.toMatchObject(refusal(422, 'policy.bound_invalid'));
      const unkept = tryPlan({ dataRegions: ['us'] });
      await expect(unkept).rejects.toMatchObject(refusal(422, 'policy.data_region_unavailable'));
    });

    test('plans.simulate 400: of a service that there is not', async () => {
      await expect(tryPlan({ services: ['fax'] })).rejects.toMatchObject(refusal(400, 'request.invalid'));
    });
  });

  test('policy.simulate 404: of an application that is not there', async () => {
    const tried = call(simulate, { applicationId: createId('app') });
    await expect(tried).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('policy.simulate 400: of two places at once', async () => {
    const tried = call(simulate, { region: 'eu', endpoint: 'user:a' });
    await expect(tried).rejects.toMatchObject(refusal(400, 'request.invalid'));
  });

  test('policy.simulate 422: what could not be set is not tried', async () => {
    const tried = call(simulate, { overridable: { regions: ['eu'] } });
    await expect(tried).rejects.toMatchObject(refusal(422, 'policy.bound_invalid'));
  });
});
