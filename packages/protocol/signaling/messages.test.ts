import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientChannelShapes, messageBytesMax, serverChannelShapes } from './channel-messages.ts';
import {
  type ClientFrame,
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  encodeServerFrame,
  frameBytesMax,
  isTransient,
  type ServerFrame,
} from './messages.ts';
import { ShapeError } from './shape.ts';

interface CorpusEntry {
  readonly why: string;
  readonly ok: boolean;
  readonly frame: unknown;
}
const corpus: readonly CorpusEntry[] = JSON.parse(
  readFileSync(new URL('./corpus/client.json', import.meta.url), 'utf8'),
);
const media = { audio: true, video: false, screen: false };
const call: ClientFrame = { sequence: 1, type: 'call', requestId: 'r1', to: 'user:bob', media };

describe('signaling frames', () => {
  it.each(corpus)('corpus: $why', ({ ok, frame }) => {
    expect(decodeClientFrame(JSON.stringify(frame)).ok).toBe(ok);
  });

  it('a frame is the same after the wire', () => {
    expect(decodeClientFrame(encodeClientFrame(call))).toEqual({ ok: true, frame: call });
    const started: ServerFrame = {
      sequence: 4,
      type: 'started',
      sessionId: 'ses_1',
      legId: 'leg_1',
      peer: 'alice',
      media,
      initiator: true,
      generation: 0,
      iceServers: [{ urls: ['turn:127.0.0.1:3478'], username: 'u', credential: 'c' }],
      mode: 'auto',
    };
    expect(decodeServerFrame(encodeServerFrame(started))).toEqual({ ok: true, frame: started });
  });

  it('fields of a newer version are dropped, and a type of a newer version is told from a broken frame', () => {
    const newer = decodeClientFrame(JSON.stringify({ ...call, mood: 'good' }));
    expect(newer).toEqual({ ok: true, frame: call });
    expect(decodeClientFrame('{"type":"telepathy","sequence":1}')).toMatchObject({ reason: 'unknown' });
    expect(decodeClientFrame('{"type":"call","sequence":1}')).toMatchObject({ reason: 'malformed' });
    expect(decodeClientFrame('{"type":"started","sequence":1}')).toMatchObject({ reason: 'unknown' });
  });

  it('a frame of more than 64 KiB is refused by its bytes, not its characters', () => {
    const sized = (count: number, letter: string) =>
      JSON.stringify({ sequence: 1, type: 'hangup', sessionId: 's', reason: letter.repeat(count) });
    expect(decodeClientFrame(sized(frameBytesMax, 'a'))).toMatchObject({ reason: 'too-large' });
    expect(decodeClientFrame(sized(22_000, '€'))).toMatchObject({ reason: 'too-large' });
    expect(decodeClientFrame(sized(22_000, 'a'))).toMatchObject({ reason: 'malformed' });
  });

  it('the largest message of a channel fits a frame, however it is escaped, and a larger one is malformed', () => {
    const data = (length: number) => `"${'\\"'.repeat(length / 2 - 1)}"`;
    const published = {
      type: 'channelMessage',
      ...{ sequence: 0, subscriptionId: 's', epoch: 'e', offset: 1, messageId: 'm', publishedAtMs: 0 },
      publisher: 'x'.repeat(256),
      encoding: 'json',
    } as const;
    const frame = { ...published, data: data(messageBytesMax) };
    expect(decodeServerFrame(encodeServerFrame(frame))).toEqual({ ok: true, frame });
    expect(() => encodeServerFrame({ ...published, data: data(messageBytesMax + 2) })).toThrow(ShapeError);
  });

  it('what is said of channels is not kept for a resumption: each subscription is taken up from its log', () => {
    const types = [...Object.keys(clientChannelShapes), ...Object.keys(serverChannelShapes)];
    expect(types.filter((type) => !isTransient(type as 'ping'))).toEqual([]);
  });

  it('what the other side would refuse is found before it is sent', () => {
    expect(() => encodeClientFrame({ ...call, requestId: 'r'.repeat(65) })).toThrow(ShapeError);
  });

  it('a hostile key reaches no prototype', () => {
    const decoded = decodeClientFrame(
      '{"type":"hangup","sequence":1,"sessionId":"s","__proto__":{"admin":true},"constructor":{}}',
    );
    expect(decoded).toEqual({ ok: true, frame: { type: 'hangup', sequence: 1, sessionId: 's' } });
    expect(Object.getPrototypeOf(decoded.ok ? decoded.frame : null)).toBe(Object.prototype);
  });

  it('stale facts are not kept for replay, and everything that changes a session is', () => {
    expect(
      ['ping', 'pong', 'quality', 'authenticated'].map((type) => isTransient(type as 'ping')),
    ).not.toContain(false);
    expect(
      ['call', 'signal', 'started', 'recover', 'ended'].map((type) => isTransient(type as 'call')),
    ).not.toContain(true);
  });

  it('fuzz: no text makes a decoder throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (source) => {
        expect(typeof decodeClientFrame(source).ok).toBe('boolean');
        expect(typeof decodeServerFrame(source).ok).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });

  it('fuzz: a damaged good frame is refused, or decodes to one that encodes again', () => {
    const seeds = corpus.filter(({ ok }) => ok).map(({ frame }) => JSON.stringify(frame));
    const damage = fc.record({ at: fc.nat(400), remove: fc.nat(6), insert: fc.string({ maxLength: 6 }) });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(damage, { maxLength: 3 }), (seed, damages) => {
        const damaged = damages.reduce(
          (source, { at, remove, insert }) => source.slice(0, at) + insert + source.slice(at + remove),
          seed,
        );
        const decoded = decodeClientFrame(damaged);
        if (decoded.ok) {
          expect(decodeClientFrame(encodeClientFrame(decoded.frame))).toEqual(decoded);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('fuzz: any value in any field is refused or within its bounds', () => {
    const seeds = corpus.filter(({ ok }) => ok).map(({ frame }) => frame as Record<string, unknown>);
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.nat(10), fc.jsonValue(), (seed, index, value) => {
        const names = Object.keys(seed);
        const name = names[index % names.length] ?? 'type';
        const decoded = decodeClientFrame(JSON.stringify({ ...seed, [name]: value }));
        if (decoded.ok) expect(() => encodeClientFrame(decoded.frame)).not.toThrow();
      }),
      { numRuns: 3_000 },
    );
  });
});
