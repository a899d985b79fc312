/** A key and a certificate of it, as a provider has them (X.509, in DER), made on the spot: no key lies in the repository. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { selfSignedCertificate } from './self-signed-certificate.ts';

export interface Signer {
  /** PEM. */
  readonly privateKey: string;
  /** DER, in base64. */
  readonly certificate: string;
}

const DAY_MS = 24 * 3_600_000;

export function selfSigned({
  endsMs = Date.now() + 90 * DAY_MS,
  bits = 2_048,
  curve,
}: {
  readonly endsMs?: number;
  readonly bits?: number;
  /** Of a key for ECDSA, such as P-256. */
  readonly curve?: string;
} = {}): Signer {
  const { publicKey, privateKey } =
    curve === undefined
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : generateKeyPairSync('ec', { namedCurve: curve });
  const certificate = selfSignedCertificate({
    ...{ publicKey, privateKey, endsMs },
    commonName: 'idp',
    serial: randomBytes(15),
    beginsMs: endsMs - 365 * DAY_MS,
  });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: Buffer.from(certificate).toString('base64'),
  };
}
