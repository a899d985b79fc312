/** A key and a certificate of it, as a provider has them (X.509, in DER), made on the spot: no key lies in the repository. */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Signer {
  /** PEM. */
  readonly privateKey: string;
  /** DER, in base64. */
  readonly certificate: string;
}

const tagged = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Uint8Array.from([tag, ...length]), body]);
};
const hex = (text: string) => Buffer.from(text, 'hex');

const SEQUENCE = 0x30;
/** sha256WithRSAEncryption, without parameters. */
const algorithm = tagged(SEQUENCE, hex('06092a864886f70d01010b'), hex('0500'));
/** CN=idp */
const name = tagged(
  SEQUENCE,
  tagged(0x31, tagged(SEQUENCE, hex('0603550403'), tagged(0x0c, Buffer.from('idp')))),
);
const instant = (ms: number) =>
  tagged(0x18, Buffer.from(`${new Date(ms).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`));

const DAY_MS = 24 * 3_600_000;

export function selfSigned({ endsMs = Date.now() + 90 * DAY_MS, bits = 2_048 } = {}): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const told = tagged(
    SEQUENCE,
    tagged(0xa0, hex('020102')),
    hex('020101'),
    algorithm,
    name,
    tagged(SEQUENCE, instant(endsMs - 365 * DAY_MS), instant(endsMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = tagged(0x03, hex('00'), sign('sha256', told, privateKey));
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: Buffer.from(tagged(SEQUENCE, told, algorithm, signature)).toString('base64'),
  };
}
