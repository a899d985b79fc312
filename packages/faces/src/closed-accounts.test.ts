import {
  CHILD_ACCOUNT,
  createApiHarness,
  GRANDCHILD_ACCOUNT,
  PARENT_ACCOUNT,
} from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';
import { dispatch } from './dispatch.ts';
import { type MountedOperation, mountedOperations } from './mounted.ts';

const person = 'usr_of_child';
const { platform } = createApiHarness({
  states: { [CHILD_ACCOUNT]: 'closed' },
  people: { [person]: { accountId: CHILD_ACCOUNT, role: 'owner' } },
});

/** The code that a call ends with, if any; of what is let through, whatever its handler makes of an empty request. */
async function codeOf(mounted: MountedOperation, { as, at }: { readonly as: string; readonly at: string }) {
  const principal = await platform.authenticate({ kind: 'bearer', token: as }, undefined);
  if (principal === undefined) throw new Error(`Nobody is ${as}.`);
  const call = {
    ...{ mounted, principal, accountId: at, request: {}, requestId: 'req_1', responseHeaders: new Headers() },
    ...{ signal: AbortSignal.timeout(10_000), onSubject: () => {} },
  };
  const error = await dispatch(platform, call).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { fields?: { code?: string } } | undefined)?.fields?.code;
}

const nameOf = ({ group, name }: MountedOperation) => `${group}.${name}`;
const atAccounts = mountedOperations.filter(({ mount }) => mount === 'account');
const changes = atAccounts.filter(({ operation }) => operation.method !== 'GET');
const isTrial = ({ operation }: MountedOperation) => operation.isTrial === true;

async function refusedOf(operations: readonly MountedOperation[], who: { as: string; at: string }) {
  const codes = await Promise.all(operations.map((mounted) => codeOf(mounted, who)));
  return operations.filter((_, index) => codes[index] === 'tenancy.account_closed').map(nameOf);
}

test('at a closed account, and below it, whoever is above changes what settles, frees or hands out, and nothing else (ACC-2)', async () => {
  for (const at of [CHILD_ACCOUNT, GRANDCHILD_ACCOUNT]) {
    const refused = new Set(await refusedOf(changes, { as: PARENT_ACCOUNT, at }));
    const allowed = changes.filter((mounted) => !refused.has(nameOf(mounted)) && !isTrial(mounted));
    expect(allowed.map(nameOf).toSorted()).toEqual([
      'accounts.move',
      'accounts.update',
      'balances.refund',
      'brandHosts.remove',
      'collectedTaxes.sendAgain',
      'credentials.revoke',
      'credits.give',
      'credits.takeBack',
      'endpoints.release',
      'endpoints.transfer',
      'erasures.create',
      'erasures.update',
      'exports.create',
      'exports.createLink',
      'exports.remove',
      'keys.revoke',
      'payouts.sendAgain',
      'payouts.setUp',
      'retention.set',
      'ssoDomains.remove',
      'statements.refund',
      'statements.void',
      'team.remove',
      'testPayments.create',
      'views.end',
      'views.start',
    ]);
  }
});

test('what an account that is closed made itself reads nothing any more; its people and whoever is above read on (ACC-2)', async () => {
  const reads = atAccounts.filter(({ operation }) => operation.method === 'GET');
  const at = CHILD_ACCOUNT;
  expect(await refusedOf(atAccounts, { as: CHILD_ACCOUNT, at })).toEqual(atAccounts.map(nameOf));
  for (const as of [person, PARENT_ACCOUNT]) expect(await refusedOf(reads, { as, at })).toEqual([]);
});

test('the refusal names the closed account to who sees it, and to nobody else', async () => {
  const harness = createApiHarness({ states: { [CHILD_ACCOUNT]: 'closed' } });
  const path = (id: string) => `/v1/accounts/${id}/webhooks`;
  const body = { url: 'https://receiver.example/' };
  expect(await harness.call('POST', path(CHILD_ACCOUNT), { body })).toMatchObject({
    status: 403,
    body: { code: 'tenancy.account_closed', rule: 'account.state', level: CHILD_ACCOUNT },
  });
  const below = await harness.call('POST', path(GRANDCHILD_ACCOUNT), { as: GRANDCHILD_ACCOUNT, body });
  expect(below).toMatchObject({ status: 403, body: { code: 'tenancy.account_closed', level: 'account' } });
  expect(JSON.stringify(below.body)).not.toContain(CHILD_ACCOUNT);
});
