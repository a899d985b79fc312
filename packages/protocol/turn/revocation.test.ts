import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { method } from '../stun/message.ts';
import { isRevoked, type Resolution, type RevocationScope } from './grant.ts';
import { codeOf, udpTransport } from './testing/client-session.ts';
import { at, createRelayWorld, grantOf, limitOf } from './testing/relay-world.ts';

const grant = grantOf({
  credentialId: 'crd_narrowed',
  credentialPrefixIds: ['crd_root', 'crd_narrowed'],
  sessionId: 'ses_a',
  // Its use is counted by the platform: one more answer to wait for.
  limits: [limitOf({ kind: 'uses', max: 9 })],
});
const reaching: readonly RevocationScope[] = [
  { credentialId: 'crd_narrowed' },
  { credentialId: 'crd_root' },
  { keyId: 'key_a' },
  { accountId: 'acc_a' },
  { sessionId: 'ses_a' },
];
const missing: readonly RevocationScope[] = [
  { credentialId: 'crd_other' },
  { keyId: 'key_b' },
  { accountId: 'acc_b' },
  { sessionId: 'ses_b' },
];
type Step = RevocationScope | 'allocate' | 'resolve' | 'count' | 'wait';

/**
 * The relay with a slow platform, step by step. What the platform answers it read when it was asked, as a revocation
 * may come between; asked after a revocation that reaches the grant, it refuses.
 */
function run(steps: readonly Step[]) {
  const world = createRelayWorld({ isPlatformSlow: true });
  const clients: ReturnType<typeof world.client>[] = [];
  let isRevokedAtPlatform = false;
  let handled = 0;
  const toResolve: Resolution[] = [];
  const toCount: string[] = [];
  const note = () => {
    for (const action of world.actions.slice(handled)) {
      if (action.type === 'resolveCredential')
        toResolve.push(
          isRevokedAtPlatform
            ? { ok: false, code: 401, reason: 'credential.revoked' }
            : { ok: true, password: 'secret', grant },
        );
      if (action.type === 'countUse') toCount.push(action.allocationId);
    }
    handled = world.actions.length;
  };
  for (const step of steps) {
    if (step === 'allocate') {
      const client = world.client(at('81.2.69.1', 1_000 + clients.length));
      client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
      client.request(method.allocate, [udpTransport]);
      clients.push(client);
    } else if (step === 'resolve') {
      const resolution = toResolve.shift();
      if (resolution !== undefined) world.perform(world.core.resolved('ann', resolution, world.nowMs));
    } else if (step === 'count') {
      const id = toCount.shift();
      if (id !== undefined) world.perform(world.core.useCounted(id, { ok: true }, world.nowMs));
    } else if (step === 'wait') world.pass(700);
    else {
      isRevokedAtPlatform ||= isRevoked(grant, step);
      world.perform(world.core.revoke(step, 'It was revoked.', world.nowMs));
    }
    note();
  }
  const refreshed = () =>
    clients.filter((client) => {
      const answer = client.request(method.refresh);
      return answer !== undefined && codeOf(answer) === 0;
    }).length;
  return { world, refreshed };
}

describe('a revocation beside the questions that are open (ACC-7, POL-5)', () => {
  it.each(reaching)('one that comes while the credential is being resolved lets nobody in: %o', (scope) => {
    const { world, refreshed } = run(['allocate', 'allocate', scope, 'resolve', 'count', 'count']);
    expect([world.core.allocationCount, refreshed()]).toEqual([0, 0]);
  });
  it.each(missing)('one of somebody else changes nothing: %o', (scope) => {
    const { world, refreshed } = run(['allocate', scope, 'resolve', scope, 'count']);
    expect([world.core.allocationCount, refreshed()]).toEqual([1, 1]);
  });
  it('in no order of requests, answers and revocations does anything of a revoked grant live', () => {
    const step = fc.oneof(
      fc.constantFrom<Step>('allocate', 'resolve', 'count', 'wait'),
      fc.constantFrom<Step>(...missing),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.constantFrom(...reaching),
        fc.array(step, { maxLength: 20 }),
        (before, scope, after) => {
          const { world, refreshed } = run([...before, scope, ...after]);
          expect([world.core.allocationCount, refreshed()]).toEqual([0, 0]);
        },
      ),
      { numRuns: 500 },
    );
  });
  it('more revocations than are remembered leave the answer unsure, and nobody in', () => {
    const flood = Array.from({ length: 10_001 }, (): Step => ({ keyId: 'key_b' }));
    const { world } = run(['allocate', { keyId: 'key_a' }, ...flood, 'resolve', 'count']);
    expect(world.core.allocationCount).toBe(0);
  });
  it('an account that goes on serves again at once: only what was asked before is refused', () => {
    const world = createRelayWorld();
    world.perform(world.core.revoke({ accountId: 'acc_a' }, 'The account is suspended.', world.nowMs));
    expect(codeOf(world.client().allocate())).toBe(0);
  });
});
