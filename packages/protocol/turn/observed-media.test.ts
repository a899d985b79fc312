import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaObserver, type ObservedMedia } from './observed-media.ts';

interface Rtp {
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly timestamp?: number;
  readonly sizeBytes?: number;
}

function rtp({ ssrc = 1, payloadType = 111, timestamp = 0, sizeBytes = 90 }: Rtp): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x80);
  view.setUint8(1, payloadType);
  view.setUint32(4, timestamp >>> 0);
  view.setUint32(8, ssrc);
  return bytes;
}

/** A stream of so many packets a second, whose clock runs at a rate. */
interface Streamed extends Rtp {
  readonly perSecond: number;
  readonly clockHz: number;
  /** Packets that share a timestamp, as those of a frame do. */
  readonly perFrame?: number;
  readonly direction?: 'in' | 'out';
}

/** What is seen in each half second of so many, of streams that run side by side. */
function seenOf(streams: readonly Streamed[], halfSeconds = 2): (ObservedMedia | undefined)[] {
  const observer = new MediaObserver();
  const packets = streams
    .flatMap((stream) =>
      Array.from({ length: (halfSeconds * stream.perSecond) / 2 }, (_, index) => {
        const { perFrame = 1, perSecond, clockHz, direction = 'in', timestamp: from = 0 } = stream;
        const atMs = (Math.floor(index / perFrame) * perFrame * 1_000) / perSecond;
        const data = rtp({ ...stream, timestamp: Math.round(from + (atMs * clockHz) / 1_000) });
        return { atMs, data, direction };
      }),
    )
    .sort((left, right) => left.atMs - right.atMs);
  const seen: (ObservedMedia | undefined)[] = [];
  for (let end = 500; end <= halfSeconds * 500; end += 500) {
    for (const { atMs, data, direction } of packets)
      if (atMs >= end - 500 && atMs < end) observer.look(data, direction, 1_000_000 + atMs);
    seen.push(observer.take(1_000_000 + end));
  }
  return seen;
}

const opus: Streamed = { perSecond: 50, clockHz: 48_000 };
const camera: Streamed = {
  ssrc: 2,
  payloadType: 96,
  perSecond: 90,
  perFrame: 3,
  clockHz: 90_000,
  sizeBytes: 1_100,
};

describe('what a relay sees that it carries (MET-1, NDS)', () => {
  it('is sound by the clock of Opus, and of codecs whose payload types have one meaning', () => {
    expect(seenOf([opus])).toEqual(['audio', 'audio']);
    expect(seenOf([{ ...opus, payloadType: 0, clockHz: 8_000, sizeBytes: 182 }])).toEqual(['audio', 'audio']);
    // Music in Opus has large packets, and is sound all the same.
    expect(seenOf([{ ...opus, sizeBytes: 1_200 }])).toEqual(['audio', 'audio']);
  });

  it('is video by its clock, however small it is and whatever type it claims', () => {
    expect(seenOf([camera])).toEqual(['video', 'video']);
    const thumbnail = { ...camera, perSecond: 20, perFrame: 1, sizeBytes: 150 };
    expect(seenOf([thumbnail]).at(-1)).toBe('video');
    expect(seenOf([{ ...thumbnail, payloadType: 0 }]).at(-1)).toBe('video');
  });

  it('is video where one of several streams is, in either direction', () => {
    const others = Array.from({ length: 12 }, (_, index) => ({ ...opus, ssrc: 100 + index }));
    expect(seenOf([...others, { ...camera, direction: 'out' }])).toEqual(['video', 'video']);
    expect(seenOf(others)).toEqual(['audio', 'audio']);
  });

  it('is video at a rate that no sound has, with any timestamps and with any number of sources', () => {
    const disguised = { ...opus, perSecond: 200, sizeBytes: 1_100 };
    expect(seenOf([disguised])).toEqual(['video', 'video']);
    const scattered = Array.from({ length: 100 }, (_, index) => ({
      ...disguised,
      perSecond: 2,
      ssrc: index,
    }));
    expect(seenOf(scattered)).toEqual(['video', 'video']);
  });

  it('goes by the size of packets where timestamps are none', () => {
    expect(seenOf([{ ...camera, perSecond: 30, perFrame: 1, clockHz: 0 }])).toEqual(['video', 'video']);
    expect(seenOf([{ ...opus, clockHz: 0 }])).toEqual(['audio', 'audio']);
  });

  it('measures a clock over the wrap of its timestamps, and a leap of them begins it anew', () => {
    const small = { ...camera, sizeBytes: 150 };
    expect(seenOf([{ ...small, timestamp: 2 ** 32 - 20_000 }])).toEqual(['video', 'video']);
    const observer = new MediaObserver();
    const tick = (fromMs: number, timestamp: number) => {
      for (let index = 0; index < 25; index++) {
        const data = rtp({ timestamp: timestamp + index * 960 });
        observer.look(data, 'in', fromMs + index * 20);
      }
      return observer.take(fromMs + 500);
    };
    expect([tick(0, 0), tick(500, 3_000_000_000), tick(1_000, 3_000_024_000)]).toEqual([
      'audio',
      'audio',
      'audio',
    ]);
  });

  it('is data where DTLS goes on, and not for a handshake or beside media', () => {
    const dtls = (type: number, count: number, more: readonly Uint8Array[] = []) => {
      const observer = new MediaObserver();
      for (let index = 0; index < count; index++) observer.look(Uint8Array.of(type, 254, 253), 'out', index);
      for (const packet of more) observer.look(packet, 'in', count);
      return observer.take(500);
    };
    expect(dtls(23, 10)).toBe('data');
    expect(dtls(0x2e, 10)).toBe('data');
    expect(dtls(22, 10)).toBeUndefined();
    expect(dtls(0x2e, 3)).toBeUndefined();
    // Reports go on while a microphone is off.
    expect(dtls(23, 10, [rtp({ payloadType: 200 })])).toBeUndefined();
  });

  it('is nothing where nothing tells it: too few packets, reports, other protocols', () => {
    expect(new MediaObserver().take(0)).toBeUndefined();
    expect(seenOf([{ ...opus, perSecond: 4 }], 1)).toEqual([undefined]);
    expect(seenOf([{ ...opus, payloadType: 200 }])).toEqual([undefined, undefined]);
    const observer = new MediaObserver();
    for (let index = 0; index < 50; index++) observer.look(Uint8Array.of(1, 2, 3, 4), 'in', index * 10);
    expect(observer.take(500)).toBeUndefined();
  });

  it('bears any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 200 }), (packets) => {
        const observer = new MediaObserver();
        for (const [index, packet] of packets.entries()) observer.look(packet, 'in', index * 7);
        expect([undefined, 'data', 'audio', 'video']).toContain(observer.take(packets.length * 7));
      }),
      { numRuns: 200 },
    );
  });
});
