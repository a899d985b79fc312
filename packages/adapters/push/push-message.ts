import { type BinaryLike, createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** Where a browser is reached, as its `PushSubscription` says it: what only that browser can open is made from it. */
export interface PushSubscription {
  readonly endpoint: string;
  /** Its point on P-256, uncompressed, in base64url. */
  readonly p256dh: string;
  /** Its secret of 16 bytes, in base64url. */
  readonly auth: string;
}

/** What is drawn anew for each message. Given only to make a known message. */
export interface MessageSecrets {
  readonly salt: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Of one record, which every push service takes (RFC 8030 §7.2), its header and the tag in it. */
const RECORD_BYTES = 4_096;
const SALT_BYTES = 16;
const AUTH_BYTES = 16;
const POINT_BYTES = 65;
const TAG_BYTES = 16;
const HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES;
/** Behind the text of the last record (RFC 8188 §2). */
const LAST_RECORD = Uint8Array.of(2);

/** How long a text may be, in bytes. */
export const PUSH_TEXT_BYTES_MAX = RECORD_BYTES - HEADER_BYTES - TAG_BYTES - LAST_RECORD.length;

/** Why nothing can be made for a subscription. */
export class PushMessageError extends Error {
  override readonly name = 'PushMessageError';
  readonly reason: 'subscription_invalid' | 'too_large';
  constructor(reason: 'subscription_invalid' | 'too_large') {
    super(`A push message cannot be made: ${reason}.`);
    this.reason = reason;
  }
}

/** The body of a push message: `aes128gcm`, for the one browser (RFC 8291 §4). Throws a PushMessageError. */
export function encryptPush(
  text: Uint8Array,
  subscription: Pick<PushSubscription, 'p256dh' | 'auth'>,
  secrets?: MessageSecrets,
): Uint8Array {
  if (text.length > PUSH_TEXT_BYTES_MAX) throw new PushMessageError('too_large');
  const receiver = decoded(subscription.p256dh, POINT_BYTES);
  const auth = decoded(subscription.auth, AUTH_BYTES);
  const salt = secrets?.salt ?? randomBytes(SALT_BYTES);
  const sender = createECDH('prime256v1');
  if (secrets === undefined) sender.generateKeys();
  else sender.setPrivateKey(secrets.privateKey);
  const point = sender.getPublicKey();
  const shared = sharedSecret(sender, receiver);
  const input = derived(shared, {
    salt: auth,
    info: Buffer.concat([Buffer.from('WebPush: info\0'), receiver, point]),
    bytes: 32,
  });
  const key = derived(input, { salt, info: 'Content-Encoding: aes128gcm\0', bytes: 16 });
  const nonce = derived(input, { salt, info: 'Content-Encoding: nonce\0', bytes: 12 });
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(RECORD_BYTES);
  return Buffer.concat([
    salt,
    size,
    Uint8Array.of(point.length),
    point,
    cipher.update(text),
    cipher.update(LAST_RECORD),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** A point that is not on the curve is refused: what comes of one could tell of our key. */
function sharedSecret(sender: ReturnType<typeof createECDH>, receiver: Buffer): Buffer {
  try {
    return sender.computeSecret(receiver);
  } catch {
    throw new PushMessageError('subscription_invalid');
  }
}

function decoded(text: string, bytes: number): Buffer {
  const found = Buffer.from(text, 'base64url');
  if (found.length !== bytes) throw new PushMessageError('subscription_invalid');
  return found;
}

function derived(
  input: BinaryLike,
  { salt, info, bytes }: { readonly salt: BinaryLike; readonly info: BinaryLike; readonly bytes: number },
): Buffer {
  return Buffer.from(hkdfSync('sha256', input, salt, info, bytes));
}
