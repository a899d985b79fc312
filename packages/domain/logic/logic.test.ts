import { endpointStore } from '@patchbay/adapters/prisma/endpoint-store';
import { logicLookup, logicMappingStore, logicSecretStore } from '@patchbay/adapters/prisma/logic-store';
import { mintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { logic } from './definition.ts';
import { readDocument } from './document.ts';
import { handlers } from './handlers.ts';
import type { LogicPorts } from './ports.ts';

const { operations } = logic.resources.logic;
const cipher = mintBranchCipher(new Uint8Array(32).fill(9));
const url = 'https://logic.test/calls';

let database: Awaited<ReturnType<typeof createTenancyDatabase>>;
let ports: LogicPorts;
let acme: string;
const changed: string[] = [];

beforeAll(async () => {
  database = await createTenancyDatabase();
  ports = {
    mappings: logicMappingStore(database.prisma),
    secrets: logicSecretStore(database.prisma, cipher),
    applications: database.ports.applications,
    addresses: {
      refusalOf: async (address) => (address.includes('10.0.0.1') ? 'it is not public' : undefined),
    },
    nodes: { changed: async (accountId) => void changed.push(accountId) },
    documents: { read: (_kind, text) => readDocument(text) },
    prices: {
      paidBy: async ({ meter }) =>
        meter === 'connectedMs' ? { amount: '500', per: '60000', currency: 'EUR' } : undefined,
    },
  };
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  acme = (await database.signUp('Acme')).accountId;
});

/** In the name of an account, as dispatch does. */
async function call<K extends keyof typeof operations>(name: K, request: object = {}, accountId = acme) {
  const { context, audited, events } = domainContext(logic, { chain: await database.chainOf(accountId) });
  const handler = handlers.logic[name] as unknown as (...all: unknown[]) => Promise<unknown>;
  const parsed = operations[name].request.parse(request);
  const answer = await atomically(database.prisma, () => handler(context, parsed, ports));
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what its test says.
  return { answer: operations[name].response.parse(answer) as any, audited, events };
}

const refusal = (status: number, code: string) => ({ fields: expect.objectContaining({ status, code }) });
const lookUp = (identifier: string, accountId = acme) =>
  logicLookup(database.prisma, cipher).of({ accountId, identifier, nowMs: Date.now() });

async function endpointOf(identifier: `user:${string}`, accountId = acme, applicationId?: string) {
  const made = await endpointStore(database.prisma).allocate({
    accountId,
    identifier: { namespace: 'user', text: identifier },
    label: '',
    applicationId,
  });
  if (typeof made === 'string' || !('id' in made)) throw new Error('It was not allocated.');
  return made.id;
}

test('set 200: the first answer of an account has its secret; the nearest place decides about a call (HKS-1)', async () => {
  const { id: applicationId } = await database.ports.applications.create({
    accountId: acme,
    name: 'Support',
    instanceTypes: [],
  });
  const bob = await endpointOf('user:bob');
  await endpointOf('user:carol', acme, applicationId);
  const forAll = await call('set', { url });
  expect(forAll.answer.secret).toMatch(/^whsec_/);
  expect(forAll.events).toEqual([{ event: 'mapping.set', payload: { mappingId: forAll.answer.id, url } }]);
  expect(JSON.stringify(forAll.audited)).not.toContain(forAll.answer.secret);
  const ofBob = await call('set', { endpointId: bob, url: `${url}/bob`, fallbackUrl: url, kind: 'twiml' });
  expect(ofBob.answer).not.toHaveProperty('secret');
  await call('set', { applicationId, url: `${url}/support` });
  expect(await lookUp('user:bob')).toMatchObject({ url: `${url}/bob`, fallbackUrl: url, kind: 'twiml' });
  expect(await lookUp('user:carol')).toMatchObject({ url: `${url}/support`, kind: 'json' });
  expect(await lookUp('user:dave')).toMatchObject({ url });
  const again = await call('set', { endpointId: bob, url });
  expect(again.answer.id).toBe(ofBob.answer.id);
  expect(again.audited[0]).toMatchObject({ before: { url: `${url}/bob` }, after: { url } });
});

test('list 200: those of a place, or of the whole account', async () => {
  const bob = await endpointOf('user:bob');
  await call('set', { url });
  await call('set', { endpointId: bob, url: `${url}/bob` });
  expect((await call('list')).answer.items).toHaveLength(2);
  expect((await call('list', { place: 'account' })).answer.items).toMatchObject([{ url }]);
  expect((await call('list', { endpointId: bob })).answer.items).toMatchObject([{ url: `${url}/bob` }]);
});

test('set 404: a place that is not this account’s is not there', async () => {
  const other = (await database.signUp('Other')).accountId;
  const theirs = await endpointOf('user:bob', other);
  await expect(call('set', { endpointId: theirs, url })).rejects.toMatchObject(
    refusal(404, 'resource.unknown'),
  );
  await expect(call('set', { applicationId: createId('app'), url })).rejects.toMatchObject(
    refusal(404, 'resource.unknown'),
  );
});

test('set 422: an address that is not public is refused, the fallback as well', async () => {
  await expect(call('set', { url, fallbackUrl: 'http://10.0.0.1/' })).rejects.toMatchObject(
    refusal(422, 'callback.address_forbidden'),
  );
  expect(await lookUp('user:bob')).toBeUndefined();
});

test('set 422: an account has so many addresses and no more', async () => {
  const full: LogicPorts = { ...ports, mappings: { ...ports.mappings, set: async () => 'too_many' } };
  const { context } = domainContext(logic, { chain: await database.chainOf(acme) });
  await expect(
    handlers.logic.set(context as never, operations.set.request.parse({ url }), full),
  ).rejects.toMatchObject(refusal(422, 'logic.too_many'));
});

test('get 200: as it was set', async () => {
  const { answer } = await call('set', { url });
  expect((await call('get', { mappingId: answer.id })).answer).toMatchObject({ url, kind: 'json' });
  await expect(call('get', { mappingId: createId('lgm') })).rejects.toMatchObject(
    refusal(404, 'resource.unknown'),
  );
});

test('remove 200: what was removed is asked no more, and what is released takes its logic along', async () => {
  const bob = await endpointOf('user:bob');
  const { answer } = await call('set', { endpointId: bob, url });
  expect((await call('remove', { mappingId: answer.id })).events).toEqual([
    { event: 'mapping.removed', payload: { mappingId: answer.id } },
  ]);
  expect(await lookUp('user:bob')).toBeUndefined();
  await expect(call('remove', { mappingId: answer.id })).rejects.toMatchObject(
    refusal(404, 'resource.unknown'),
  );
  await call('set', { endpointId: bob, url });
  await endpointStore(database.prisma).release({ accountId: acme, endpointId: bob, restsUntil: undefined });
  expect((await call('list')).answer.items).toEqual([]);
});

test('rotateSecret 200: for a time both sign, the new one first', async () => {
  await call('set', { url });
  const before = (await lookUp('user:bob'))?.secrets ?? [];
  await call('rotateSecret', { previousHours: 1 });
  const during = (await lookUp('user:bob'))?.secrets ?? [];
  expect(during).toHaveLength(2);
  expect(during[1]).toEqual(before[0]);
  await call('rotateSecret', { previousHours: 0 });
  expect((await lookUp('user:bob'))?.secrets).toHaveLength(1);
});

test('nodes ask only where an account, one above or one below it has logic; those above are told of the first', async () => {
  const child = await database.ports.accounts.create({ accountId: acme, name: 'Child', timeZone: 'UTC' });
  const childId = child?.id ?? '';
  const near = logicLookup(database.prisma, cipher).isNear;
  const stranger = (await database.signUp('Stranger')).accountId;
  expect([await near(acme), await near(childId)]).toEqual([false, false]);
  await call('set', { url }, childId);
  expect([await near(acme), await near(childId), await near(stranger)]).toEqual([true, true, false]);
  expect(changed).toContain(acme);
});

test('dryRun 200: each step with what it costs, to whichever end it comes', async () => {
  const document = JSON.stringify({
    version: 1,
    verbs: [
      { verb: 'pause', seconds: 5 },
      { verb: 'dial', to: 'user:bob' },
      { verb: 'redirect', url: '/voicemail' },
    ],
  });
  const missed = (await call('dryRun', { document })).answer;
  expect(missed.steps.map((step: { verb: string }) => step.verb)).toEqual(['pause', 'dial', 'redirect']);
  expect(missed.outcome).toBe('It goes on with the document at /voicemail.');
  const answered = (await call('dryRun', { document, dialStatus: 'answered' })).answer;
  expect(answered.outcome).toBe('The call goes on with whoever answered.');
  expect(answered.steps.at(-1)?.meters).toEqual([
    {
      meter: 'signaling.connectedMs',
      quantity: 60_000,
      unit: 'millisecond',
      per: 'minute',
      price: { amount: '500', currency: 'EUR' },
    },
  ]);
});

test('dryRun 422: what cannot be read, and a verb that nothing can carry out, are said', async () => {
  await expect(call('dryRun', { document: '{"version":2}' })).rejects.toMatchObject(
    refusal(422, 'logic.document_invalid'),
  );
  const document = JSON.stringify({ version: 1, verbs: [{ verb: 'record' }] });
  await expect(call('dryRun', { document })).rejects.toMatchObject(refusal(422, 'logic.verb_unavailable'));
});

test('dryRun 200: a document that answers by itself is connected from its first sound on, and nobody presses a key', async () => {
  const verbs = [
    { verb: 'gather', next: '/keys', prompts: [{ verb: 'say', text: 'Press a key.' }] },
    { verb: 'play', url: 'tone:busy' },
  ];
  const { answer } = await call('dryRun', { document: JSON.stringify({ version: 1, verbs }) });
  expect(answer).toMatchObject({ outcome: 'The document hangs up.' });
  expect(
    answer.steps.map((step: { verb: string; meters: object[] }) => [step.verb, step.meters.length]),
  ).toEqual([
    ['gather', 1],
    ['play', 0],
  ]);
});
