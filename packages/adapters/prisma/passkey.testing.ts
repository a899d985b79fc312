/** A passkey in software, for tests of what is refused: it signs whatever it is told to (Web Authentication §6). */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

export interface Signing {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
  readonly counter?: number;
  readonly isUserVerified?: boolean;
}

export function softwarePasskey(userId: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(16);
  const credential = {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    clientExtensionResults: {},
  };
  const clientDataOf = (type: string, { challenge, origin }: Signing) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const authenticatorDataOf = ({ rpId, counter = 0, isUserVerified = true }: Signing, flags: number) => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const seen = USER_PRESENT | (isUserVerified ? USER_VERIFIED : 0);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(seen | flags), count]);
  };
  return {
    /** As a browser answers `navigator.credentials.create()`. */
    register: (signing: Signing) => {
      const key = cborMap([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]);
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, key]);
      const authData = Buffer.concat([authenticatorDataOf(signing, HAS_CREDENTIAL), attested]);
      const attestation = cborMap([
        ['fmt', 'none'],
        ['attStmt', nothing],
        ['authData', authData],
      ]);
      return {
        ...credential,
        response: {
          clientDataJSON: clientDataOf('webauthn.create', signing).toString('base64url'),
          attestationObject: attestation.toString('base64url'),
        },
      };
    },
    /** As a browser answers `navigator.credentials.get()`. */
    answer: (signing: Signing) => {
      const authenticatorData = authenticatorDataOf(signing, 0);
      const clientData = clientDataOf('webauthn.get', signing);
      const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()]);
      return {
        ...credential,
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: authenticatorData.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
          userHandle: Buffer.from(userId).toString('base64url'),
        },
      };
    },
  };
}

const nothing = Symbol('an empty map');
type Cbor = number | string | Buffer | typeof nothing;

/** RFC 8949 §3.1: as much of it as an attestation needs. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return head(5, 0);
}

const cborMap = (entries: readonly (readonly [number | string, Cbor])[]) =>
  Buffer.concat([head(5, entries.length), ...entries.flatMap(([key, value]) => [cbor(key), cbor(value)])]);

const head = (major: number, value: number) =>
  value < 24 ? Buffer.of((major << 5) | value) : Buffer.of((major << 5) | 24, value);
