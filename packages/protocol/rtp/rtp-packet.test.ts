import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyRtpPacket,
  noLevel,
  readRtp,
  rtpHeaderBytes,
  rtpLevelHeaderBytes,
  writeRtpHeader,
  writeRtpLevelHeader,
} from './rtp-packet.ts';

const header = {
  payloadType: 111,
  isMarked: true,
  sequence: 65_535,
  timestamp: 0xffff_ffff,
  ssrc: 0xdead_beef,
};

function packet({ first = 0x80, rest = [] }: { first?: number; rest?: readonly number[] } = {}): Uint8Array {
  const bytes = new Uint8Array(rtpHeaderBytes + rest.length);
  writeRtpHeader(bytes, header);
  bytes[0] = first;
  bytes.set(rest, rtpHeaderBytes);
  return bytes;
}
const read = (bytes: Uint8Array, levelExtensionId = 0) => {
  const into = emptyRtpPacket();
  return readRtp(bytes, levelExtensionId, into) ? into : undefined;
};

test('a header is read as it was written, numbers at the end of their range too', () => {
  expect(read(packet({ rest: [1, 2, 3] }))).toEqual({
    ...header,
    payloadStart: 12,
    payloadEnd: 15,
    levelMinusDbov: noLevel,
  });
});

test('contributing sources, extensions and padding are no payload', () => {
  const rest = [0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0, 7, 8, 0, 0, 3];
  expect(read(packet({ first: 0xb1, rest }), 1)).toMatchObject({
    payloadStart: 24,
    payloadEnd: 26,
    levelMinusDbov: 5,
  });
});

test.each([
  { what: 'one byte of header', rest: [0xbe, 0xde, 0, 1, 0x20, 9, 0x30, 0xaa], level: 0x2a },
  { what: 'padding before it', rest: [0xbe, 0xde, 0, 1, 0, 0, 0x30, 0x7f], level: 127 },
  { what: 'two bytes of header', rest: [0x10, 0, 0, 2, 3, 1, 0x83, 0, 0, 0, 0, 0], level: 3 },
  { what: 'another id', rest: [0xbe, 0xde, 0, 1, 0x20, 9, 0, 0], level: noLevel },
  { what: 'behind the id at which reading ends', rest: [0xbe, 0xde, 0, 1, 0xf0, 0x30, 9, 0], level: noLevel },
  { what: 'longer than all', rest: [0xbe, 0xde, 0, 1, 0x3f, 9, 9, 9], level: noLevel },
  { what: 'two bytes of header without data', rest: [0x10, 0, 0, 1, 3, 0, 0, 0], level: noLevel },
  { what: 'another profile', rest: [0xab, 0xcd, 0, 1, 0x30, 9, 0, 0], level: noLevel },
])('a level (RFC 6464) in an extension: $what', ({ rest, level }) => {
  expect(read(packet({ first: 0x90, rest }), 3)).toMatchObject({ levelMinusDbov: level });
});

test.each([
  ['what is too short', packet().subarray(0, 11)],
  ['another version', packet({ first: 0x40 })],
  ['RTCP on the same port', packet().with(1, 200)],
  ['sources that are cut off', packet({ first: 0x81 })],
  ['an extension that is cut off', packet({ first: 0x90, rest: [0xbe, 0xde] })],
  ['an extension longer than all', packet({ first: 0x90, rest: [0xbe, 0xde, 0xff, 0xff] })],
  ['more padding than there is', packet({ first: 0xa0, rest: [1, 9] })],
  ['padding of nothing', packet({ first: 0xa0, rest: [1, 0] })],
])('it is no packet: %s', (_, bytes) => expect(read(bytes, 1)).toBeUndefined());

test('whatever comes, nothing is thrown, and what is read lies in it', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .uint8Array({ maxLength: 64 })
      .map((rest) => packet({ first: 0xb0 | ((rest[0] ?? 0) & 0x0f), rest: [...rest] })),
  );
  fc.assert(
    fc.property(hostile, fc.integer({ min: 0, max: 255 }), (bytes, id) => {
      const found = read(bytes, id);
      if (found === undefined) return;
      expect(found.payloadStart).toBeGreaterThanOrEqual(rtpHeaderBytes);
      expect(found.payloadStart).toBeLessThanOrEqual(found.payloadEnd);
      expect(found.payloadEnd).toBeLessThanOrEqual(bytes.length);
      expect(found.levelMinusDbov).toBeLessThanOrEqual(127);
    }),
    { numRuns: 2_000 },
  );
});

test('a level is read as it was written with its packet (RFC 6464)', () => {
  const bytes = new Uint8Array(rtpLevelHeaderBytes + 2);
  writeRtpLevelHeader(bytes, 3, { ...header, levelMinusDbov: 42 });
  expect(read(bytes, 3)).toEqual({ ...header, payloadStart: 20, payloadEnd: 22, levelMinusDbov: 42 });
  expect(read(bytes, 4)).toMatchObject({ payloadStart: 20, levelMinusDbov: noLevel });
});
