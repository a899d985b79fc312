import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEndpointsHarness, type EndpointsHarness, refusal } from './endpoints.testing.ts';
import { OFFER_COUNT_MAX } from './ports.ts';

let harness: EndpointsHarness;
let acme: string;
let other: string;
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
  number = `tel:+4940${String(numbers).padStart(7, '0')}`;
});

const transfer = (
  accountId: string,
  { endpointId, toAccountId, ...more }: { endpointId: string; toAccountId: string } & Record<string, unknown>,
) => harness.call(accountId, ['endpoints', 'transfer'], { endpointId, toAccountId, ...more });
const decide = (accountId: string, transferId: string, state: string) =>
  harness.call(accountId, ['endpointTransfers', 'update'], { transferId, state });
const find = (accountId: string, transferId: string) =>
  harness.call(accountId, ['endpointTransfers', 'get'], { transferId });
const heldBy = async (accountId: string) =>
  (await harness.call(accountId, ['endpoints', 'list'])).answer.items;

interface Heard {
  readonly action: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What stands in an account's audit log and among its events by the hand of others. */
const noticesOf = async (accountId: string): Promise<readonly Heard[]> => {
  const [, rows] = await harness.prisma.$transaction([
    harness.prisma.$queryRaw`SELECT set_config('patchbay.account_id', ${accountId}, true)`,
    harness.prisma.$queryRaw<Heard[]>`
      SELECT a.action, a.actor_id AS "actorId", a.actor_name AS "actorName", e.type, e.data
      FROM audit_entry a JOIN platform_event e ON e.account_id = a.account_id AND e.data = a.after
      WHERE a.account_id = ${accountId} ORDER BY a.id`,
  ]);
  return rows;
};

describe('an offer', () => {
  test('transfer 200: both sides read it, each as its own, and both have it on record (ACC-8)', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer, audited, events } = await transfer(acme, {
      endpointId,
      toAccountId: other,
      note: 'As agreed',
    });
    expect(answer).toMatchObject({
      endpointId,
      identifier: number,
      direction: 'outgoing',
      otherAccountId: other,
      state: 'offered',
      note: 'As agreed',
    });
    expect(audited).toEqual([{ target: endpointId, before: { accountId: acme }, after: answer }]);
    expect(events).toMatchObject([{ event: 'transfer.offered', payload: { direction: 'outgoing' } }]);
    expect((await find(other, answer.id)).answer).toEqual({
      ...answer,
      direction: 'incoming',
      otherAccountId: acme,
    });
    expect(await noticesOf(other)).toEqual([
      {
        action: 'endpoints.transfer',
        actorId: acme,
        actorName: 'Another account',
        type: 'endpoints.transfer.offered',
        data: expect.objectContaining({ direction: 'incoming', otherAccountId: acme, identifier: number }),
      },
    ]);
    expect(await heldBy(acme)).toMatchObject([{ id: endpointId }]);
  });

  test('endpointTransfers.update 200: accepted, the endpoint keeps its id and loses what its account said of it', async () => {
    const { id: endpointId } = await harness.allocate(acme, number, { label: 'Secret project' });
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    const { answer, audited, events } = await decide(other, offer.id, 'accepted');
    expect(answer).toMatchObject({ state: 'accepted', direction: 'incoming', otherAccountId: acme });
    expect(audited).toMatchObject([
      { target: endpointId, before: { state: 'offered' }, after: { state: 'accepted' } },
    ]);
    expect(events).toEqual([
      {
        event: 'transferred',
        payload: { endpointId, identifier: number, transferId: offer.id, direction: 'incoming' },
      },
    ]);
    expect(await heldBy(acme)).toEqual([]);
    expect(await heldBy(other)).toMatchObject([{ id: endpointId, accountId: other, label: '' }]);
    expect(await noticesOf(acme)).toMatchObject([
      {
        action: 'endpoint-transfers.update',
        actorId: other,
        type: 'endpoints.transferred',
        data: { endpointId, direction: 'outgoing' },
      },
    ]);
  });

  test.each([
    ['declined', () => other, () => acme],
    ['withdrawn', () => acme, () => other],
  ] as const)(
    'that is %s leaves the endpoint where it is, and the other side hears of it',
    async (state, by, side) => {
      const { id: endpointId } = await harness.allocate(acme, number);
      const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
      const { answer, events } = await decide(by(), offer.id, state);
      expect(answer.state).toBe(state);
      expect(events).toMatchObject([{ event: 'transfer.ended', payload: { state } }]);
      expect((await noticesOf(side())).at(-1)).toMatchObject({
        type: 'endpoints.transfer.ended',
        data: { state },
      });
      expect(await heldBy(acme)).toMatchObject([{ id: endpointId }]);
      await expect(decide(other, offer.id, 'accepted')).rejects.toMatchObject(
        refusal(409, 'endpoints.transfer_ended'),
      );
    },
  );

  test('update 400: nobody accepts what they offer, nor withdraws what is offered to them', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    await expect(decide(acme, offer.id, 'accepted')).rejects.toMatchObject(refusal(400, 'request.invalid'));
    await expect(decide(other, offer.id, 'withdrawn')).rejects.toMatchObject(refusal(400, 'request.invalid'));
  });

  test('update 409: whose time is over is accepted no more, and says that it expired', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer: offer } = await transfer(acme, {
      endpointId,
      toAccountId: other,
      expiresInSeconds: 60,
      nowMs: Date.now() - 61_000,
    });
    expect((await find(other, offer.id)).answer.state).toBe('expired');
    await expect(decide(other, offer.id, 'accepted')).rejects.toMatchObject(
      refusal(409, 'endpoints.transfer_ended'),
    );
    // It bars no other, and is found by what it came to.
    const { answer: second } = await transfer(acme, { endpointId, toAccountId: other });
    const inState = async (state: string) =>
      (await harness.call(acme, ['endpointTransfers', 'list'], { state })).answer.items.map(({ id }) => id);
    expect(await inState('expired')).toEqual([offer.id]);
    expect(await inState('offered')).toEqual([second.id]);
  });

  test('accepted by many at once, it is accepted once', async () => {
    await harness.database.warmUp();
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    const asked = await Promise.allSettled([
      ...Array.from({ length: 5 }, () => decide(other, offer.id, 'accepted')),
      decide(acme, offer.id, 'withdrawn'),
    ]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { state } = (await find(acme, offer.id)).answer;
    expect(await heldBy(state === 'accepted' ? other : acme)).toMatchObject([{ id: endpointId }]);
  });

  test('of a user goes to no account that has one of the name: it stays open', async () => {
    const { id: endpointId } = await harness.allocate(acme, 'user:bob');
    await harness.allocate(other, 'user:bob');
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    await expect(decide(other, offer.id, 'accepted')).rejects.toMatchObject(
      refusal(409, 'endpoints.identifier_taken'),
    );
    expect((await find(other, offer.id)).answer.state).toBe('offered');
  });

  test('transfer 409: of an endpoint that is on offer there is no second; released, its offer ends', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    await expect(transfer(acme, { endpointId, toAccountId: other })).rejects.toMatchObject(
      refusal(409, 'endpoints.transfer_open'),
    );
    await harness.call(acme, ['endpoints', 'release'], { endpointId });
    expect((await find(other, offer.id)).answer.state).toBe('withdrawn');
    await expect(transfer(acme, { endpointId, toAccountId: other })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('transfer 422: to an account that is not there, does not act, or holds it already', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const suspended = (await harness.database.signUp('Suspended')).accountId;
    await harness.database.suspend(suspended);
    const nowhere = other.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const toAccountId of [nowhere, suspended, acme])
      await expect(transfer(acme, { endpointId, toAccountId })).rejects.toMatchObject(
        refusal(422, 'endpoints.recipient_unavailable'),
      );
  });

  test('transfer 404: nobody offers an endpoint of another account', async () => {
    const { id: endpointId } = await harness.allocate(other, number);
    await expect(transfer(acme, { endpointId, toAccountId: other })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('nobody makes themselves an offer of what another holds, not even past the handlers (C6)', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const forged = harness.prisma.$transaction([
      harness.prisma.$queryRaw`SELECT set_config('patchbay.account_id', ${other}, true)`,
      harness.prisma.$executeRaw`
        INSERT INTO endpoint_transfer (id, endpoint_id, identifier, from_account_id, to_account_id, state, expires_at)
        VALUES ('etr_forged', ${endpointId}, ${number}, ${acme}, ${other}, 'offered', now() + interval '1 day')`,
    ]);
    await expect(forged).rejects.toThrow('row-level security');
  });

  test('one account has so many offers open, and no more', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    await harness.prisma.$transaction([
      harness.prisma.$queryRaw`SELECT set_config('patchbay.account_id', ${acme}, true)`,
      harness.prisma.$executeRaw`
        INSERT INTO endpoint_transfer (id, endpoint_id, identifier, from_account_id, to_account_id, state, expires_at)
        SELECT 'etr_' || ${acme} || n, 'end_' || ${acme} || n, 'user:x', ${acme}, ${other}, 'offered', now() + interval '1 day'
        FROM generate_series(1, ${OFFER_COUNT_MAX}::int) AS n`,
    ]);
    await expect(transfer(acme, { endpointId, toAccountId: other })).rejects.toMatchObject(
      refusal(409, 'endpoints.too_many_offers'),
    );
  });
});

describe('within a tree', () => {
  test('an account above both moves an endpoint at once, and either side hears that one above did', async () => {
    const [from, to] = [
      await harness.database.addChild(acme, 'From'),
      await harness.database.addChild(acme, 'To'),
    ];
    const { id: endpointId } = await harness.allocate(from, number, { label: 'Mine' });
    const { answer, events } = await transfer(acme, { endpointId, toAccountId: to });
    expect(answer).toMatchObject({ state: 'moved', otherAccountId: to });
    expect(events).toEqual([]);
    expect(await heldBy(to)).toMatchObject([{ id: endpointId, accountId: to, label: '' }]);
    for (const side of [from, to]) {
      expect(await noticesOf(side)).toMatchObject([
        { action: 'endpoints.transfer', actorId: 'above', type: 'endpoints.transferred' },
      ]);
      // Neither is told of the other (C1).
      expect((await find(side, answer.id)).answer).not.toHaveProperty('otherAccountId');
    }
  });

  test('an account gives to one below it at once, and is not named there', async () => {
    const child = await harness.database.addChild(acme, 'Child');
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer, events } = await transfer(acme, { endpointId, toAccountId: child });
    expect(answer.state).toBe('moved');
    expect(events).toMatchObject([{ event: 'transferred', payload: { direction: 'outgoing' } }]);
    expect((await find(child, answer.id)).answer).not.toHaveProperty('otherAccountId');
    expect(JSON.stringify(await noticesOf(child))).not.toContain(acme);
  });

  test('what goes up is offered, and so is what one above gives away from below', async () => {
    const child = await harness.database.addChild(acme, 'Child');
    const { id: endpointId } = await harness.allocate(child, number);
    const { answer: up } = await transfer(child, { endpointId, toAccountId: acme });
    expect(up.state).toBe('offered');
    await decide(child, up.id, 'withdrawn');
    const { answer: away } = await transfer(acme, { endpointId, toAccountId: other });
    expect(away.state).toBe('offered');
    expect((await noticesOf(child)).at(-1)).toMatchObject({ actorId: 'above' });
    await decide(other, away.id, 'accepted');
    expect(await heldBy(other)).toMatchObject([{ id: endpointId }]);
  });

  test('a user moves to no account that has one of the name, and then nothing of it is kept', async () => {
    const child = await harness.database.addChild(acme, 'Child');
    await harness.allocate(child, 'user:bob');
    const { id: endpointId } = await harness.allocate(acme, 'user:bob');
    await expect(transfer(acme, { endpointId, toAccountId: child })).rejects.toMatchObject(
      refusal(409, 'endpoints.identifier_taken'),
    );
    expect((await harness.call(acme, ['endpointTransfers', 'list'])).answer.items).toEqual([]);
    expect(await heldBy(acme)).toMatchObject([{ id: endpointId }]);
  });

  test('an open offer ends when the endpoint goes another way', async () => {
    const child = await harness.database.addChild(acme, 'Child');
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    await transfer(acme, { endpointId, toAccountId: child });
    await expect(decide(other, offer.id, 'accepted')).rejects.toMatchObject(
      refusal(409, 'endpoints.transfer_ended'),
    );
  });
});

describe('endpointTransfers.list and get', () => {
  test('endpointTransfers.list 200: the newest first, by direction, page by page', async () => {
    const made = [];
    for (const name of ['user:a', 'user:b', 'user:c']) {
      const { id: endpointId } = await harness.allocate(acme, name);
      made.unshift((await transfer(acme, { endpointId, toAccountId: other })).answer);
    }
    const list = async (accountId: string, request: Record<string, unknown>) =>
      (await harness.call(accountId, ['endpointTransfers', 'list'], request)).answer;
    expect((await list(acme, { direction: 'outgoing' })).items).toEqual(made);
    expect((await list(acme, { direction: 'incoming' })).items).toEqual([]);
    expect((await list(acme, { endpointId: made[1]?.endpointId })).items).toEqual([made[1]]);
    const first = await list(other, { limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(made.slice(0, 2).map(({ id }) => id));
    expect((await list(other, { limit: 2, cursor: first.nextCursor })).items).toHaveLength(1);
  });

  test('endpointTransfers.get 200: one that is read by its id, by its two sides and by nobody else', async () => {
    const { id: endpointId } = await harness.allocate(acme, number);
    const { answer: offer } = await transfer(acme, { endpointId, toAccountId: other });
    expect((await find(acme, offer.id)).answer).toEqual(offer);
    const third = (await harness.database.signUp('Third')).accountId;
    await expect(find(third, offer.id)).rejects.toMatchObject(refusal(404, 'resource.unknown'));
    await expect(decide(third, offer.id, 'accepted')).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });
});
