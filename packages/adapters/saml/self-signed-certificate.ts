/** A certificate that a key gives itself (RFC 5280 §4.1): providers of SAML take keys in this form, and believe it for where it is from. */
import { type KeyObject, sign } from 'node:crypto';

export interface SelfSigned {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly commonName: string;
  /** Positive, and of no other certificate. */
  readonly serial: Uint8Array;
  readonly beginsMs: number;
  readonly endsMs: number;
}

const SEQUENCE = 0x30;
const hex = (text: string) => Buffer.from(text, 'hex');

function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const { length } = body;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...lengthBytes]), body]);
}

/** sha256WithRSAEncryption, and ecdsa-with-SHA256, which has no parameters. */
const rsaSha256 = tagged(SEQUENCE, hex('06092a864886f70d01010b'), hex('0500'));
const ecdsaSha256 = tagged(SEQUENCE, hex('06082a8648ce3d040302'));

/** GeneralizedTime, which every date has. */
const instant = (ms: number) =>
  tagged(0x18, Buffer.from(`${new Date(ms).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`));

/** DER. */
export function selfSignedCertificate(wanted: SelfSigned): Uint8Array {
  const { privateKey, publicKey, commonName, serial, beginsMs, endsMs } = wanted;
  const algorithm = publicKey.asymmetricKeyType === 'ec' ? ecdsaSha256 : rsaSha256;
  const name = tagged(
    SEQUENCE,
    tagged(0x31, tagged(SEQUENCE, hex('0603550403'), tagged(0x0c, Buffer.from(commonName)))),
  );
  const told = tagged(
    SEQUENCE,
    tagged(0xa0, hex('020102')),
    tagged(0x02, Uint8Array.of(0x01), serial),
    algorithm,
    name,
    tagged(SEQUENCE, instant(beginsMs), instant(endsMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = tagged(0x03, hex('00'), sign('sha256', told, privateKey));
  return tagged(SEQUENCE, told, algorithm, signature);
}
