import { createECDH, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decrypt } from 'http_ece';
import { describe, expect, test } from 'vitest';
import { encryptPush, PUSH_TEXT_BYTES_MAX, PushMessageError } from './push-message.ts';

const bytesOf = (text: string) => Buffer.from(text, 'base64url');

/** A browser that subscribed. */
function browser() {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const authSecret = randomBytes(16);
  return {
    keys: { p256dh: pair.getPublicKey('base64url'), auth: authSecret.toString('base64url') },
    open: (body: Uint8Array) =>
      decrypt(Buffer.from(body), { version: 'aes128gcm', privateKey: pair, authSecret }),
  };
}

function refusal(make: () => unknown): string | undefined {
  try {
    make();
  } catch (cause) {
    if (cause instanceof PushMessageError) return cause.reason;
    throw cause;
  }
  return undefined;
}

describe('a push message (NTF)', () => {
  test('is the one of RFC 8291, appendix A, byte for byte', () => {
    const made = encryptPush(
      Buffer.from('When I grow up, I want to be a watermelon'),
      {
        p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
        auth: 'BTBZMqHH6r4Tts7J_aSIgg',
      },
      {
        salt: bytesOf('DGv6ra1nlYgDCS1FRnbzlw'),
        privateKey: bytesOf('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
      },
    );
    expect(Buffer.from(made).toString('base64url')).toBe(
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
    );
  });

  test('of any text is opened by its browser, with code of others', () => {
    const { keys, open } = browser();
    const texts = fc.uint8Array({ maxLength: PUSH_TEXT_BYTES_MAX, size: 'max' });
    fc.assert(
      fc.property(texts, (text) => {
        expect(open(encryptPush(text, keys)).equals(Buffer.from(text))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('is opened by no other browser, nor with another secret, nor when a bit of it was changed', () => {
    const one = browser();
    const body = encryptPush(Buffer.from('for you alone'), one.keys);
    expect(() => browser().open(body)).toThrow();
    const otherSecret = encryptPush(Buffer.from('for you alone'), { ...one.keys, auth: browser().keys.auth });
    expect(() => one.open(otherSecret)).toThrow();
    const changed = Buffer.from(body);
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    expect(() => one.open(changed)).toThrow();
  });

  test('is another one each time: key, salt and all', () => {
    const { keys } = browser();
    const heads = Array.from({ length: 3 }, () =>
      Buffer.from(encryptPush(Buffer.from('again'), keys).subarray(0, 86)).toString('hex'),
    );
    expect(new Set(heads.map((head) => head.slice(0, 32))).size).toBe(3);
    expect(new Set(heads.map((head) => head.slice(42))).size).toBe(3);
  });

  test('has at most 4,096 bytes, and is refused beyond', () => {
    const { keys } = browser();
    expect(encryptPush(new Uint8Array(PUSH_TEXT_BYTES_MAX), keys)).toHaveLength(4_096);
    expect(refusal(() => encryptPush(new Uint8Array(PUSH_TEXT_BYTES_MAX + 1), keys))).toBe('too_large');
  });

  test('is not made for a point beside the curve, or for keys of another length', () => {
    const { keys } = browser();
    const beside = Buffer.alloc(65, 1);
    beside.writeUInt8(4, 0);
    const text = Buffer.from('nobody');
    for (const broken of [
      { ...keys, p256dh: beside.toString('base64url') },
      { ...keys, p256dh: keys.p256dh.slice(0, 80) },
      { ...keys, p256dh: '' },
      { ...keys, auth: 'AAAA' },
    ])
      expect(refusal(() => encryptPush(text, broken))).toBe('subscription_invalid');
  });
});
