import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { method } from '../stun/message.ts';
import { createChallengeLimit } from './challenge-limit.ts';
import { defaultBounds } from './core-options.ts';
import { codeOf, createClientSession, lifetime, read, udpTransport } from './testing/client-session.ts';
import { at, createRelayWorld, grantOf, type RelayWorld, type WorldClient } from './testing/relay-world.ts';

const credential = (username: string) => ({ username, password: 'secret' });
const isFamiliar = (username: string) => username.startsWith('known');

/** One client that sends signed Allocates of any username with the nonce of its first challenge. */
function stranger(world: RelayWorld, address = at('81.2.69.66', 6)) {
  const client: WorldClient = world.client(address, credential('x'));
  const challenge = client.ask(method.allocate, [udpTransport], { isSigned: false });
  return (username: string, padding = 0) => {
    const session = createClientSession(credential(username));
    session.learn(challenge);
    const software = { type: attributeType.software, value: new Uint8Array(padding) };
    client.send(session.build(method.allocate, padding === 0 ? [udpTransport] : [udpTransport, software]));
  };
}
const askedOf = (world: RelayWorld, prefix: string) =>
  world.actionsOf('resolveCredential').filter(({ username }) => username.startsWith(prefix)).length;
const dropsOf = (world: RelayWorld, reason: string) =>
  world.actionsOf('drop').filter((drop) => drop.reason === reason).length;

describe('questions about credentials that nobody has proven (R7)', () => {
  it('one source makes the platform look up a burst of strange credentials and then a few each second', () => {
    const world = createRelayWorld({ core: { isFamiliar } });
    const send = stranger(world);
    for (let index = 0; index < 5_000; index++) send(`invented${index}`);
    expect(askedOf(world, 'invented')).toBe(defaultBounds.strangeQuestionBurst);
    expect(dropsOf(world, 'question-limit')).toBe(5_000 - defaultBounds.strangeQuestionBurst);
    world.pass(2_000);
    for (let index = 0; index < 100; index++) send(`later${index}`);
    expect(askedOf(world, 'later')).toBe(2 * defaultBounds.strangeQuestionsPerSecond);
  });
  it('the addresses of one /64 share, those of another have a share of their own', () => {
    const bounds = { strangeQuestionBurst: 3 };
    const world = createRelayWorld({ core: { isFamiliar, bounds } });
    for (let host = 1; host <= 6; host++) stranger(world, at(`2a00:1:2:3::${host}`, 6))(`invented${host}`);
    stranger(world, at('2a00:1:2:4::1', 6))('other');
    expect([askedOf(world, 'invented'), askedOf(world, 'other')]).toEqual([3, 1]);
  });
  it('a thousand honest clients behind the address of an attacker are all served: what is known is never rationed so', () => {
    const bounds = { challengesPerSecond: 1e6, challengeBurst: 1e6 };
    const world = createRelayWorld({ core: { isFamiliar, bounds } });
    const send = stranger(world);
    for (let index = 0; index < 5_000; index++) send(`invented${index}`);
    for (let index = 0; index < 1_000; index++) {
      const username = `known${index}`;
      const grant = grantOf({ credentialId: username });
      world.resolutions.set(username, { ok: true, password: 'secret', grant });
      expect(codeOf(world.client(at('81.2.69.66', 1_000 + index), credential(username)).allocate())).toBe(0);
    }
  });
  it('strange questions of many sources leave room for familiar ones', () => {
    const bounds = { questionCountMax: 40, strangeQuestionCountMax: 10 };
    const world = createRelayWorld({ isPlatformSlow: true, core: { isFamiliar, bounds } });
    for (let host = 1; host <= 100; host++) stranger(world, at(`81.2.70.${host}`, 6))(`invented${host}`);
    expect([askedOf(world, 'invented'), dropsOf(world, 'busy')]).toEqual([10, 90]);
    const send = stranger(world);
    for (let index = 0; index < 100; index++) send(`known${index}`);
    expect([askedOf(world, 'known'), dropsOf(world, 'busy')]).toEqual([30, 160]);
  });
  it('what waits is bounded in count, in bytes and in the length of each', () => {
    const bounds = { parkedCountMax: 5, parkedBytesMax: 4_000 };
    const world = createRelayWorld({ isPlatformSlow: true, core: { isFamiliar, bounds } });
    const send = stranger(world);
    send('known', defaultBounds.parkedDatagramBytesMax);
    expect([askedOf(world, 'known'), dropsOf(world, 'oversize')]).toEqual([0, 1]);
    for (let index = 0; index < 3; index++) send(`known${index}`, 1_500);
    expect([askedOf(world, 'known'), dropsOf(world, 'busy')]).toEqual([2, 1]);
    for (let index = 10; index < 20; index++) send(`known${index}`);
    expect([askedOf(world, 'known'), dropsOf(world, 'busy')]).toEqual([5, 8]);
    const refusal = { ok: false, code: 403, reason: 'no' } as const;
    for (const username of ['known0', 'known1', 'known10', 'known11', 'known12'])
      world.perform(world.core.resolved(username, refusal, world.nowMs));
    send('known99', 1_500);
    expect(askedOf(world, 'known99')).toBe(1);
  });
  it('invented credentials push no honest one out of memory', () => {
    const bounds = { credentialCountMax: 10, refusalCountMax: 10, strangeQuestionBurst: 1e6 };
    const world = createRelayWorld({ core: { isFamiliar, bounds } });
    expect(codeOf(world.client().allocate())).toBe(0);
    const send = stranger(world);
    for (let index = 0; index < 1_000; index++) send(`invented${index}`);
    expect(codeOf(world.client(at('81.2.69.2', 2)).allocate())).toBe(0);
    expect(askedOf(world, 'ann')).toBe(1);
  });
  it('an answer that came too late to be waited for lets nobody in', () => {
    const world = createRelayWorld({ isPlatformSlow: true });
    const client = world.client();
    client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
    world.perform(
      world.core.resolved('ann', { ok: true, password: 'secret', grant: grantOf() }, world.nowMs),
    );
    expect(client.request(method.allocate, [udpTransport])).toBeUndefined();
    world.perform(
      world.core.resolved('ann', { ok: true, password: 'secret', grant: grantOf() }, world.nowMs),
    );
    expect(codeOf(read(client.received.at(-1)))).toBe(0);
  });
});

describe('challenges by source (R6)', () => {
  it('200 clients behind one address that come at the same moment all get in, and 200 more a second later', () => {
    const world = createRelayWorld({ core: { isFamiliar: () => true } });
    const arrive = (prefix: string) => {
      for (let index = 0; index < 200; index++) {
        const username = `${prefix}${index}`;
        world.resolutions.set(username, {
          ok: true,
          password: 'secret',
          grant: grantOf({ credentialId: username }),
        });
        const client = world.client(at('81.2.69.66', 1_000 + index), credential(username));
        // A browser makes two allocations, and each begins with a challenge.
        client.ask(method.allocate, [udpTransport], { isSigned: false });
        expect(codeOf(client.allocate())).toBe(0);
        expect(codeOf(client.ask(method.refresh, [lifetime(0)]))).toBe(0);
      }
    };
    arrive('first');
    world.pass(1_000);
    arrive('second');
  });
  it('a source that a third party writes on its datagrams is challenged again within a second of the flood', () => {
    const world = createRelayWorld();
    const victim = at('81.2.69.66', 7);
    const flood = world.client(at('81.2.69.66', 6));
    for (let index = 0; index < 20_000; index++)
      flood.request(method.allocate, [udpTransport], { isSigned: false });
    expect(flood.received.length).toBe(defaultBounds.challengeBurst);
    world.pass(1_000);
    expect(codeOf(world.client(victim).allocate())).toBe(0);
  });
  it('floods from many sources take a bounded table: the oldest source is forgotten for a new one', () => {
    const limit = createChallengeLimit({ perSecond: 1, burst: 1 });
    for (let index = 0; index < 100_000; index++) limit.isAllowed(`source${index}`, 0);
    expect(limit.sourceCount).toBeLessThanOrEqual(16_384);
    expect(limit.isAllowed('source0', 0)).toBe(true);
    expect(limit.isAllowed('source99999', 0)).toBe(false);
  });
});
