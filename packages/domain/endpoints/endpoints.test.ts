import { serviceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEndpointsHarness, type EndpointsHarness, refusal } from './endpoints.testing.ts';
import { ENDPOINT_COUNT_MAX } from './ports.ts';

let harness: EndpointsHarness;
let acme: string;
let other: string;
/** Of each test its own: what one takes is taken for all that come after it. */
let number = '';
let numbers = 0;

beforeAll(async () => {
  harness = await createEndpointsHarness();
}, 120_000);
afterAll(() => harness.database.close());
beforeEach(async () => {
  acme = (await harness.database.signUp('Acme')).accountId;
  other = (await harness.database.signUp('Other')).accountId;
  numbers += 1;
  number = `tel:+4930${String(numbers).padStart(7, '0')}`;
});

const DAY_MS = 86_400_000;
const applicationOf = (accountId: string) =>
  harness.database.ports.applications.create({ accountId, name: 'Support', instanceTypes: [] });
/** Lets what rests have rested. */
const haveRested = (endpointId: string) =>
  harness.prisma.$transaction([
    harness.prisma.$queryRaw`SELECT set_config('patchbay.account_id', ${harness.database.platformId}, true)`,
    harness.prisma
      .$executeRaw`UPDATE endpoint SET rests_until = now() - interval '1 second' WHERE id = ${endpointId}`,
  ]);

describe('endpoints.allocate', () => {
  test('allocate 200: in its one form, with its label and application, on record and told (ACC-5)', async () => {
    const { id: applicationId } = await applicationOf(acme);
    const identifier = number.replace('+4930', '+49-30-');
    const request = { identifier, label: 'Hotline', applicationId };
    const { answer, audited, events } = await harness.call(acme, ['endpoints', 'allocate'], request);
    expect(answer).toMatchObject({
      accountId: acme,
      namespace: 'tel',
      identifier: number,
      reach: 'global',
      proof: 'unproved',
      label: 'Hotline',
      applicationId,
      state: 'active',
    });
    expect(audited).toEqual([{ target: answer.id, after: answer }]);
    expect(events).toEqual([{ event: 'allocated', payload: { endpointId: answer.id, identifier: number } }]);
  });

  test('allocate 409: a number is held once on the platform, a user once in an account', async () => {
    await harness.allocate(acme, number);
    await expect(harness.allocate(other, `${number.slice(0, 8)}-${number.slice(8)}`)).rejects.toMatchObject(
      refusal(409, 'endpoints.identifier_taken'),
    );
    const [mine, theirs] = [
      await harness.allocate(acme, 'user:bob'),
      await harness.allocate(other, 'user:bob'),
    ];
    expect(mine.id).not.toBe(theirs.id);
    await expect(harness.allocate(acme, 'user:bob')).rejects.toMatchObject(
      refusal(409, 'endpoints.identifier_taken'),
    );
  });

  test('of twelve that ask for one number at once, one gets it', async () => {
    await harness.database.warmUp();
    const accounts = await Promise.all(
      Array.from(
        { length: 12 },
        async (_, index) => (await harness.database.signUp(`Racer ${index}`)).accountId,
      ),
    );
    const asked = await Promise.allSettled(accounts.map((accountId) => harness.allocate(accountId, number)));
    const won = asked.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const one of asked)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject(refusal(409, 'endpoints.identifier_taken'));
  });

  test('allocate 422: what is no identifier is said to be none, with the reason', async () => {
    await expect(harness.allocate(acme, 'tel:12')).rejects.toMatchObject(
      refusal(422, 'endpoints.identifier_invalid'),
    );
  });

  test('allocate 404: an application of another account does not exist', async () => {
    const { id: applicationId } = await applicationOf(other);
    await expect(harness.allocate(acme, number, { applicationId })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('an account holds no more than it may: the one beyond is refused', async () => {
    const client = harness.prisma;
    const allocate = (countMax: number) => client.$queryRaw`
      SELECT outcome FROM endpoint_allocate(${acme}, 'end_x', 'user', 'user:x', '', NULL, ${countMax}::int)`;
    const scoped = (work: unknown) =>
      client.$transaction([
        client.$queryRaw`SELECT set_config('patchbay.account_id', ${acme}, true)`,
        work as ReturnType<typeof client.$queryRaw>,
      ]);
    await harness.allocate(acme, 'user:one');
    expect(await scoped(allocate(1))).toMatchObject([{}, [{ outcome: 'too_many' }]]);
    expect(await scoped(allocate(2))).toMatchObject([{}, [{ outcome: 'allocated' }]]);
    expect(ENDPOINT_COUNT_MAX).toBe(100_000);
  });

  test('a suspended account takes nothing new', async () => {
    await harness.database.suspend(acme);
    await expect(harness.allocate(acme, number)).rejects.toMatchObject(refusal(403, 'account.suspended'));
  });
});

describe('endpoints.list and get', () => {
  test('list 200: those of this account, by namespace, application and identifier, page by page', async () => {
    const { id: applicationId } = await applicationOf(acme);
    const made = [
      await harness.allocate(acme, number, { applicationId }),
      await harness.allocate(acme, 'user:bob'),
      await harness.allocate(acme, 'room:standup'),
    ];
    await harness.allocate(other, 'user:bob');
    const list = async (request: Record<string, unknown>) =>
      (await harness.call(acme, ['endpoints', 'list'], request)).answer;
    expect((await list({})).items).toEqual(made);
    expect((await list({ namespace: 'room' })).items).toEqual([made[2]]);
    expect((await list({ applicationId })).items).toEqual([made[0]]);
    expect((await list({ identifier: 'user:bob' })).items).toEqual([made[1]]);
    const first = await list({ limit: 2 });
    expect(first.items).toEqual(made.slice(0, 2));
    expect((await list({ limit: 2, cursor: first.nextCursor })).items).toEqual([made[2]]);
  });

  test('an identifier is looked up as it may be written, and below this account where that is asked', async () => {
    const child = await harness.database.addChild(acme, 'Child');
    const made = await harness.allocate(child, 'sip:bob@example.com');
    const list = async (accountId: string, scope: string) =>
      (await harness.call(accountId, ['endpoints', 'list'], { identifier: 'SIP:%62ob@EXAMPLE.com', scope }))
        .answer.items;
    expect(await list(acme, 'own')).toEqual([]);
    expect(await list(acme, 'descendants')).toEqual([made]);
    expect(await list(other, 'descendants')).toEqual([]);
    await harness.call(child, ['endpoints', 'release'], { endpointId: made.id });
  });

  test('list 422: what is no identifier is not looked for', async () => {
    await expect(harness.call(acme, ['endpoints', 'list'], { identifier: 'bob' })).rejects.toMatchObject(
      refusal(422, 'endpoints.identifier_invalid'),
    );
  });

  test('endpoints.get 200: one that is read by its id', async () => {
    const made = await harness.allocate(acme, 'user:bob');
    expect((await harness.call(acme, ['endpoints', 'get'], { endpointId: made.id })).answer).toEqual(made);
  });

  test.each(['get', 'update', 'release'] as const)(
    'endpoints.%s 404: an endpoint of another account does not exist, be it below this one',
    async (operation) => {
      const child = await harness.database.addChild(acme, 'Child');
      for (const accountId of [other, child]) {
        const { id: endpointId } = await harness.allocate(accountId, 'user:theirs');
        await expect(harness.call(acme, ['endpoints', operation], { endpointId })).rejects.toMatchObject(
          refusal(404, 'resource.unknown'),
        );
      }
    },
  );
});

describe('endpoints.update', () => {
  test('update 200: what is not named stays, and null takes it out of its application', async () => {
    const { id: applicationId } = await applicationOf(acme);
    const before = await harness.allocate(acme, 'user:bob', { label: 'Bob', applicationId });
    const update = (request: Record<string, unknown>) =>
      harness.call(acme, ['endpoints', 'update'], { endpointId: before.id, ...request });
    const { answer, audited } = await update({ label: 'Bob Stone' });
    expect(answer).toEqual({ ...before, label: 'Bob Stone' });
    expect(audited).toEqual([{ target: before.id, before, after: answer }]);
    expect((await update({ applicationId: null })).answer).not.toHaveProperty('applicationId');
  });

  test('an application that is removed leaves its endpoints behind, without it', async () => {
    const { id: applicationId } = await applicationOf(acme);
    const made = await harness.allocate(acme, 'user:bob', { applicationId });
    await harness.database.ports.applications.remove({ accountId: acme, applicationId });
    const { answer } = await harness.call(acme, ['endpoints', 'get'], { endpointId: made.id });
    expect(answer).not.toHaveProperty('applicationId');
  });
});

describe('endpoints.release', () => {
  test('release 200: a number rests for 30 days, on record and told', async () => {
    const before = await harness.allocate(acme, number, { label: 'Hotline' });
    const nowMs = Date.now();
    const { answer, audited, events } = await harness.call(acme, ['endpoints', 'release'], {
      endpointId: before.id,
      nowMs,
    });
    const restsUntil = new Date(nowMs + 30 * DAY_MS).toISOString();
    expect(answer).toEqual({ id: before.id, identifier: number, restsUntil });
    expect(audited).toEqual([{ target: before.id, before, after: { restsUntil } }]);
    expect(events).toMatchObject([{ event: 'released', payload: { identifier: number, restsUntil } }]);
    const list = async (state: string) =>
      (await harness.call(acme, ['endpoints', 'list'], { state })).answer.items;
    expect(await list('active')).toEqual([]);
    expect(await list('resting')).toMatchObject([{ id: before.id, state: 'resting', restsUntil, label: '' }]);
    await expect(
      harness.call(acme, ['endpoints', 'release'], { endpointId: before.id }),
    ).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('while it rests nobody else takes it, and the last holder gets the same endpoint back', async () => {
    const before = await harness.allocate(acme, number);
    await harness.call(acme, ['endpoints', 'release'], { endpointId: before.id });
    await expect(harness.allocate(other, number)).rejects.toMatchObject({
      fields: expect.objectContaining({
        code: 'endpoints.identifier_resting',
        publicDetail: expect.stringContaining('rests until 20'),
      }),
    });
    const back = await harness.allocate(acme, number, { label: 'Again' });
    expect(back).toMatchObject({ id: before.id, state: 'active', label: 'Again' });
    await expect(harness.allocate(other, number)).rejects.toMatchObject(
      refusal(409, 'endpoints.identifier_taken'),
    );
  });

  test('once it has rested it is anybody’s, as another endpoint, and no more its last holder’s', async () => {
    const before = await harness.allocate(acme, number);
    await harness.call(acme, ['endpoints', 'release'], { endpointId: before.id });
    await haveRested(before.id);
    expect((await harness.call(acme, ['endpoints', 'list'], { state: 'all' })).answer.items).toEqual([]);
    const theirs = await harness.allocate(other, number);
    expect(theirs.id).not.toBe(before.id);
    await expect(harness.call(acme, ['endpoints', 'get'], { endpointId: before.id })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('a user that is released is gone at once: another of the name is another', async () => {
    const before = await harness.allocate(acme, 'user:bob');
    const { answer } = await harness.call(acme, ['endpoints', 'release'], { endpointId: before.id });
    expect(answer).toEqual({ id: before.id, identifier: 'user:bob' });
    expect((await harness.allocate(acme, 'user:bob')).id).not.toBe(before.id);
  });

  test('one that comes back is held at once to what was configured of it from above: nodes are told, and of no other (POL-5)', async () => {
    const { database, call, allocate, nodesTold } = harness;
    const child = await database.addChild(acme, 'Customer');
    const sibling = await database.addChild(acme, 'Sibling');
    const { id: endpointId } = await allocate(child, number);
    const said = { setById: acme, service: 'signaling', values: { mode: 'relay' } };
    expect(
      await serviceConfigStore(harness.prisma).setConfig({ accountId: child, endpointId, ...said }),
    ).toEqual({});
    await call(child, ['endpoints', 'release'], { endpointId });
    await allocate(child, 'user:other');
    expect(nodesTold).toEqual([]);
    const back = await allocate(child, number);
    expect(nodesTold).toEqual([child]);
    // From above it goes to another at once, and what was configured of it along.
    await call(acme, ['endpoints', 'transfer'], { endpointId: back.id, toAccountId: sibling });
    expect(nodesTold).toEqual([child, sibling]);
    const { answer: offer } = await call(sibling, ['endpoints', 'transfer'], {
      endpointId: back.id,
      toAccountId: child,
    });
    await call(child, ['endpointTransfers', 'update'], { transferId: offer.id, state: 'accepted' });
    expect(nodesTold).toEqual([child, sibling, child]);
  });
});
