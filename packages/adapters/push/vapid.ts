import { createECDH, createPrivateKey, sign } from 'node:crypto';

/** Who sends, to push services (RFC 8292): a pair of keys on P-256, in base64url. */
export interface VapidKeys {
  /** An uncompressed point. A browser is given it when it subscribes, and takes messages of no other sender. */
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface VapidClaims {
  /** Where the message goes. The token is good for the origin of it alone. */
  readonly endpoint: string;
  /** Whom the push service can reach: `mailto:` or `https:`. */
  readonly contact: string;
  readonly nowMs: number;
}

/** A day is the most that a push service takes (RFC 8292 §2). Half of it leaves room for clocks that are off. */
const LIFETIME_SECONDS = 12 * 3_600;
const COORDINATE_BYTES = 32;

export function generateVapidKeys(): VapidKeys {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const privateKey = pair.getPrivateKey();
  // A number that begins with zeros comes without them.
  const padded = Buffer.concat([Buffer.alloc(COORDINATE_BYTES - privateKey.length), privateKey]);
  return { publicKey: pair.getPublicKey('base64url'), privateKey: padded.toString('base64url') };
}

/** The header `Authorization` of a push message (RFC 8292 §3). */
export function vapidAuthorization(
  { publicKey, privateKey }: VapidKeys,
  { endpoint, contact, nowMs }: VapidClaims,
): string {
  const point = Buffer.from(publicKey, 'base64url');
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: privateKey,
      x: point.subarray(1, 1 + COORDINATE_BYTES).toString('base64url'),
      y: point.subarray(1 + COORDINATE_BYTES).toString('base64url'),
    },
  });
  const claims = {
    aud: new URL(endpoint).origin,
    exp: Math.floor(nowMs / 1_000) + LIFETIME_SECONDS,
    sub: contact,
  };
  const signed = [{ typ: 'JWT', alg: 'ES256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `vapid t=${signed}.${signature.toString('base64url')}, k=${publicKey}`;
}
