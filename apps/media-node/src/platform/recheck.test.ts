import { until } from '@patchbay/testing/raw-turn-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { Recheck } from './recheck.ts';
import type { AccountSnapshot, KeySnapshot, Lookup } from './snapshots.ts';

let asked: string[];
let ended: string[];
let runningCount: number;
let runningCountMax: number;
/** How many questions more nobody answers. */
let awayCount: number;
let reviewed: string[];
/** How many reviews more nobody can finish. */
let unsureCount: number;
let recheck: Recheck;

const stateOf = (id: string) =>
  (['suspended', 'closed'] as const).find((state) => id.includes(state)) ?? 'active';
const snapshotOf = (id: string) => ({
  keyId: id,
  accountId: `acc_of_${id}`,
  isRevoked: id.includes('revoked'),
  chain: [
    { id: 'acc_platform', state: 'active' },
    { id: `acc_of_${id}`, state: stateOf(id) },
  ],
});
async function answer<Snapshot>(id: string): Promise<Lookup<Snapshot>> {
  asked.push(id);
  runningCountMax = Math.max(runningCountMax, ++runningCount);
  await new Promise((resolve) => setTimeout(resolve, 2));
  runningCount--;
  if (awayCount > 0) {
    awayCount--;
    return { kind: 'away' };
  }
  if (id.includes('gone')) return { kind: 'unknown' };
  return { kind: 'known', snapshot: snapshotOf(id) as Snapshot };
}

beforeEach(() => {
  [asked, ended, runningCount, runningCountMax, awayCount] = [[], [], 0, 0, 0];
  [reviewed, unsureCount] = [[], 0];
  recheck = new Recheck({
    snapshots: { keys: { get: answer<KeySnapshot> }, accounts: { get: answer<AccountSnapshot> } },
    revoker: () => ({
      revokeKey: (id) => ended.push(`key ${id}`),
      stopAccount: (id, code) => ended.push(`${code} ${id}`),
      reviewAccount: async (id) => {
        reviewed.push(id);
        return reviewed.length > unsureCount;
      },
    }),
    pause: async () => undefined,
  });
});

describe('what changed is looked at again (POL-5)', () => {
  it('what runs of an account that may go on is held to its configuration by now, until that is done', async () => {
    unsureCount = 2;
    recheck.look([], ['acc_1', 'acc_suspended', 'acc_gone']);
    await until(() => reviewed.length === 3, 'the account was reviewed until it was answered');
    expect(reviewed).toEqual(['acc_1', 'acc_1', 'acc_1']);
  });

  it('what may not go on is ended, the rest is left alone', async () => {
    recheck.look(
      ['key_1', 'key_revoked', 'key_gone', 'key_suspended'],
      ['acc_gone', 'acc_suspended', 'acc_closed', 'acc_1'],
    );
    await until(() => asked.length === 8 && runningCount === 0, 'all were looked at');
    expect(ended.sort()).toEqual([
      'account.suspended acc_of_acc_suspended',
      'account.suspended acc_of_key_suspended',
      'key key_gone',
      'key key_revoked',
      'tenancy.account_closed acc_gone',
      'tenancy.account_closed acc_of_acc_closed',
    ]);
  });
  it('the last of two thousand is not kept waiting by the others: so many are asked at once, and no more', async () => {
    recheck.look(
      Array.from({ length: 2_000 }, (_, index) => (index === 1_999 ? 'key_suspended' : `key_${index}`)),
      [],
    );
    await until(() => ended.length === 1, 'the last one was looked at');
    expect(runningCountMax).toBe(32);
  });
  it('what nobody could answer is asked again until somebody does', async () => {
    awayCount = 50;
    recheck.look(['key_suspended'], []);
    await until(() => ended.length === 1, 'it was answered');
    expect(asked).toHaveLength(51);
  });
  it('what is named twice while it waits is asked once, and nothing is asked after the stop', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `key_${index}`);
    recheck.look(many, []);
    recheck.look(many.slice(50), []);
    await until(() => asked.length >= 100 && runningCount === 0, 'all were looked at');
    expect(asked).toHaveLength(100);
    awayCount = Number.POSITIVE_INFINITY;
    recheck.look(many, []);
    recheck.stop();
    await until(() => runningCount === 0, 'what was under way ended');
    expect(asked).toHaveLength(132);
  });
});
