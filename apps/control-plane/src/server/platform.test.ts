import { expect, test } from 'vitest';
import { createPlatform, type PlatformParts } from './platform.ts';

function countingPlatform() {
  const asked = { signIn: 0, chain: 0, grants: 0 };
  const parts: Pick<PlatformParts, 'signIns' | 'viewOf' | 'chainOf' | 'grantsOf' | 'nowMs'> = {
    signIns: {
      check: async () => {
        asked.signIn++;
        return { userId: 'usr_1', name: 'Ada', email: 'ada@example.com', expiresAt: new Date() };
      },
    } as unknown as PlatformParts['signIns'],
    viewOf: async () => undefined,
    chainOf: async (accountId) => {
      asked.chain++;
      return [{ id: accountId, state: 'active' }];
    },
    grantsOf: async () => {
      asked.grants++;
      return [{ accountId: 'acc_1', role: 'viewer' }];
    },
    nowMs: () => 0,
  };
  return { asked, platform: createPlatform(parts as PlatformParts) };
}

async function request(platform: ReturnType<typeof countingPlatform>['platform'], calls: number) {
  const evidence = { kind: 'signIn', signInSessionId: 'sin_1' } as const;
  return await Promise.all(
    Array.from({ length: calls }, async () => {
      const principal = await platform.authenticate(evidence, '192.0.2.1');
      return principal && (await platform.reach(principal, 'acc_1'));
    }),
  );
}

test('the calls of one request ask once who is calling and how far it reaches', async () => {
  const { asked, platform } = countingPlatform();
  const reaches = await request(platform, 8);
  expect(reaches.every((reach) => reach?.grants[0]?.role === 'viewer')).toBe(true);
  expect(asked).toEqual({ signIn: 1, chain: 1, grants: 1 });
});

test('the next request asks anew: a role that was taken holds no longer', async () => {
  const { asked, platform } = countingPlatform();
  await request(platform, 2);
  await request(platform, 2);
  expect(asked).toEqual({ signIn: 2, chain: 2, grants: 2 });
});

test('a view that ends while somebody is asked for is never a session without its bounds (PRD-3)', async () => {
  let isOver = false;
  const viewing = { accountId: 'acc_1', accountName: 'Below', endsAt: new Date(1) };
  const parts = {
    signIns: {
      check: async () => {
        const user = isOver ? undefined : { userId: 'usr_1', name: 'Ada' };
        // It ends between the two questions, whichever comes first.
        isOver = true;
        return user;
      },
    },
    viewOf: async () => (isOver ? undefined : viewing),
    nowMs: () => 0,
  } as unknown as PlatformParts;
  const evidence = { kind: 'signIn', signInSessionId: 'sin_1' } as const;
  const principal = await createPlatform(parts).authenticate(evidence, '192.0.2.1');
  expect(principal === undefined || principal.actor).toMatchObject({ viewing });
});
