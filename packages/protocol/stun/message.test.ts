import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeType } from './attribute-type.ts';
import { isFingerprintRight } from './fingerprint.ts';
import { type Integrity, isIntegrityRight } from './integrity.ts';
import { ipToText } from './ip-address.ts';
import { longTermKey } from './long-term-key.ts';
import {
  attributeCountMax,
  decodeMessage,
  encodeMessage,
  findAttribute,
  type MessageClass,
  type StunMessage,
} from './message.ts';
import * as vectors from './rfc5769-vectors.ts';
import { decodeXorAddress } from './xor-address.ts';

function decoded(bytes: Uint8Array): StunMessage {
  const result = decodeMessage(bytes);
  if (!result.ok) throw new Error(result.reason);
  return result.message;
}
const reasonOf = (bytes: Uint8Array) => {
  const result = decodeMessage(bytes);
  return result.ok ? 'ok' : result.reason;
};

const shortTermKey = new TextEncoder().encode(vectors.shortTermPassword);
interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly integrity: Integrity;
  readonly paddingByte: number;
  readonly hasFingerprint: boolean;
}
const shortTerm = {
  integrity: { hash: 'sha1', key: shortTermKey },
  paddingByte: 0x20,
  hasFingerprint: true,
} as const;
const longTerm = (hash: 'sha1' | 'sha256', algorithm: 'md5' | 'sha256') => ({
  integrity: { hash, key: longTermKey(vectors.longTerm, algorithm) },
  paddingByte: 0,
  hasFingerprint: false,
});
const samples: readonly Sample[] = [
  { name: '§2.1 request', bytes: vectors.sampleRequest, ...shortTerm },
  { name: '§2.2 IPv4 response', bytes: vectors.sampleIpv4Response, ...shortTerm },
  { name: '§2.3 IPv6 response', bytes: vectors.sampleIpv6Response, ...shortTerm },
  { name: '§2.4 long-term request', bytes: vectors.sampleLongTermRequest, ...longTerm('sha1', 'md5') },
  { name: 'RFC 8489 B.1', bytes: vectors.sampleSha256Request, ...longTerm('sha256', 'sha256') },
];
const sealTypes = new Set<number>([
  attributeType.messageIntegrity,
  attributeType.messageIntegritySha256,
  attributeType.fingerprint,
]);

/** Whether integrity holds, and the fingerprint is there and right where one is expected. */
function isVerified(
  bytes: Uint8Array,
  { integrity, hasFingerprint }: Pick<Sample, 'integrity' | 'hasFingerprint'>,
) {
  const result = decodeMessage(bytes);
  if (!result.ok) return false;
  const { messageIntegrity, messageIntegritySha256 } = attributeType;
  const proof = findAttribute(
    result.message,
    integrity.hash === 'sha1' ? messageIntegrity : messageIntegritySha256,
  );
  const fingerprint = findAttribute(result.message, attributeType.fingerprint);
  const isPrintRight = fingerprint !== undefined && isFingerprintRight(bytes, fingerprint.offset);
  return isPrintRight === hasFingerprint && proof !== undefined && isIntegrityRight(bytes, proof, integrity);
}

describe('the vectors of RFC 5769 and RFC 8489 (S2)', () => {
  it.each(samples)('$name: decodes, verifies, and encodes again byte for byte', (sample) => {
    const { bytes, integrity, paddingByte, hasFingerprint } = sample;
    expect(isVerified(bytes, sample)).toBe(true);
    const { method, messageClass, transactionId, attributes } = decoded(bytes);
    const plain = attributes.filter(({ type }) => !sealTypes.has(type));
    const draft = {
      method,
      messageClass,
      transactionId,
      attributes: plain,
      integrity,
      hasFingerprint,
      paddingByte,
    };
    expect(Buffer.from(encodeMessage(draft)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  });

  it.each(samples)('$name: any one flipped bit fails', (sample) => {
    const { bytes } = sample;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const broken = bytes.slice();
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isVerified(broken, sample), `bit ${bit}`).toBe(false);
    }
  });

  it('§2.2 and §2.3 carry the addresses that the RFC names', () => {
    const addressIn = (bytes: Uint8Array) => {
      const message = decoded(bytes);
      const attribute = findAttribute(message, attributeType.xorMappedAddress);
      const address = decodeXorAddress(attribute?.value ?? new Uint8Array(), message.transactionId);
      return address === undefined ? undefined : `${ipToText(address.ip)} ${address.port}`;
    };
    expect(addressIn(vectors.sampleIpv4Response)).toBe('192.0.2.1 32853');
    expect(addressIn(vectors.sampleIpv6Response)).toBe('2001:db8:1234:5678:11:2233:4455:6677 32853');
  });
});

const header = (length: number, cookie = '2112a442') =>
  Uint8Array.from(
    Buffer.from(`0001${length.toString(16).padStart(4, '0')}${cookie}${'00'.repeat(12)}`, 'hex'),
  );
const withBody = (body: string, length = body.length / 2) =>
  Uint8Array.from(Buffer.concat([header(length), Buffer.from(body, 'hex')]));

describe('what is no STUN message (S5 to S7)', () => {
  it.each([
    ['zero bytes', new Uint8Array(0), 'too-short'],
    ['19 bytes', header(0).subarray(0, 19), 'too-short'],
    ['top bits set', Uint8Array.from([0xc0, ...header(0).subarray(1)]), 'top-bits'],
    ['a length not of 4', withBody('0000', 2), 'length-unaligned'],
    ['a length beyond the datagram', header(4), 'length-mismatch'],
    ['a length short of the datagram', withBody('80220000', 0), 'length-mismatch'],
    ['the cookie of classic STUN', header(0, '00000000'), 'magic-cookie'],
    ['an attribute that overruns', withBody('80220005aabbccdd'), 'attribute-overrun'],
    ['65,507 zero bytes', new Uint8Array(65_507), 'length-mismatch'],
    ['a FINGERPRINT before the end', withBody('802800040000000080220000'), 'fingerprint-not-last'],
    ['too many attributes', withBody('80220000'.repeat(attributeCountMax + 1)), 'attribute-count'],
  ])('%s: %3$s', (_, bytes, reason) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  it('10,000 attributes are refused in under 5 ms', () => {
    const bytes = withBody('80220000'.repeat(10_000));
    const startMs = performance.now();
    expect(reasonOf(bytes)).toBe('attribute-count');
    expect(performance.now() - startMs).toBeLessThan(5);
  });

  it('the largest count that is allowed is read', () => {
    expect(decoded(withBody('80220000'.repeat(attributeCountMax))).attributes).toHaveLength(
      attributeCountMax,
    );
  });
});

describe('attributes and integrity (S8)', () => {
  const mi = `00080014${'11'.repeat(20)}`;
  const mi256 = `001c0020${'22'.repeat(32)}`;
  const types = (body: string) => decoded(withBody(body)).attributes.map(({ type }) => type);

  it('after MESSAGE-INTEGRITY only its SHA-256 form and FINGERPRINT count', () => {
    expect(types(`${mi}00060000${mi256}80280004aabbccdd`)).toEqual([0x0008, 0x001c, 0x8028]);
  });
  it('after MESSAGE-INTEGRITY-SHA256 only FINGERPRINT counts', () => {
    expect(types(`${mi256}${mi}00060000${mi256}80280004aabbccdd`)).toEqual([0x001c, 0x8028]);
  });
  it('of duplicates the first wins', () => {
    const message = decoded(withBody('00060004616161610006000462626262'));
    expect(Buffer.from(findAttribute(message, 6)?.value ?? []).toString()).toBe('aaaa');
  });
});

describe('properties', () => {
  const classes: MessageClass[] = ['request', 'indication', 'success', 'error'];
  const draft = fc.record({
    method: fc.integer({ min: 0, max: 0xfff }),
    messageClass: fc.constantFrom(...classes),
    transactionId: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    attributes: fc.array(
      fc.record({
        type: fc.integer({ min: 0, max: 0xffff }).filter((type) => !sealTypes.has(type)),
        value: fc.uint8Array({ maxLength: 100 }),
      }),
      { maxLength: 20 },
    ),
    hasFingerprint: fc.boolean(),
  });

  it('what is encoded is decoded again, and padding is zero', () => {
    fc.assert(
      fc.property(draft, fc.uint8Array({ minLength: 1, maxLength: 64 }), (message, key) => {
        const bytes = encodeMessage({ ...message, integrity: { hash: 'sha256', key } });
        const back = decoded(bytes);
        expect(back.method).toBe(message.method);
        expect(back.messageClass).toBe(message.messageClass);
        expect([...back.transactionId]).toEqual([...message.transactionId]);
        const plain = back.attributes.filter(({ type }) => !sealTypes.has(type));
        expect(plain.map(({ type, value }) => [type, ...value])).toEqual(
          message.attributes.map(({ type, value }) => [type, ...value]),
        );
        for (const { value, offset } of back.attributes) {
          const end = offset + 4 + value.length;
          expect([...bytes.subarray(end, (end + 3) & ~3)].every((byte) => byte === 0)).toBe(true);
        }
        const { hasFingerprint } = message;
        expect(isVerified(bytes, { integrity: { hash: 'sha256', key }, hasFingerprint })).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('no bytes throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeMessage(bytes)),
      { numRuns: 2000 },
    );
  });
});
