import { describe, expect, it } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { isIntegrityRight } from '../stun/integrity.ts';
import { findAttribute, method, type StunMessage } from '../stun/message.ts';
import { decodeUnknownAttributes } from '../stun/unknown-attributes.ts';
import {
  codeOf,
  createClientSession,
  lifetime,
  phraseOf,
  read,
  udpTransport,
} from './testing/client-session.ts';
import { at, createRelayWorld, grantOf, type WorldClient } from './testing/relay-world.ts';

const has = (message: StunMessage, type: number) => findAttribute(message, type) !== undefined;
const textOf = (message: StunMessage, type: number) =>
  Buffer.from(findAttribute(message, type)?.value ?? []).toString();

/** A client that has taken its challenge. */
function challenged(world = createRelayWorld()): { world: typeof world; client: WorldClient } {
  const client = world.client();
  client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
  return { world, client };
}

describe('Binding', () => {
  it.each(['81.2.69.1', '2a00::9'])('S1: %s is told its own address', (host) => {
    const client = createRelayWorld().client(at(host, 1234));
    const answer = client.ask(method.binding);
    expect(answer.messageClass).toBe('success');
    expect(answer.attributes.map(({ type }) => type)).toEqual([attributeType.xorMappedAddress]);
  });
  it('S4: an unknown required attribute gives 420 with exactly its type, an optional one nothing', () => {
    const client = createRelayWorld().client();
    const unknown = [0x7ffe, 0x8fff, 0x0033, 0x7ffe].map((type) => ({ type, value: new Uint8Array(0) }));
    const answer = client.ask(method.binding, unknown);
    expect(codeOf(answer)).toBe(420);
    const listed = findAttribute(answer, attributeType.unknownAttributes)?.value ?? new Uint8Array(0);
    expect(decodeUnknownAttributes(listed)).toEqual([0x7ffe, 0x0033]);
  });
  it('S5: a wrong FINGERPRINT is dropped, a right one is answered with one', () => {
    const world = createRelayWorld();
    const client = world.client();
    expect(has(client.ask(method.binding, [], { hasFingerprint: true }), attributeType.fingerprint)).toBe(
      true,
    );
    const bytes = client.session.build(method.binding, [], { hasFingerprint: true });
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    client.send(bytes);
    expect(client.received).toHaveLength(1);
    expect(world.actions.at(-1)).toEqual({ type: 'drop', reason: 'fingerprint' });
  });
  it('S6, S7: what is no STUN message is dropped with a reason', () => {
    const world = createRelayWorld();
    const client = world.client();
    for (const bytes of [new Uint8Array(0), new Uint8Array(19), new Uint8Array(20), new Uint8Array(65_507)]) {
      client.send(bytes);
    }
    expect(client.received).toHaveLength(0);
    expect(world.actionsOf('drop').map(({ reason }) => reason)).toEqual(Array(4).fill('malformed'));
  });
  it('indications, answers and unknown methods are dropped', () => {
    const world = createRelayWorld();
    const client = world.client();
    const bytes = client.session.build(method.binding);
    for (const [first, second] of [
      [0x00, 0x11],
      [0x01, 0x01],
      [0x01, 0x11],
      [0x00, 0x0a],
    ] as const) {
      const other = bytes.slice();
      other.set([first, second]);
      client.send(other);
    }
    const dropped = world.actionsOf('drop').map(({ reason }) => reason);
    expect(dropped).toEqual(['not-a-request', 'not-a-request', 'not-a-request', 'unknown-method']);
  });
});

describe('the long-term mechanism', () => {
  it('S10: no integrity gives 401 with REALM and NONCE, and nothing about users', () => {
    const { client } = challenged();
    const answer = client.ask(method.allocate, [udpTransport], { isSigned: false });
    expect(codeOf(answer)).toBe(401);
    const { errorCode, realm, nonce } = attributeType;
    expect(answer.attributes.map(({ type }) => type)).toEqual([errorCode, realm, nonce]);
  });
  it.each([
    ['USERNAME', attributeType.username],
    ['REALM', attributeType.realm],
    ['NONCE', attributeType.nonce],
  ])('S11: integrity without %s gives 400', (_, type) => {
    const { client } = challenged();
    expect(codeOf(client.ask(method.allocate, [udpTransport], { without: [type] }))).toBe(400);
  });
  it('S12: an unknown user is answered like a wrong password, byte for byte but for the nonce', () => {
    const world = createRelayWorld();
    const answers = ['bob', 'ann'].map((username) => {
      const client = world.client(at('81.2.69.1', 40_000), { username, password: 'wrong' });
      return client.allocate([udpTransport], { transactionId: new Uint8Array(12).fill(9) });
    });
    expect(answers.map(codeOf)).toEqual([401, 401]);
    expect(Buffer.compare(answers[0]?.bytes ?? new Uint8Array(), answers[1]?.bytes ?? new Uint8Array())).toBe(
      0,
    );
  });
  it('S13: a bad nonce with good integrity gives 438 with a fresh one, which then works', () => {
    const { client } = challenged();
    const answer = client.ask(method.allocate, [udpTransport], { nonce: 'AAAAAAAAAAAAAAA' });
    expect(codeOf(answer)).toBe(438);
    client.session.learn(answer);
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(0);
  });
  it('S14: a nonce serves one transport address: replayed from another port it is stale', () => {
    const { world, client } = challenged();
    const captured = client.session.build(method.allocate, [udpTransport]);
    const other = world.client(at('81.2.69.1', 40_001));
    other.send(captured);
    expect(codeOf(read(other.received[0]))).toBe(438);
    expect(world.core.allocationCount).toBe(0);
  });
  it('S14: a nonce lives its lifetime and no longer', () => {
    const { world, client } = challenged();
    world.pass(600_000);
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(0);
    world.pass(1_001);
    expect(codeOf(client.ask(method.refresh))).toBe(438);
  });
  it('S18: the same transaction gets the same bytes and has one effect', () => {
    const { world, client } = challenged();
    const bytes = client.session.build(method.allocate, [udpTransport]);
    client.send(bytes);
    client.send(bytes);
    const [, first, second] = client.received;
    expect(Buffer.compare(first ?? new Uint8Array(), second ?? new Uint8Array(1))).toBe(0);
    expect(codeOf(read(first))).toBe(0);
    expect(world.actionsOf('allocated')).toHaveLength(1);
  });
  it('S20: successes and errors of a known client carry integrity, and a fingerprint where asked with one', () => {
    const { client } = challenged();
    const success = client.ask(method.allocate, [udpTransport], { hasFingerprint: true });
    const error = client.ask(method.allocate, [udpTransport]);
    expect([codeOf(success), codeOf(error)]).toEqual([0, 437]);
    for (const message of [success, error]) {
      const proof = findAttribute(message, attributeType.messageIntegrity);
      if (proof === undefined) throw new Error('There is no integrity.');
      expect(isIntegrityRight(message.bytes, proof, { hash: 'sha1', key: client.session.key })).toBe(true);
    }
    expect([success, error].map((message) => has(message, attributeType.fingerprint))).toEqual([true, false]);
  });
  it('S4: behind authentication 420 comes after it, and signed', () => {
    const { client } = challenged();
    const answer = client.ask(method.allocate, [
      udpTransport,
      { type: attributeType.dontFragment, value: new Uint8Array(0) },
    ]);
    expect(codeOf(answer)).toBe(420);
    expect(has(answer, attributeType.messageIntegrity)).toBe(true);
  });
  it('R10: another realm gives 401', () => {
    const { client } = challenged();
    expect(codeOf(client.ask(method.allocate, [udpTransport], { realm: 'other.org' }))).toBe(401);
  });
  it('the integrity check is what keeps a wrong password out', () => {
    const { world, client } = challenged();
    const bytes = client.session.build(method.allocate, [udpTransport]);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    client.send(bytes);
    expect(codeOf(read(client.received.at(-1)))).toBe(401);
    expect(world.core.allocationCount).toBe(0);
  });
});

describe('SHA-256 and USERHASH', () => {
  const offering = () => createRelayWorld({ core: { isSha256Offered: true, isUserhashOffered: true } });
  it('S15: the nonce announces what is offered; without an offer it does not', () => {
    const nonceOf = (world: ReturnType<typeof createRelayWorld>) =>
      textOf(world.client().ask(method.allocate, [udpTransport], { isSigned: false }), attributeType.nonce);
    expect(nonceOf(offering())).toMatch(/^obMatJos2AAAD/);
    expect(nonceOf(createRelayWorld())).not.toContain('obMatJos2');
  });
  it('S15: SHA-256 keys and MACs are accepted and answered with the same', () => {
    const { client } = challenged(offering());
    const answer = client.ask(method.allocate, [udpTransport], { algorithm: 'sha256', hash: 'sha256' });
    expect(codeOf(answer)).toBe(0);
    expect(has(answer, attributeType.messageIntegritySha256)).toBe(true);
  });
  it('S15: to bid down gives 400', () => {
    const { client } = challenged(offering());
    const { passwordAlgorithm, passwordAlgorithms } = attributeType;
    for (const without of [[passwordAlgorithms], [passwordAlgorithm]]) {
      const answer = client.ask(method.allocate, [udpTransport], { algorithm: 'sha256', without });
      expect(codeOf(answer)).toBe(400);
    }
    const shorter = { type: passwordAlgorithms, value: Uint8Array.of(0, 1, 0, 0) };
    expect(codeOf(client.ask(method.allocate, [udpTransport, shorter], { algorithm: 'md5' }))).toBe(400);
  });
  it('S15: an algorithm that nobody offered gives 400; with neither attribute the key is MD5', () => {
    const plain = challenged().client;
    expect(codeOf(plain.ask(method.allocate, [udpTransport], { algorithm: 'sha256' }))).toBe(400);
    const { client } = challenged(offering());
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(0);
  });
  it('S17: USERHASH serves for a username that is known, and gives 401 for others', () => {
    const { world, client } = challenged(offering());
    expect(codeOf(client.ask(method.allocate, [udpTransport], { isUserhashUsed: true }))).toBe(401);
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(0);
    expect(codeOf(client.ask(method.refresh, [lifetime(700)], { isUserhashUsed: true }))).toBe(0);
    const second = challenged(world);
    expect(codeOf(second.client.ask(method.refresh, [], { isUserhashUsed: true }))).toBe(0);
  });
  it('S17: without an offer USERHASH gives 400', () => {
    const { client } = challenged();
    expect(codeOf(client.ask(method.allocate, [udpTransport], { isUserhashUsed: true }))).toBe(400);
  });
});

describe('before authentication', () => {
  it('R6: no answer is more than three times its question', () => {
    for (const core of [{}, { isSha256Offered: true, isUserhashOffered: true }]) {
      const world = createRelayWorld({ core });
      for (const host of ['81.2.69.1', '2a00::9']) {
        const client = world.client(at(host, 999));
        const questions = [
          client.session.build(method.binding),
          client.session.build(method.allocate),
          client.session.build(method.allocate, [udpTransport]),
          client.session.build(method.refresh),
          client.session.build(method.binding, [{ type: 0x7777, value: new Uint8Array(0) }]),
        ];
        for (const bytes of questions) {
          client.received.length = 0;
          client.send(bytes);
          expect((client.received[0]?.length ?? 0) / bytes.length).toBeLessThanOrEqual(3);
        }
      }
    }
  });
  it("R6: a browser's first Allocate of 28 bytes is answered, whatever is offered", () => {
    const world = createRelayWorld({
      core: { isSha256Offered: true, isUserhashOffered: true },
    });
    const client = world.client();
    const bytes = client.session.build(method.allocate, [udpTransport]);
    expect(bytes).toHaveLength(28);
    client.send(bytes);
    expect(codeOf(read(client.received[0]))).toBe(401);
  });
  it('the reason of a refusal is for whoever proves the credential: anybody else gets the 401 of an unknown name', () => {
    const world = createRelayWorld();
    const reason = 'credential.service_not_allowed';
    world.resolutions.set('bob', { ok: false, code: 403, reason, password: 'secret' });
    const as = (username: string, password: string, port: number) =>
      world.client(at('81.2.69.7', port), { username, password }).allocate();
    const [holder, guesser, stranger] = [
      as('bob', 'secret', 1),
      as('bob', 'wrong', 2),
      as('eve', 'wrong', 3),
    ];
    expect([codeOf(holder), phraseOf(holder)]).toEqual([403, reason]);
    expect(findAttribute(holder, attributeType.messageIntegrity)).toBeDefined();
    expect([codeOf(guesser), phraseOf(guesser)]).toEqual([401, phraseOf(stranger)]);
    expect(guesser.bytes.length).toBe(stranger.bytes.length);
  });
  it('R6: an address gets its burst of answers, then ten a second, whatever port it uses', () => {
    const world = createRelayWorld({ core: { bounds: { challengesPerSecond: 10, challengeBurst: 20 } } });
    const ask = (port: number) =>
      world.client(at('81.2.69.7', port)).request(method.allocate, [udpTransport], { isSigned: false });
    const answered = (count: number, from: number) =>
      Array.from({ length: count }, (_, index) => ask(from + index)).filter((answer) => answer !== undefined)
        .length;
    expect(answered(100, 1000)).toBe(20);
    world.pass(1000);
    expect(answered(100, 2000)).toBe(10);
    const other = world
      .client(at('81.2.69.8', 1))
      .request(method.allocate, [udpTransport], { isSigned: false });
    expect(other).toBeDefined();
  });
  it('NDS: discovery is open to strangers and limited by address', () => {
    const world = createRelayWorld({ core: { bounds: { discoveryBurst: 30, discoveriesPerSecond: 20 } } });
    const ask = () => world.client(at('81.2.69.7', 1)).request(method.binding);
    const answered = () => Array.from({ length: 100 }, ask).filter((answer) => answer !== undefined).length;
    expect(answered()).toBe(30);
    world.pass(1000);
    expect(answered()).toBe(20);
  });
  it('R7: strangers leave nothing but a bounded table', () => {
    const world = createRelayWorld();
    for (let index = 0; index < 3_000; index++) {
      const client = world.client(at(`81.2.${index >> 8}.${index & 255}`, 1000 + index));
      client.request(method.binding);
      client.request(method.allocate, [udpTransport], { isSigned: false });
    }
    expect(world.core.allocationCount).toBe(0);
    expect(world.core.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(world.actionsOf('resolveCredential')).toHaveLength(0);
  });
  it('a stranger with a forged nonce cannot make the relay ask the platform', () => {
    const world = createRelayWorld();
    const session = createClientSession({ username: 'ann', password: 'x' });
    session.learn(world.client(at('81.2.69.9', 1)).ask(method.allocate, [udpTransport], { isSigned: false }));
    const spoofed = world.client(at('81.2.69.10', 1));
    spoofed.send(session.build(method.allocate, [udpTransport]));
    expect(codeOf(read(spoofed.received[0]))).toBe(438);
    expect(world.actionsOf('resolveCredential')).toHaveLength(0);
  });
});

describe('credentials by port', () => {
  it('the platform is asked once while requests wait, and all of them are answered', () => {
    const world = createRelayWorld({ isPlatformSlow: true });
    const clients = [1, 2, 3].map((port) => {
      const client = world.client(at('81.2.69.1', port));
      client.session.learn(client.ask(method.allocate, [udpTransport], { isSigned: false }));
      expect(client.request(method.allocate, [udpTransport])).toBeUndefined();
      return client;
    });
    expect(world.actionsOf('resolveCredential')).toEqual([{ type: 'resolveCredential', username: 'ann' }]);
    world.perform(
      world.core.resolved('ann', { ok: true, password: 'secret', grant: grantOf() }, world.nowMs),
    );
    for (const client of clients) expect(codeOf(read(client.received.at(-1)))).toBe(0);
  });
  it('a refusal reaches the client with its code and its words, and is asked again soon', () => {
    const world = createRelayWorld();
    world.resolutions.set('ann', { ok: false, code: 403, reason: 'Account acc_a is suspended.' });
    const client = world.client();
    const answer = client.allocate();
    expect([codeOf(answer), phraseOf(answer)]).toEqual([403, 'Account acc_a is suspended.']);
    world.resolutions.set('ann', { ok: true, password: 'secret', grant: grantOf() });
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(403);
    world.pass(2_000);
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(0);
  });
  it('a resolved credential serves a minute; a live allocation outlives it', () => {
    const { world, client } = challenged();
    expect(codeOf(client.ask(method.allocate, [udpTransport]))).toBe(0);
    world.resolutions.set('ann', { ok: false, code: 401, reason: 'gone' });
    world.pass(61_000);
    expect(codeOf(client.ask(method.refresh))).toBe(0);
    expect(codeOf(world.client(at('81.2.69.2', 7)).allocate())).toBe(401);
  });
  it('the cache is bounded: the oldest is forgotten', () => {
    const world = createRelayWorld({ core: { bounds: { credentialCountMax: 2 } } });
    for (const [index, username] of ['u1', 'u2', 'u3', 'u1'].entries()) {
      world.resolutions.set(username, { ok: true, password: 'secret', grant: grantOf() });
      expect(
        codeOf(world.client(at('81.2.69.1', index + 1), { username, password: 'secret' }).allocate()),
      ).toBe(0);
    }
    expect(world.actionsOf('resolveCredential').map(({ username }) => username)).toEqual([
      'u1',
      'u2',
      'u3',
      'u1',
    ]);
  });
});
