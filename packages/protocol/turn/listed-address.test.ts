import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { ipToText } from '../stun/ip-address.ts';
import { findAttribute, method } from '../stun/message.ts';
import { defaultBounds } from './core-options.ts';
import type { Resolution } from './grant.ts';
import { codeOf, lifetime, peerAddress, udpTransport } from './testing/client-session.ts';
import { at, createRelayWorld, grantOf } from './testing/relay-world.ts';

const TRUNK = '81.2.69.142';
const username = `address:acc_t:${TRUNK}`;
const grant = grantOf({ accountId: 'acc_t', credentialId: `address:${TRUNK}` });
const unsigned = { isSigned: false } as const;

/** A relay for which one address counts as the account `acc_t`. */
function trunkWorld(resolution: Resolution | undefined = { ok: true, password: 'nobody has it', grant }) {
  let isListed = true;
  const world = createRelayWorld({
    core: { listed: (ip) => (isListed && ipToText(ip) === TRUNK ? { username, grant } : undefined) },
  });
  world.resolutions.set(username, resolution);
  const unlist = () => {
    isListed = false;
  };
  return { world, unlist, trunk: world.client(at(TRUNK, 5_060)) };
}

describe('an address that counts as an account without a credential (ACC-9)', () => {
  it('allocates, permits, refreshes and releases without a signature, as the account', () => {
    const { world, trunk } = trunkWorld();
    const answer = trunk.ask(method.allocate, [udpTransport], unsigned);
    expect(codeOf(answer)).toBe(0);
    expect(findAttribute(answer, attributeType.xorRelayedAddress)).toBeDefined();
    expect(findAttribute(answer, attributeType.messageIntegrity)).toBeUndefined();
    expect(world.actionsOf('allocated')).toMatchObject([{ grant: { accountId: 'acc_t' } }]);
    expect(codeOf(trunk.ask(method.createPermission, [peerAddress(at('8.8.8.8', 53))], unsigned))).toBe(0);
    expect(codeOf(trunk.ask(method.refresh, [lifetime(600)], unsigned))).toBe(0);
    expect(codeOf(trunk.ask(method.refresh, [lifetime(0)], unsigned))).toBe(0);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'released' }]);
  });

  it('any other address is asked for a credential, and the same one when it is taken off the list', () => {
    const { world, trunk, unlist } = trunkWorld();
    expect(
      codeOf(world.client(at('81.2.69.143', 5_060)).ask(method.allocate, [udpTransport], unsigned)),
    ).toBe(401);
    expect(codeOf(trunk.ask(method.allocate, [udpTransport], unsigned))).toBe(0);
    unlist();
    expect(world.core.reconsider('acc_t')).toEqual([username]);
    world.perform(world.core.review(username, { ok: false, detail: 'Taken off.' }, world.nowMs));
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'revoked' }]);
    expect(codeOf(trunk.ask(method.refresh, [lifetime(600)], unsigned))).toBe(401);
  });

  it('whoever shows a credential from there counts as that, also with what they send next without it', () => {
    const { world } = trunkWorld();
    const other = world.client(at(TRUNK, 40_000));
    other.session.learn(world.client(at('81.2.69.1', 1)).ask(method.allocate, [udpTransport], unsigned));
    // The nonce is another client's: the relay gives a new one, and the credential goes with it.
    other.session.learn(other.ask(method.allocate, [udpTransport]));
    expect(codeOf(other.ask(method.allocate, [udpTransport]))).toBe(0);
    expect(world.actionsOf('allocated')).toMatchObject([{ grant: { accountId: 'acc_a' } }]);
    expect(codeOf(other.ask(method.refresh, [lifetime(600)], unsigned))).toBe(401);
  });

  it.each([
    { ok: false, code: 403, reason: 'account.suspended' },
    { ok: false, code: 500, reason: 'The platform cannot be reached.' },
  ] as const)(
    'where its account may not, or nobody can say, a credential is asked for: $reason',
    (refused) => {
      const { world, trunk } = trunkWorld(refused);
      const challenge = trunk.ask(method.allocate, [udpTransport], unsigned);
      expect(codeOf(challenge)).toBe(401);
      trunk.session.learn(challenge);
      expect(codeOf(trunk.ask(method.allocate, [udpTransport]))).toBe(0);
      expect(world.actionsOf('allocated')).toMatchObject([{ grant: { accountId: 'acc_a' } }]);
    },
  );

  it('what lives goes on while nobody can say whose it is', () => {
    const { world, trunk } = trunkWorld();
    expect(codeOf(trunk.ask(method.allocate, [udpTransport], unsigned))).toBe(0);
    world.resolutions.set(username, { ok: false, code: 500, reason: 'The platform cannot be reached.' });
    world.pass(defaultBounds.credentialKeepMs + 1);
    // A second client of the address has it asked for, and the refusal is remembered.
    world.client(at(TRUNK, 5_061)).request(method.allocate, [udpTransport], unsigned);
    expect(codeOf(trunk.ask(method.refresh, [lifetime(600)], unsigned))).toBe(0);
  });

  it('nobody proves its name with a password, from wherever', () => {
    const { world } = trunkWorld();
    for (const host of [TRUNK, '81.2.69.9']) {
      const thief = world.client(at(host, 666), { username, password: '' });
      thief.session.learn(world.client(at('81.2.69.1', 1)).ask(method.allocate, [udpTransport], unsigned));
      thief.session.learn(thief.ask(method.allocate, [udpTransport]));
      expect(codeOf(thief.ask(method.allocate, [udpTransport]))).toBe(401);
    }
  });

  it('its Bindings are counted as the account’s, and what it is answered has the bound of a challenge (R6)', () => {
    const { world, trunk } = trunkWorld();
    trunk.ask(method.binding);
    expect(world.actionsOf('attempted')).toMatchObject([
      { kind: 'discovery', grant: { accountId: 'acc_t' } },
    ]);
    for (let count = 0; count < defaultBounds.challengeBurst; count++)
      trunk.request(method.refresh, [lifetime(600)], unsigned);
    expect(trunk.request(method.refresh, [lifetime(600)], unsigned)).toBeUndefined();
    expect(world.actionsOf('drop').at(-1)).toEqual({ type: 'drop', reason: 'challenge-limit' });
  });
});
