import { createHash, createPrivateKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { NewSamlKey } from '@patchbay/domain/sso/ports';
import { selfSignedCertificate } from './self-signed-certificate.ts';

const KEY_BITS = 3_072;
const SERIAL_BYTES = 15;
/** Nobody is locked out by a day on a calendar: a key is replaced when its owners say so. */
const CERTIFICATE_LIFETIME_MS = 10 * 365 * 24 * 3_600_000;
/** Clocks of providers may be behind. */
const BEGINS_EARLIER_MS = 24 * 3_600_000;

/** A key pair of a connection to a provider: what is encrypted to it, and what our requests are signed with. */
export async function makeSamlKey(nowMs: number): Promise<NewSamlKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS });
  const endsMs = nowMs + CERTIFICATE_LIFETIME_MS;
  const certificate = selfSignedCertificate({
    privateKey,
    publicKey,
    // At the host of a brand it is seen by those below it: so it names nobody.
    commonName: 'Service provider',
    serial: randomBytes(SERIAL_BYTES),
    beginsMs: nowMs - BEGINS_EARLIER_MS,
    endsMs,
  });
  return {
    privateKey: Uint8Array.from(privateKey.export({ type: 'pkcs8', format: 'der' })),
    certificate: Buffer.from(certificate).toString('base64'),
    fingerprint: createHash('sha256').update(certificate).digest('hex'),
    certificateEndsAt: new Date(endsMs),
  };
}

/** As it was kept. */
export const openSamlKey = (privateKey: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
