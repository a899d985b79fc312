import type { InternalCall } from '@patchbay/domain/fleet/internal-api';
import { createId } from '@patchbay/kit/ids';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { expect, test } from 'vitest';
import { silentLog } from '../relay/memory-platform.ts';
import { ListedAddresses } from './listed-addresses.ts';
import { createRelayPlatform } from './relay-platform.ts';
import { resolverBench } from './resolver.testing.ts';
import { SessionRegister } from './session-register.ts';

const noSpool = {
  isFull: false,
  append: () => undefined,
  checkpoint: () => undefined,
  tick: async () => undefined,
};

/** A relay of which two tenants hold keys: A has a call. */
function twoTenants() {
  const [a, b] = [resolverBench(), resolverBench()];
  const client = {
    call: async (name: InternalCall) =>
      (name === 'sessionStanding' ? { standing: 'foreign' } : { items: [] }) as never,
  };
  const sessions = new SessionRegister({ client, pause: async () => undefined });
  const relayOf = ({ resolver }: typeof a) =>
    createRelayPlatform({
      listed: new ListedAddresses(),
      resolver,
      client,
      sessions,
      spool: noSpool,
      bare: {
        hear: () => undefined,
        recorded: () => undefined,
        sessionIdOf: () => undefined,
        openKeysOf: () => [],
      },
      claims: { claim: async () => undefined, confirm: () => undefined },
      lines: { hear: () => undefined },
      tell: () => undefined,
      log: silentLog,
    });
  const sessionId = createId('ses');
  const caveat: Restriction = { type: 'session', session: sessionId };
  return {
    sessionId,
    sessions,
    ofA: () => relayOf(a).resolveCredential(a.username(caveat)),
    ofB: () =>
      relayOf(b).resolveCredential(b.username(caveat, { type: 'bytes', max: 10, counts: 'session' })),
    accountOfA: a.accountId,
  };
}

const notAllowed = { ok: false, code: 403, reason: 'credential.session_not_allowed' };

test('B, who knows the id of A’s session, relays nothing under it and is billed nothing under it (C1)', async () => {
  const { sessions, sessionId, accountOfA, ofA, ofB } = twoTenants();
  sessions.opened({ sessionId, accountIds: [accountOfA] });
  expect(await ofA()).toMatchObject({ ok: true, grant: { sessionId, accountId: accountOfA } });
  expect(await ofB()).toMatchObject(notAllowed);
});

test('a credential for a session that has ended relays nothing, whoever minted it (ACC-7)', async () => {
  const { sessions, sessionId, accountOfA, ofA } = twoTenants();
  sessions.opened({ sessionId, accountIds: [accountOfA] });
  sessions.ended(sessionId);
  expect(await ofA()).toMatchObject(notAllowed);
});

test('a session that ends while its credential is looked up is over for that credential too', async () => {
  const { sessions, sessionId, accountOfA, ofA } = twoTenants();
  sessions.opened({ sessionId, accountIds: [accountOfA] });
  const resolving = ofA();
  sessions.ended(sessionId);
  expect(await resolving).toMatchObject(notAllowed);
});

test.each(['end', 'notify', 'throttle', 'downgrade'] as const)(
  'a credential without a use left does what its limit says: %s (ACC-7)',
  async (outcome) => {
    const bench = resolverBench();
    const client = { call: async () => ({ isAdmitted: false }) as never };
    const relay = createRelayPlatform({
      listed: new ListedAddresses(),
      resolver: bench.resolver,
      client,
      sessions: { standing: async () => 'live' },
      spool: noSpool,
      bare: {
        hear: () => undefined,
        recorded: () => undefined,
        sessionIdOf: () => undefined,
        openKeysOf: () => [],
      },
      claims: { claim: async () => undefined, confirm: () => undefined },
      lines: { hear: () => undefined },
      tell: () => undefined,
      log: silentLog,
    });
    const resolution = await relay.resolveCredential(bench.username({ type: 'uses', max: 1, outcome }));
    if (!resolution.ok) throw new Error(resolution.reason);
    const { grant } = resolution;
    const [limit] = grant.limits;
    const counterId = limit?.counterId ?? '';
    const use = { counterId, clientKey: '192.0.2.1', isFirstSeen: true, usesMax: 1, grant };
    expect(await relay.countUse(use)).toMatchObject(
      outcome === 'end'
        ? { ok: false, code: 403, reason: 'credential.used_up' }
        : { ok: true, reachedCounterId: counterId },
    );
  },
);
