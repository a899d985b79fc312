import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { findAttribute, method, type StunMessage } from '../stun/message.ts';
import type { AddressFamily } from './address-family.ts';
import type { Grant } from './grant.ts';
import { decodeLifetime } from './lifetime.ts';
import {
  addressOf,
  codeOf,
  isSameAddress,
  lifetime,
  peerAddress,
  phraseOf,
  udpTransport,
} from './testing/client-session.ts';
import { at, createRelayWorld, grantOf, limitOf, relayHost } from './testing/relay-world.ts';

const secondsOf = (message: StunMessage) =>
  decodeLifetime(findAttribute(message, attributeType.lifetime)?.value ?? new Uint8Array(0));
const bytesOf = (...bytes: number[]) => Uint8Array.from(bytes);
const requested = (family: number) => ({
  type: attributeType.requestedAddressFamily,
  value: bytesOf(family, 0, 0, 0),
});
const additional = (family: number) => ({
  type: attributeType.additionalAddressFamily,
  value: bytesOf(family, 0, 0, 0),
});
const evenPort = (flags: number) => ({ type: attributeType.evenPort, value: bytesOf(flags) });
const token = (value: Uint8Array) => ({ type: attributeType.reservationToken, value });
const transport = (protocol: number) => ({
  type: attributeType.requestedTransport,
  value: bytesOf(protocol, 0, 0, 0),
});

const allocateWith = (
  attributes: Parameters<ReturnType<ReturnType<typeof createRelayWorld>['client']>['allocate']>[0],
) => codeOf(createRelayWorld().client().allocate(attributes));

describe('Allocate', () => {
  it('succeeds with relayed and mapped address and a lifetime', () => {
    const client = createRelayWorld().client();
    const answer = client.allocate();
    expect(codeOf(answer)).toBe(0);
    expect(isSameAddress(addressOf(answer, attributeType.xorRelayedAddress), at(relayHost, 50_000))).toBe(
      true,
    );
    expect(isSameAddress(addressOf(answer, attributeType.xorMappedAddress), client.path.address)).toBe(true);
    expect(secondsOf(answer)).toBe(600);
  });
  it('T1: no REQUESTED-TRANSPORT gives 400, TCP over UDP 400, another protocol 442', () => {
    expect(allocateWith([])).toBe(400);
    expect(allocateWith([{ type: attributeType.requestedTransport, value: bytesOf(17) }])).toBe(400);
    expect(allocateWith([transport(6)])).toBe(400);
    expect(allocateWith([transport(132)])).toBe(442);
  });
  it('T2: a 5-tuple in use gives 437', () => {
    const client = createRelayWorld().client();
    client.allocate();
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(437);
  });
  it('T3: RESERVATION-TOKEN excludes other wishes (400), and an unknown one gives 508', () => {
    const unknown = token(new Uint8Array(8));
    expect(allocateWith([udpTransport, unknown, evenPort(0)])).toBe(400);
    expect(allocateWith([udpTransport, unknown, requested(1)])).toBe(400);
    expect(allocateWith([udpTransport, unknown, additional(2)])).toBe(400);
    expect(allocateWith([udpTransport, token(new Uint8Array(7))])).toBe(400);
    expect(allocateWith([udpTransport, unknown])).toBe(508);
  });
  it('T4: EVEN-PORT with R gives an even port and a token for the next one: once, to the same user, for 30 s', () => {
    const world = createRelayWorld();
    world.resolutions.set('bob', { ok: true, password: 'secret', grant: grantOf() });
    const reserve = (port: number) => {
      const answer = world.client(at('81.2.69.1', port)).allocate([udpTransport, evenPort(0x80)]);
      const value = findAttribute(answer, attributeType.reservationToken)?.value ?? new Uint8Array(0);
      return { value: value.slice(), port: addressOf(answer, attributeType.xorRelayedAddress).port };
    };
    const first = reserve(1);
    expect(first.port % 2).toBe(0);
    expect(first.value).toHaveLength(8);
    const bob = world.client(at('81.2.69.1', 2), { username: 'bob', password: 'secret' });
    expect(codeOf(bob.allocate([udpTransport, token(first.value)]))).toBe(508);
    const next = world.client(at('81.2.69.1', 3)).allocate([udpTransport, token(first.value)]);
    expect(addressOf(next, attributeType.xorRelayedAddress).port).toBe(first.port + 1);
    expect(codeOf(world.client(at('81.2.69.1', 4)).allocate([udpTransport, token(first.value)]))).toBe(508);
    const late = reserve(5);
    world.pass(30_000);
    expect(world.actionsOf('releaseReservation')).toHaveLength(1);
    expect(codeOf(world.client(at('81.2.69.1', 6)).allocate([udpTransport, token(late.value)]))).toBe(508);
  });
  it('T5: families that are unknown or not offered give 440; two wishes or ADDITIONAL for IPv4 give 400', () => {
    expect(allocateWith([udpTransport, requested(3)])).toBe(440);
    expect(
      codeOf(
        createRelayWorld({ core: { families: ['ipv4'] } })
          .client()
          .allocate([udpTransport, requested(2)]),
      ),
    ).toBe(440);
    expect(allocateWith([udpTransport, requested(1), additional(2)])).toBe(400);
    expect(allocateWith([udpTransport, additional(1)])).toBe(400);
    expect(allocateWith([udpTransport, additional(2), evenPort(0x80)])).toBe(400);
  });
  it('T18: an IPv6 relayed address is given on request', () => {
    const answer = createRelayWorld()
      .client()
      .allocate([udpTransport, requested(2)]);
    expect(addressOf(answer, attributeType.xorRelayedAddress).ip).toHaveLength(16);
  });
  it('T18: who names no family gets IPv4, whichever the relay names first, and IPv6 where there is nothing else', () => {
    const lengthOf = (families: readonly AddressFamily[]) =>
      addressOf(createRelayWorld({ core: { families } }).client().allocate(), attributeType.xorRelayedAddress)
        .ip.length;
    expect([lengthOf(['ipv6', 'ipv4']), lengthOf(['ipv6'])]).toEqual([4, 16]);
  });
  it('T4: what was kept beside an IPv6 port is an IPv6 port', () => {
    const world = createRelayWorld();
    const first = world.client(at('81.2.69.1', 1)).allocate([udpTransport, requested(2), evenPort(0x80)]);
    const kept = findAttribute(first, attributeType.reservationToken)?.value ?? new Uint8Array(0);
    const second = world.client(at('81.2.69.1', 2)).allocate([udpTransport, token(kept.slice())]);
    expect(addressOf(second, attributeType.xorRelayedAddress).ip).toHaveLength(16);
    expect(world.actionsOf('openRelay').map(({ families }) => families)).toEqual([['ipv6'], ['ipv6']]);
  });
  it.each([
    [undefined, 600],
    [100, 600],
    [0, 600],
    [1_000, 1_000],
    [999_999, 3_600],
  ])('T6: a wish of %s seconds gives %i', (wish, given) => {
    const attributes = wish === undefined ? [udpTransport] : [udpTransport, lifetime(wish)];
    expect(secondsOf(createRelayWorld().client().allocate(attributes))).toBe(given);
  });
  it('T6: never past the end of the credential, which also ends it (ACC-7)', () => {
    const world = createRelayWorld();
    const grant = grantOf({ endsAtMs: world.nowMs + 90_000 });
    world.resolutions.set('ann', { ok: true, password: 'secret', grant });
    const client = world.client();
    expect(secondsOf(client.allocate())).toBe(90);
    world.pass(80_000);
    expect(secondsOf(client.ask(method.refresh))).toBe(10);
    world.pass(9_999);
    expect(world.core.allocationCount).toBe(1);
    world.pass(1);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'credential-ended' }]);
  });
  it('T9: a quota of four gives 486 at the fifth; failed and deleted allocations use none', () => {
    const world = createRelayWorld({ core: { bounds: { allocationsPerCredentialMax: 4 } } });
    const clients = [1, 2, 3, 4, 5].map((port) => world.client(at('81.2.69.1', port)));
    expect(clients.slice(0, 4).map((client) => codeOf(client.allocate()))).toEqual([0, 0, 0, 0]);
    const fifth = clients[4] ?? world.client();
    expect(codeOf(fifth.allocate())).toBe(486);
    for (const attribute of [requested(3), token(new Uint8Array(8))]) {
      clients[0]?.ask(method.refresh, [lifetime(0)]);
      expect(codeOf(fifth.ask(method.allocate, [udpTransport, attribute]))).toBeGreaterThan(400);
      expect(codeOf(clients[0]?.ask(method.allocate, [udpTransport]) ?? fifth.allocate())).toBe(0);
    }
    expect(codeOf(fifth.ask(method.allocate, [udpTransport]))).toBe(486);
  });
  it('T9: the last allocation of a user gives its quota back, too', () => {
    const world = createRelayWorld({ core: { bounds: { allocationsPerCredentialMax: 1 } } });
    const client = world.client();
    for (let count = 0; count < 3; count++) {
      expect(codeOf(client.allocate())).toBe(0);
      client.ask(method.refresh, [lifetime(0)]);
    }
  });
  it('T9: narrowing makes no new quota, and the account has one over all of its credentials', () => {
    const world = createRelayWorld({
      core: { bounds: { allocationsPerCredentialMax: 2, allocationsPerAccountMax: 3 } },
    });
    const holder = (username: string, grant: Partial<Grant>) =>
      world.resolutions.set(username, { ok: true, password: 'secret', grant: grantOf(grant) });
    for (const narrow of ['a1', 'a2', 'a3'])
      holder(narrow, { accountId: 'acc_a', credentialId: narrow, credentialPrefixIds: ['a', narrow] });
    for (const minted of ['c', 'd']) holder(minted, { accountId: 'acc_a', credentialId: minted });
    holder('b', { accountId: 'acc_b', credentialId: 'b' });
    let port = 0;
    const code = (username: string) =>
      codeOf(world.client(at('81.2.69.1', ++port), { username, password: 'secret' }).allocate());
    expect(['a1', 'a2', 'a3'].map(code)).toEqual([0, 0, 486]);
    expect(['c', 'd', 'b'].map(code)).toEqual([0, 486, 0]);
  });
  it('T9: no port left gives 508, and a port given back serves again', () => {
    const world = createRelayWorld({ portCount: 1 });
    const [first, second] = [world.client(at('81.2.69.1', 1)), world.client(at('81.2.69.1', 2))];
    expect([codeOf(first.allocate()), codeOf(second.allocate())]).toEqual([0, 508]);
    first.ask(method.refresh, [lifetime(0)]);
    expect(codeOf(second.ask(method.allocate, [udpTransport]))).toBe(0);
    expect(world.core.allocationCount).toBe(1);
  });
  it('the whole relay has a bound (508), and a drained one takes nobody new', () => {
    const world = createRelayWorld({ core: { bounds: { allocationCountMax: 1 } } });
    const first = world.client(at('81.2.69.1', 1));
    expect([codeOf(first.allocate()), codeOf(world.client().allocate())]).toEqual([0, 508]);
    const draining = createRelayWorld();
    const living = draining.client(at('81.2.69.1', 1));
    living.allocate();
    draining.core.drain();
    expect(codeOf(draining.client().allocate())).toBe(508);
    expect(codeOf(living.ask(method.refresh))).toBe(0);
  });
  it('what the socket never answers is given up, and costs no quota', () => {
    const world = createRelayWorld({ isPlatformSlow: true });
    world.resolutions.clear();
    const grant = grantOf({ limits: [limitOf({ kind: 'uses', max: 1 })] });
    const client = world.client();
    client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
    client.request(method.allocate, [udpTransport]);
    world.perform(world.core.resolved('ann', { ok: true, password: 'secret', grant }, world.nowMs));
    expect(world.core.allocationCount).toBe(1);
    world.pass(10_000);
    expect(world.core.allocationCount).toBe(0);
    expect(world.actionsOf('ended')).toHaveLength(0);
  });
  it('a retransmission while the answer is pending is no second request', () => {
    const world = createRelayWorld({ isPlatformSlow: true });
    const grant = grantOf({ limits: [limitOf({ kind: 'uses', max: 1 })] });
    const client = world.client();
    client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
    const bytes = client.session.build(method.allocate, [udpTransport]);
    client.send(bytes);
    world.perform(world.core.resolved('ann', { ok: true, password: 'secret', grant }, world.nowMs));
    client.send(bytes);
    expect(world.actions.at(-1)).toEqual({ type: 'drop', reason: 'in-progress' });
    expect(world.actionsOf('countUse')).toHaveLength(1);
  });
});

describe('Refresh', () => {
  it('T7: a lifetime of 0 ends the allocation; again, and without one, gives 437', () => {
    const world = createRelayWorld();
    const client = world.client();
    client.allocate();
    const transactionId = new Uint8Array(12).fill(5);
    expect(secondsOf(client.ask(method.refresh, [lifetime(0)], { transactionId }))).toBe(0);
    expect(secondsOf(client.ask(method.refresh, [lifetime(0)], { transactionId }))).toBe(0);
    expect(codeOf(client.ask(method.refresh, [lifetime(0)]))).toBe(437);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'released' }]);
  });
  it('T7: another address family gives 443', () => {
    const client = createRelayWorld().client();
    client.allocate();
    expect(codeOf(client.ask(method.refresh, [requested(2)]))).toBe(443);
    expect(codeOf(client.ask(method.refresh, [requested(1)]))).toBe(0);
  });
  it('an allocation lives as long as it is refreshed', () => {
    const world = createRelayWorld();
    const client = world.client();
    client.allocate();
    world.pass(599_999);
    client.session.learn(client.ask(method.refresh, [], { isSigned: false }));
    expect(codeOf(client.ask(method.refresh, [lifetime(600)]))).toBe(0);
    world.pass(599_999);
    expect(world.core.allocationCount).toBe(1);
    world.pass(1);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'expired', atMs: world.nowMs }]);
  });
  it("T8: another user's credential on a living 5-tuple gives 441", () => {
    const world = createRelayWorld();
    world.resolutions.set('bob', { ok: true, password: 'pass', grant: grantOf() });
    world.client().allocate();
    const bob = world.client(undefined, { username: 'bob', password: 'pass' });
    bob.session.learn(bob.ask(method.refresh, [], { isSigned: false }));
    expect(codeOf(bob.ask(method.refresh))).toBe(441);
    expect(codeOf(bob.ask(method.createPermission, [peerAddress(at('8.8.8.8', 1))]))).toBe(441);
  });
  it('a client whose allocation ended by a limit is told so', () => {
    const world = createRelayWorld();
    world.resolutions.set('ann', {
      ok: true,
      password: 'secret',
      grant: grantOf({ limits: [limitOf({ kind: 'seconds', max: 30 })] }),
    });
    const client = world.client();
    client.allocate();
    world.pass(30_000);
    const answer = client.ask(method.refresh);
    expect([codeOf(answer), phraseOf(answer)]).toEqual([437, 'The limit of 30 seconds is reached.']);
  });
});
