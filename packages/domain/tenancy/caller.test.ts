import type { Actor } from '@patchbay/kit/definition';
import { expect, test } from 'vitest';
import type { CataloguedOperation } from './access.ts';
import { callerAlong } from './caller.ts';
import type { TenancyPorts } from './ports.ts';
import type { Grant } from './reach.ts';

const chain = ['acc_platform', 'acc_a', 'acc_g1', 'acc_g2'];
const setting: CataloguedOperation = {
  owner: 'policy',
  operation: 'set',
  access: 'administer',
  isRead: false,
};

/** At which account above the last of the chain somebody speaks, and from where on they see it. */
async function speaks(actor: Actor, grants: readonly Grant[] = [], along: readonly string[] = chain) {
  const ports = {
    people: { grantsOf: async () => grants },
    keys: { find: async () => ({ scopes: ['*'] }) },
  } as unknown as Pick<TenancyPorts, 'people' | 'keys'>;
  const { speakerAbove, visibleChain } = await callerAlong(along, actor, ports);
  return [speakerAbove(setting), visibleChain[0]];
}

const person: Actor = { kind: 'user', userId: 'usr_1' };
const keyAt = (accountId: string): Actor => ({ kind: 'key', keyId: 'key_1', accountId });

test('somebody speaks as the highest account at which they may do it, which is not always the highest that they see', async () => {
  const viewer: Grant = { accountId: 'acc_a', role: 'viewer' };
  const admin: Grant = { accountId: 'acc_g1', role: 'admin' };
  expect(await speaks(person, [viewer, admin])).toEqual(['acc_g1', 'acc_a']);
  expect(await speaks(person, [admin, { ...admin, accountId: 'acc_a' }])).toEqual(['acc_a', 'acc_a']);
});

test('who may do it at the account alone, or nowhere, speaks for nobody above', async () => {
  const viewer: Grant = { accountId: 'acc_a', role: 'viewer' };
  expect(await speaks(person, [viewer, { accountId: 'acc_g2', role: 'owner' }])).toEqual([
    undefined,
    'acc_a',
  ]);
  expect(await speaks(person, [viewer])).toEqual([undefined, 'acc_a']);
  expect(await speaks(person)).toEqual([undefined, undefined]);
});

test('who has a role at the account itself as well speaks as it, too: after those above, and only to do what that role lets them', async () => {
  const admin: Grant = { accountId: 'acc_a', role: 'admin' };
  const ports = (grants: readonly Grant[]) =>
    ({ people: { grantsOf: async () => grants } }) as unknown as Pick<TenancyPorts, 'people' | 'keys'>;
  const speakers = async (...grants: readonly Grant[]) =>
    (await callerAlong(chain, person, ports(grants))).speakers(setting);
  const between = ['acc_a', 'acc_g1'];
  expect(await speakers(admin)).toEqual(between);
  expect(await speakers(admin, { ...admin, accountId: 'acc_g2' })).toEqual([...between, 'acc_g2']);
  // By a role there that looks, or may do other things, nobody speaks as the account.
  expect(await speakers(admin, { accountId: 'acc_g2', role: 'developer' })).toEqual(between);
  expect(await speakers(admin, { ...admin, accountId: 'acc_g1' })).toEqual(between);
  expect(await speakers({ ...admin, accountId: 'acc_g2' })).toEqual(['acc_g2']);
});

test('a key speaks as the account that it is of, and at that account as no other', async () => {
  expect(await speaks(keyAt('acc_g1'))).toEqual(['acc_g1', 'acc_g1']);
  expect(await speaks(keyAt('acc_g2'))).toEqual([undefined, 'acc_g2']);
});

test('the platform speaks as its own account, and there as no other; who comes with a credential speaks for nobody', async () => {
  expect(await speaks({ kind: 'platform' })).toEqual(['acc_platform', 'acc_platform']);
  expect(await speaks({ kind: 'platform' }, [], ['acc_platform'])).toEqual([undefined, 'acc_platform']);
  const credential = { kind: 'credential', accountId: 'acc_g2' } as unknown as Actor;
  expect(await speaks(credential)).toEqual([undefined, 'acc_g2']);
});
