import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeUint16 } from './byte-order.ts';
import { decodeErrorCode, encodeErrorCode, reasonPhraseLengthMax } from './error-code.ts';
import { isIntegrityRight } from './integrity.ts';
import { longTermKey, userhashOf } from './long-term-key.ts';
import { encodeMessage, headerLengthBytes } from './message.ts';
import { toOpaqueString } from './opaque-string.ts';
import {
  decodePasswordAlgorithm,
  decodePasswordAlgorithms,
  encodePasswordAlgorithms,
} from './password-algorithm.ts';
import { longTerm } from './rfc5769-vectors.ts';
import { decodeNonceCookie, encodeNonceCookie } from './security-features.ts';
import { decodeText, encodeText, textLengthBytesMax } from './text-attribute.ts';
import { decodeUnknownAttributes, encodeUnknownAttributes } from './unknown-attributes.ts';
import { decodeXorAddress, encodeXorAddress } from './xor-address.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('XOR addresses', () => {
  const transactionId = fc.uint8Array({ minLength: 12, maxLength: 12 });
  const ip = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  it('every address and port comes back; IPv6 needs the transaction id', () => {
    fc.assert(
      fc.property(ip, fc.integer({ min: 0, max: 65_535 }), transactionId, (bytes, port, id) => {
        const value = encodeXorAddress({ ip: bytes, port }, id);
        const back = decodeXorAddress(value, id);
        expect(back?.port).toBe(port);
        expect(hex(back?.ip ?? new Uint8Array())).toBe(hex(bytes));
      }),
    );
  });
  it.each(['', '0001', '000100000000', '00030000aabbccdd', '0002a147e112a643', `0001${'00'.repeat(18)}`])(
    'a value of %s is refused',
    (text) => {
      expect(decodeXorAddress(Buffer.from(text, 'hex'), new Uint8Array(12))).toBeUndefined();
    },
  );
});

describe('ERROR-CODE', () => {
  it('carries class, number and phrase', () => {
    expect(hex(encodeErrorCode({ code: 438, phrase: 'Stale Nonce' }))).toBe(
      `00000426${hex(encodeText('Stale Nonce'))}`,
    );
    expect(decodeErrorCode(encodeErrorCode({ code: 420, phrase: 'x' }))).toEqual({ code: 420, phrase: 'x' });
  });
  it('a phrase is cut at the maximum, between characters', () => {
    const { phrase } = decodeErrorCode(encodeErrorCode({ code: 400, phrase: '\u{1f600}'.repeat(200) })) ?? {
      phrase: '',
    };
    expect([...phrase]).toHaveLength(reasonPhraseLengthMax);
    expect(phrase).not.toContain('\ufffd');
  });
  it.each(['', '000004', '00000200', '00000464', '00000700'])('a value of %s is refused', (text) => {
    expect(decodeErrorCode(Buffer.from(text, 'hex'))).toBeUndefined();
  });
});

describe('lists and texts', () => {
  it('UNKNOWN-ATTRIBUTES keeps order; an odd length is refused', () => {
    const types = [0x0001, 0x7fff, 0x0024];
    expect(decodeUnknownAttributes(encodeUnknownAttributes(types))).toEqual(types);
    expect(decodeUnknownAttributes(new Uint8Array(3))).toBeUndefined();
  });
  it('a text is UTF-8 of 1 to its maximum of bytes', () => {
    expect(decodeText(encodeText('\u00e9'), 2)).toBe('\u00e9');
    expect(decodeText(new Uint8Array(0), 508)).toBeUndefined();
    expect(decodeText(Uint8Array.of(0xc3), 508)).toBeUndefined();
    const { username } = textLengthBytesMax;
    expect(decodeText(new Uint8Array(username).fill(97), username)).toHaveLength(508);
    expect(decodeText(new Uint8Array(username + 1).fill(97), username)).toBeUndefined();
  });
  it('PASSWORD-ALGORITHM and its list', () => {
    expect(hex(encodePasswordAlgorithms(['sha256', 'md5']))).toBe('0002000000010000');
    expect(decodePasswordAlgorithm(Uint8Array.of(0, 2, 0, 0))).toBe('sha256');
    expect(decodePasswordAlgorithm(Uint8Array.of(0, 3, 0, 0))).toBeUndefined();
    expect(decodePasswordAlgorithm(Uint8Array.of(0, 2, 0, 1))).toBeUndefined();
    expect(decodePasswordAlgorithms(Buffer.from('000200000001000100000000', 'hex'))).toEqual([2, 1]);
    expect(decodePasswordAlgorithms(Buffer.from('00020004', 'hex'))).toBeUndefined();
    expect(decodePasswordAlgorithms(Buffer.from('0002', 'hex'))).toBeUndefined();
  });
  it('the nonce cookie says what is offered (S15)', () => {
    const cookie = (algorithms: boolean, userhash: boolean) =>
      encodeNonceCookie({ isPasswordAlgorithmsOffered: algorithms, isUserhashOffered: userhash });
    expect([cookie(true, false), cookie(false, true), cookie(true, true)]).toEqual([
      'obMatJos2AAAB',
      'obMatJos2AAAC',
      'obMatJos2AAAD',
    ]);
    expect(decodeNonceCookie('obMatJos2AAAC//499k')).toEqual({
      isPasswordAlgorithmsOffered: false,
      isUserhashOffered: true,
    });
    expect(decodeNonceCookie('obMatJos1AAAC')).toBeUndefined();
    expect(decodeNonceCookie('obMatJos2AA')).toBeUndefined();
  });
});

describe('keys', () => {
  it('user:realm:pass gives the keys of the RFC (S16)', () => {
    const credential = { username: 'user', realm: 'realm', password: 'pass' };
    expect(hex(longTermKey(credential, 'md5'))).toBe('8493fbc53ba582fb4c044c456bdc40eb');
    expect(hex(longTermKey(credential, 'sha256'))).toBe(
      '07e934117abd40836e7c6329b54731b2b2d2a5f9a71f544922d75e0730d8251b',
    );
  });
  it('USERHASH of the sample user is that of RFC 8489 B.1 (S3)', () => {
    expect(hex(userhashOf(longTerm.username, longTerm.realm))).toBe(
      '4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704',
    );
  });
  it('composed and decomposed letters give one key (S17)', () => {
    const composed = { username: '\u00e9', realm: 'r', password: 'p\u00e9' };
    const decomposed = { username: 'e\u0301', realm: 'r', password: 'pe\u0301' };
    expect(hex(longTermKey(composed, 'md5'))).toBe(hex(longTermKey(decomposed, 'md5')));
    expect(hex(userhashOf('\u00e9', 'r'))).toBe(hex(userhashOf('e\u0301', 'r')));
  });
  it('OpaqueString maps spaces and refuses controls and nothing', () => {
    expect(toOpaqueString('a\u00a0b\u3000c')).toBe('a b c');
    expect(toOpaqueString('')).toBeUndefined();
    expect(toOpaqueString('a\u0007')).toBeUndefined();
  });
});

describe('MESSAGE-INTEGRITY-SHA256, truncated (S9)', () => {
  const key = new Uint8Array(32).fill(3);
  const offset = headerLengthBytes;
  /** A message whose MAC is cut to a length, made as a sender that cuts would make it. */
  const isAccepted = (lengthBytes: number) => {
    const bytes = new Uint8Array(offset + 4 + lengthBytes);
    bytes.set(
      encodeMessage({
        method: 1,
        messageClass: 'request',
        transactionId: new Uint8Array(12),
        attributes: [],
      }),
    );
    writeUint16(bytes, 2, 4 + lengthBytes);
    const mac = createHmac('sha256', key).update(bytes.subarray(0, offset)).digest();
    const value = Buffer.concat([mac, mac]).subarray(0, lengthBytes);
    return isIntegrityRight(bytes, { offset, value }, { hash: 'sha256', key });
  };
  it.each([16, 20, 24, 28, 32])('%i bytes are accepted', (lengthBytes) => {
    expect(isAccepted(lengthBytes)).toBe(true);
  });
  it.each([0, 4, 12, 15, 17, 30, 33, 36])('%i bytes are refused', (lengthBytes) => {
    expect(isAccepted(lengthBytes)).toBe(false);
  });
});
