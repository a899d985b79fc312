import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tenancy } from './definition.ts';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

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

describe('applications', () => {
  const create = async (name: string, instanceTypes: string[] = []) =>
    (await call('applications', 'create', { request: { name, instanceTypes } })).answer;

  test('applications.create 200: a name and its instance types (ACC-6)', async () => {
    const application = await create('Support', ['free', 'paid']);
    expect(application).toMatchObject({ name: 'Support', instanceTypes: ['free', 'paid'] });
  });

  test('applications.create 400: an instance type is named once', () => {
    const { create: creating, update: updating } = tenancy.resources.applications.operations;
    const instanceTypes = ['free', 'free'];
    for (const read of [
      creating.request.safeParse({ name: 'Support', instanceTypes }),
      updating.request.safeParse({ applicationId: createId('app'), instanceTypes }),
    ])
      expect(read.error?.issues).toMatchObject([
        { path: ['instanceTypes'], message: 'Name each instance type once.' },
      ]);
  });

  test('applications.create 403: a suspended account starts nothing new', async () => {
    await database.suspend(owner.accountId);
    await expect(create('Late')).rejects.toMatchObject(refusal(403, 'account.suspended'));
  });

  test('applications.list 200: those of this account alone', async () => {
    const mine = await create('Mine');
    const childId = await database.addChild(owner.accountId, 'Child');
    await database.ports.applications.create({ accountId: childId, name: 'Of the child', instanceTypes: [] });
    expect((await call('applications', 'list')).answer).toEqual({ items: [mine] });
    expect((await call('applications', 'get', { request: { applicationId: mine.id } })).answer).toEqual(mine);
  });

  test('applications.get 200: one that is read by its id', async () => {
    const mine = await create('Mine');
    expect((await call('applications', 'get', { request: { applicationId: mine.id } })).answer).toEqual(mine);
  });

  test('applications.update 200: what is not named stays', async () => {
    const before = await create('Support', ['free']);
    const request = { applicationId: before.id, name: 'Sales' };
    const { answer, audited, events } = await call('applications', 'update', { request });
    expect(answer).toEqual({ ...before, name: 'Sales' });
    expect(audited).toEqual([{ target: before.id, before, after: answer }]);
    const [applicationId, none] = [before.id, { addedInstanceTypes: [], removedInstanceTypes: [] }];
    expect(events).toEqual([{ event: 'application.changed', payload: { applicationId, ...none } }]);
    expect((await call('applications', 'update', { request })).events).toEqual([]);
    const typed = { applicationId, instanceTypes: ['paid'] };
    expect((await call('applications', 'update', { request: typed })).events).toMatchObject([
      { payload: { addedInstanceTypes: ['paid'], removedInstanceTypes: ['free'] } },
    ]);
  });

  test('applications.remove 200: it is gone, and is on record', async () => {
    const before = await create('Support');
    const { audited } = await call('applications', 'remove', { request: { applicationId: before.id } });
    expect(audited).toEqual([{ target: before.id, before }]);
    expect((await call('applications', 'list')).answer.items).toEqual([]);
  });

  test.each(['get', 'update', 'remove'] as const)(
    'applications.%s 404: an application of another account does not exist',
    async (operation) => {
      const other = await database.signUp('Other');
      const theirs = await database.ports.applications.create({
        accountId: other.accountId,
        name: 'Theirs',
        instanceTypes: [],
      });
      await expect(
        call('applications', operation, { request: { applicationId: theirs.id } }),
      ).rejects.toMatchObject(refusal(404, 'resource.unknown'));
      const { id: applicationId } = theirs;
      expect(await database.ports.applications.find({ accountId: other.accountId, applicationId })).toEqual(
        theirs,
      );
    },
  );
});
