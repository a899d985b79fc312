import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { limitStore } from '@patchbay/adapters/spending/limit-store';
import type { Actor } from '@patchbay/kit/definition';
import { domainContext } from '@patchbay/testing/domain-context';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { spending } from '../spending/definition.ts';
import { handlers as spendingHandlers } from '../spending/handlers.ts';
import type { SpendingPorts } from '../spending/ports.ts';
import { callerAlong } from './caller.ts';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

const { spendingLimits } = spendingHandlers;

let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
});

describe('accounts', () => {
  test('accounts.get 200: nothing above what the caller reaches is told (C3)', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const grandchildId = await database.addChild(childId, 'Grandchild');
    const asked = async (as: Actor, at: string) => (await call('accounts', 'get', { as, at })).answer;
    expect(await asked(owner.asOwner, grandchildId)).toMatchObject({
      id: grandchildId,
      parentId: childId,
      depth: 2,
      childCount: 0,
      state: 'active',
      ancestors: [
        { id: owner.accountId, name: 'Acme' },
        { id: childId, name: 'Child' },
      ],
    });
    expect(await asked(owner.asOwner, owner.accountId)).toMatchObject({ ancestors: [], childCount: 1 });
    const ofChild = (await owner.createKey(['*'], { accountId: childId })).actor;
    const top = await asked(ofChild, childId);
    expect(top).toMatchObject({ id: childId, ancestors: [] });
    expect(top.parentId).toBeUndefined();
    // Nor how many are above (PRD-2).
    expect(top).toMatchObject({ depth: 0, isPlatform: false });
    expect(top.topAccountId).toBeUndefined();
    expect(await asked(owner.asOwner, childId)).toMatchObject({ depth: 1, topAccountId: owner.accountId });
    expect(await asked(ofChild, grandchildId)).toMatchObject({ ancestors: [{ id: childId, name: 'Child' }] });
  });

  test('accounts.list 200: children or all descendants, in the order of their creation, page by page', async () => {
    const ids: string[] = [];
    for (const name of ['A', 'B', 'C']) ids.push(await database.addChild(owner.accountId, name));
    const deepId = await database.addChild(ids[1] ?? '', 'Deep');
    const list = async (request: Readonly<Record<string, unknown>>) => {
      const { items, nextCursor } = (await call('accounts', 'list', { request })).answer;
      return { ids: items.map(({ id }: { id: string }) => id), nextCursor };
    };
    expect((await list({})).ids).toEqual(ids);
    expect((await list({ depth: 'descendants' })).ids).toEqual([...ids, deepId]);
    const first = await list({ limit: 2 });
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, cursor: first.nextCursor })).toEqual({
      ids: ids.slice(2),
      nextCursor: undefined,
    });
  });

  test('accounts.create 200: the account has the currency of its tree and is found by its externalId', async () => {
    const request = { name: 'Customer', externalId: 'crm_42', timeZone: 'Europe/Berlin' };
    const { answer, audited, events } = await call('accounts', 'create', { request });
    expect(answer).toMatchObject({ name: 'Customer', currency: 'EUR', parentId: owner.accountId, depth: 1 });
    expect(audited).toEqual([{ target: answer.id, after: answer }]);
    expect(events).toEqual([
      { event: 'account.created', payload: { accountId: answer.id, parentId: owner.accountId } },
    ]);
    const found = (await call('accounts', 'list', { request: { externalId: 'crm_42' } })).answer;
    expect(found.items).toEqual([answer]);
  });

  test('accounts.create 409: an externalId is one account’s below the same parent', async () => {
    const request = { name: 'Customer', externalId: 'crm_1' };
    await call('accounts', 'create', { request });
    await expect(call('accounts', 'create', { request })).rejects.toMatchObject(
      refusal(409, 'tenancy.external_id_taken'),
    );
    const childId = await database.addChild(owner.accountId, 'Other parent');
    await expect(call('accounts', 'create', { at: childId, request })).resolves.toBeDefined();
  });

  test('accounts.create 422: a time zone that does not exist is refused', async () => {
    await expect(
      call('accounts', 'create', { request: { name: 'X', timeZone: '+02:00' } }),
    ).rejects.toMatchObject(refusal(422, 'tenancy.time_zone_unknown'));
  });

  test('accounts.create 403: nothing grows below a suspended account', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    await database.suspend(owner.accountId);
    await expect(call('accounts', 'create', { at: childId, request: { name: 'X' } })).rejects.toMatchObject(
      refusal(403, 'account.suspended'),
    );
  });

  test('accounts.update 200: before and after are on record, and a new state is told', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const request = { name: 'Renamed', state: 'suspended', externalId: 'x1' };
    const { answer, audited, events } = await call('accounts', 'update', { at: childId, request });
    expect(answer).toMatchObject({ name: 'Renamed', state: 'suspended', effectiveState: 'suspended' });
    const { suspension, ...after } = answer;
    expect(suspension).toEqual({ isFromAbove: true, isYours: true, mayResume: true });
    expect(audited).toEqual([
      { target: childId, before: expect.objectContaining({ name: 'Child', state: 'active' }), after },
    ]);
    expect(events).toEqual([
      { event: 'account.changed', payload: { accountId: childId } },
      { event: 'account.state-changed', payload: { accountId: childId, state: 'suspended' } },
    ]);
    const resumed = await call('accounts', 'update', { at: childId, request: { state: 'active' } });
    expect(resumed.answer).toMatchObject({ effectiveState: 'active' });
    // One change is told of once: its state is nothing else of it.
    expect(resumed.events).toEqual([
      { event: 'account.state-changed', payload: { accountId: childId, state: 'active' } },
    ]);
    const unchanged = await call('accounts', 'update', { at: childId, request: { name: 'Renamed' } });
    expect(unchanged.events).toEqual([]);
    const renamed = await call('accounts', 'update', { at: childId, request: { name: 'Again' } });
    expect(renamed.events).toEqual([{ event: 'account.changed', payload: { accountId: childId } }]);
  });

  test('accounts.update 403: a suspended account does not resume itself, and the platform cannot be closed', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const { actor } = await owner.createKey(['*'], { accountId: childId });
    const itself = { state: 'suspended', force: true };
    await call('accounts', 'update', { at: childId, as: actor, request: itself });
    await expect(
      call('accounts', 'update', { at: childId, as: actor, request: { state: 'active' } }),
    ).rejects.toMatchObject(refusal(403, 'policy.refused'));
    await expect(
      call('accounts', 'update', {
        at: database.platformId,
        as: { kind: 'platform' },
        request: { state: 'closed' },
      }),
    ).rejects.toMatchObject(refusal(403, 'policy.refused'));
  });

  test('accounts.update 409: a closed account stays closed and as it is, and an externalId that is taken stays where it is', async () => {
    const [first, second] = [
      await database.addChild(owner.accountId, 'A'),
      await database.addChild(owner.accountId, 'B'),
    ];
    await call('accounts', 'update', { at: first, request: { externalId: 'same' } });
    await expect(
      call('accounts', 'update', { at: second, request: { externalId: 'same' } }),
    ).rejects.toMatchObject(refusal(409, 'tenancy.external_id_taken'));
    await call('accounts', 'update', { at: first, request: { state: 'closed' } });
    const below = await database.addChild(first, 'Below');
    for (const at of [first, below])
      for (const request of [{ state: 'active' }, { name: 'New' }, { state: 'closed', name: 'New' }, {}])
        await expect(call('accounts', 'update', { at, request })).rejects.toMatchObject(
          refusal(403, 'tenancy.account_closed'),
        );
    // Whoever is above may say so of it as well.
    const closed = { request: { state: 'closed' } };
    expect((await call('accounts', 'update', { at: first, ...closed })).answer.state).toBe('closed');
    expect((await call('accounts', 'update', { at: below, ...closed })).answer.state).toBe('closed');
  });

  test('an externalId is free again once its account is closed, or said to have none', async () => {
    const create = async (externalId: string) =>
      (await call('accounts', 'create', { request: { name: 'Customer', externalId } })).answer;
    const [closed, bare] = [await create('crm_7'), await create('crm_8')];
    await call('accounts', 'update', { at: closed.id, request: { state: 'closed' } });
    const { answer, audited } = await call('accounts', 'update', {
      at: bare.id,
      request: { externalId: null },
    });
    expect(answer).not.toHaveProperty('externalId');
    expect(audited).toMatchObject([{ before: { externalId: 'crm_8' } }]);
    for (const externalId of ['crm_7', 'crm_8']) await create(externalId);
    // What is closed keeps the name that it had, so that it is found by it.
    const found = (await call('accounts', 'list', { request: { externalId: 'crm_7' } })).answer.items;
    expect(found.map(({ state }) => state).sort()).toEqual(['active', 'closed']);
    await expect(create('crm_7')).rejects.toMatchObject(refusal(409, 'tenancy.external_id_taken'));
  });

  test('accounts.update 422: an account stops itself only where it says that it means to, for it cannot take that back', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const { actor } = await owner.createKey(['*'], { accountId: childId });
    for (const state of ['suspended', 'closed'])
      await expect(
        call('accounts', 'update', { at: childId, as: actor, request: { state } }),
      ).rejects.toMatchObject(refusal(422, 'tenancy.stops_itself'));
    expect((await call('accounts', 'get', { at: childId })).answer).toMatchObject({ state: 'active' });
    await call('accounts', 'update', { at: childId, request: { state: 'suspended' } });
  });

  test('accounts.update 422: a time zone that does not exist is refused', async () => {
    await expect(call('accounts', 'update', { request: { timeZone: 'Nowhere' } })).rejects.toMatchObject(
      refusal(422, 'tenancy.time_zone_unknown'),
    );
  });
});

describe('suspensions of several accounts above (ACC-2)', () => {
  /** From the owner's account down, with a key of each: the last is who it is about. */
  let chain: readonly { readonly id: string; readonly actor: Actor }[];
  const at = (depth: number) => {
    const found = chain[depth];
    if (found === undefined) throw new RangeError(`Nobody is at ${depth}.`);
    return found;
  };
  const keyed = async (id: string) => ({
    id,
    actor: (await owner.createKey(['*'], { accountId: id })).actor,
  });
  beforeEach(async () => {
    const ids = [owner.accountId];
    for (const name of ['Middle', 'Lower', 'Leaf']) ids.push(await database.addChild(ids.at(-1) ?? '', name));
    chain = await Promise.all(ids.map(keyed));
  });
  const say = (depth: number, state: string, force = true) =>
    call('accounts', 'update', { as: at(depth).actor, at: at(3).id, request: { state, force } });
  const read = async (depth: number) =>
    (await call('accounts', 'get', { as: at(depth).actor, at: at(3).id })).answer;

  test('accounts.update 403: an account between does not make active what one above it suspended, and nothing of its request is done', async () => {
    await say(0, 'suspended');
    const request = { state: 'active', name: 'Mine' };
    await expect(
      call('accounts', 'update', { as: at(1).actor, at: at(3).id, request }),
    ).rejects.toMatchObject(refusal(403, 'tenancy.suspended_above'));
    expect(await read(1)).toMatchObject({
      name: 'Leaf',
      state: 'suspended',
      suspension: { isFromAbove: true, isYours: false, mayResume: false },
    });
    const listed = await call('accounts', 'list', { as: at(2).actor, at: at(2).id });
    expect(listed.answer.items).toMatchObject([{ suspension: { isYours: false, mayResume: false } }]);
    expect((await say(0, 'active')).answer).toMatchObject({ state: 'active' });
    expect(await read(0)).not.toHaveProperty('suspension');
  });

  test('accounts.update 200: who is above suspends what one below it suspended already, and only then it is theirs to take back', async () => {
    await say(2, 'suspended');
    const second = await say(1, 'suspended');
    // The state is the same, so nothing is told; whose word it is now is on record.
    expect(second.events).toEqual([]);
    expect(second.audited).toMatchObject([
      {
        before: { state: 'suspended', suspendedByActor: false },
        after: { state: 'suspended', suspendedByActor: true },
      },
    ]);
    expect((await say(1, 'suspended')).audited[0]?.after).not.toHaveProperty('suspendedByActor');
    await expect(say(2, 'active')).rejects.toMatchObject(refusal(403, 'tenancy.suspended_above'));
    const listed = await call('accounts', 'list', { at: at(1).id, request: { depth: 'descendants' } });
    expect(listed.answer.items.at(-1)?.suspension).toEqual({
      isFromAbove: true,
      isYours: false,
      mayResume: true,
    });
    // What was said below goes with it: nobody there can still mean it.
    expect((await say(0, 'active')).answer).toMatchObject({ state: 'active' });
  });

  test('an account that is suspended stays so when it says so without meaning it, and with, beside those above', async () => {
    await say(0, 'suspended');
    await say(3, 'suspended', false);
    expect((await read(3)).suspension).toEqual({ isFromAbove: true, isYours: false, mayResume: false });
    await say(3, 'suspended');
    expect((await read(3)).suspension).toEqual({ isFromAbove: true, isYours: true, mayResume: false });
    await say(0, 'active');
    expect(await read(3)).toMatchObject({ state: 'active' });
  });

  test('who may only read is told that it is suspended from above, and not that they can resume it', async () => {
    await say(0, 'suspended');
    const { actor } = await owner.createKey(['accounts:read'], { accountId: at(0).id });
    const { answer } = await call('accounts', 'get', { as: actor, at: at(3).id });
    expect(answer.suspension).toEqual({ isFromAbove: true, isYours: false, mayResume: false });
  });

  test('of two above that say something at once, neither word is lost', async () => {
    await database.warmUp();
    await say(1, 'suspended');
    const said = (depth: number, state: string) =>
      atomically(database.prisma, () => say(depth, state)).catch((error: unknown) => error);
    for (let round = 0; round < 5; round++) {
      await Promise.all([said(1, 'active'), said(0, 'suspended')]);
      // Whichever was first: the higher word stands, and the lower speaker cannot have taken it.
      expect(await read(0)).toMatchObject({ state: 'suspended', suspension: { isYours: true } });
      await say(0, 'active');
      await say(1, 'suspended');
    }
  });

  test('the database takes no suspension by an account that is not above, and no state that passes over one', async () => {
    const suspended = (byId: string) =>
      database.ports.accounts.update({
        accountId: at(2).id,
        change: { suspensions: [{ byId, reason: 'said' }] },
      });
    await expect(suspended(at(3).id)).rejects.toThrow();
    await suspended(at(0).id);
    const written = (state: string, id: string) =>
      database.prisma.$transaction(async (sql) => {
        await sql.$queryRaw`SELECT set_config('patchbay.account_id', ${id}, true)`;
        await sql.account.updateMany({ where: { id }, data: { state } });
      });
    await expect(written('active', at(2).id)).rejects.toThrow();
    // As the release before wrote it: it is the parent's word.
    await written('suspended', at(3).id);
    await expect(say(3, 'active')).rejects.toMatchObject(refusal(403, 'policy.refused'));
    expect((await say(2, 'active')).answer).toMatchObject({ state: 'active' });
  });

  test('whatever is said in whatever order, an account is suspended by exactly those whose word nobody at or above them took back, and each setter has its own limits', async () => {
    const pool = createApplicationPool(database.applicationUrl, () => undefined);
    const limits = limitStore({ pool, catalogue: new Map(), nowMs: () => Date.now() });
    const limitsOf = async (depth: number, amounts: readonly number[]) => {
      const { context } = domainContext<typeof spending, 'spendingLimits', 'set'>(spending, {
        actor: at(depth).actor,
        chain: await database.chainOf(at(3).id),
      });
      const asked = amounts.map((amount, index) => ({
        per: (['day', 'month', 'total'] as const)[index] ?? 'total',
        amount: String(amount),
        sharesPercent: [],
        action: 'stop' as const,
      }));
      await spendingLimits.set(context, { limits: asked }, {
        limits,
        caller: (along, actor) => callerAlong(along, actor, database.ports),
        changed: async () => undefined,
      } as Pick<SpendingPorts, 'limits' | 'caller' | 'changed'> as SpendingPorts);
    };
    const step = fc.record({
      depth: fc.integer({ min: 0, max: 3 }),
      does: fc.oneof(
        fc.constantFrom('suspended' as const, 'active' as const),
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
      ),
    });
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), async (steps) => {
          const leaf = await keyed(await database.addChild(at(2).id, 'Leaf'));
          chain = [...chain.slice(0, 3), leaf];
          const suspendedBy = new Set<number>();
          const limited = new Map<number, readonly number[]>();
          for (const { depth, does } of steps) {
            if (typeof does !== 'string') {
              await limitsOf(depth, does);
              limited.set(depth, does);
            } else if (does === 'suspended') {
              await say(depth, does);
              suspendedBy.add(depth);
            } else {
              const isHeldAbove = [...suspendedBy].some((by) => by < depth);
              const isOwn = depth === 3 && suspendedBy.size > 0;
              const refused = await say(depth, does).then(
                () => false,
                () => true,
              );
              expect(refused).toBe(isHeldAbove || isOwn);
              if (!refused) suspendedBy.clear();
            }
            const { suspensions = [], state } =
              (await database.ports.accounts.find({ accountId: leaf.id })) ?? {};
            expect(state).toBe(suspendedBy.size > 0 ? 'suspended' : 'active');
            expect(new Set(suspensions.map(({ byId }) => chain.findIndex(({ id }) => id === byId)))).toEqual(
              suspendedBy,
            );
          }
          const stands = (await limits.standing(leaf.id)).limits.map(({ limit }) => [
            chain.findIndex(({ id }) => id === limit.setById),
            limit.amount,
          ]);
          const told = [...limited].flatMap(([depth, amounts]) =>
            amounts.map((amount) => [depth, BigInt(amount)]),
          );
          expect(stands.map(String).sort()).toEqual(told.map(String).sort());
        }),
        { numRuns: 5 },
      );
    } finally {
      await pool.end();
    }
  });
});
