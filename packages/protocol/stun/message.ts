import { attributeType } from './attribute-type.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from './byte-order.ts';
import { fingerprintLengthBytes, writeFingerprint } from './fingerprint.ts';
import { type Integrity, integrityLengthBytes, writeIntegrity } from './integrity.ts';
import { paddedLength } from './padding.ts';

/** RFC 8489 §5. */
export const magicCookie = 0x2112a442;
export const headerLengthBytes = 20;
/** More attributes than any real message carries: 100 peers in one CreatePermission, and the rest. */
export const attributeCountMax = 128;
/** The header's length field has 16 bits, of which the last two are zero. */
export const bodyLengthBytesMax = 0xfffc;

/** RFC 8489 §18.2 and RFC 8656 §17. */
export const method = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
} as const;

export type MessageClass = 'request' | 'indication' | 'success' | 'error';
const classBits: Readonly<Record<MessageClass, number>> = {
  request: 0x000,
  indication: 0x010,
  success: 0x100,
  error: 0x110,
};
const classOrder: readonly MessageClass[] = ['request', 'indication', 'success', 'error'];

export interface Attribute {
  readonly type: number;
  /** A view of the message. */
  readonly value: Uint8Array;
  /** Where the attribute's own header begins in the message: integrity covers what comes before. */
  readonly offset: number;
}

export interface StunMessage {
  readonly method: number;
  readonly messageClass: MessageClass;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  /** In order, without those that RFC 8489 §14.5 to §14.7 tell a receiver to ignore. */
  readonly attributes: readonly Attribute[];
  /** The message as received. */
  readonly bytes: Uint8Array;
}

export type Malformation =
  | 'too-short'
  | 'top-bits'
  | 'length-unaligned'
  | 'length-mismatch'
  | 'magic-cookie'
  | 'attribute-overrun'
  | 'attribute-count'
  | 'fingerprint-not-last';

export type Decoded =
  | { readonly ok: true; readonly message: StunMessage }
  | { readonly ok: false; readonly reason: Malformation };

/** RFC 8489 §6.3: what is wrong with the header, before any attribute is looked at. */
function headerFault(bytes: Uint8Array): Malformation | undefined {
  if (bytes.length < headerLengthBytes) return 'too-short';
  if (((bytes[0] ?? 0) & 0xc0) !== 0) return 'top-bits';
  const length = readUint16(bytes, 2);
  if (length % 4 !== 0) return 'length-unaligned';
  if (headerLengthBytes + length !== bytes.length) return 'length-mismatch';
  if (readUint32(bytes, 4) !== magicCookie) return 'magic-cookie';
  return undefined;
}

/**
 * Reads one STUN message that fills its datagram exactly. Attributes that follow MESSAGE-INTEGRITY are left out,
 * MESSAGE-INTEGRITY-SHA256 and FINGERPRINT excepted (RFC 8489 §14.5), as nothing has vouched for them.
 */
export function decodeMessage(bytes: Uint8Array): Decoded {
  const fault = headerFault(bytes);
  if (fault !== undefined) return { ok: false, reason: fault };
  const attributes: Attribute[] = [];
  /** What has vouched for the part read so far: after each, fewer attributes are honoured. */
  let sealed: 'open' | 'sha1' | 'sha256' = 'open';
  let count = 0;
  for (let offset = headerLengthBytes; offset < bytes.length; count++) {
    if (count === attributeCountMax) return { ok: false, reason: 'attribute-count' };
    const type = readUint16(bytes, offset);
    const length = readUint16(bytes, offset + 2);
    const next = offset + 4 + paddedLength(length);
    if (next > bytes.length) return { ok: false, reason: 'attribute-overrun' };
    const isFingerprint = type === attributeType.fingerprint;
    if (isFingerprint && next !== bytes.length) return { ok: false, reason: 'fingerprint-not-last' };
    const isSha256 = type === attributeType.messageIntegritySha256;
    if (sealed === 'open' || isFingerprint || (sealed === 'sha1' && isSha256)) {
      attributes.push({ type, value: bytes.subarray(offset + 4, offset + 4 + length), offset });
    }
    if (isSha256) sealed = 'sha256';
    else if (type === attributeType.messageIntegrity && sealed === 'open') sealed = 'sha1';
    offset = next;
  }
  const type = readUint16(bytes, 0);
  return {
    ok: true,
    message: {
      method: (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2),
      messageClass: classOrder[((type & 0x010) >> 4) | ((type & 0x100) >> 7)] ?? 'request',
      transactionId: bytes.subarray(8, 20),
      attributes,
      bytes,
    },
  };
}

/** The first attribute of a type: of duplicates only the first counts (RFC 8489 §14). */
export function findAttribute(message: StunMessage, type: number): Attribute | undefined {
  for (const attribute of message.attributes) if (attribute.type === type) return attribute;
  return undefined;
}

export interface MessageDraft {
  readonly method: number;
  readonly messageClass: MessageClass;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly attributes: readonly { readonly type: number; readonly value: Uint8Array }[];
  /** Appends MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 over all that comes before. */
  readonly integrity?: Integrity | undefined;
  readonly hasFingerprint?: boolean;
  /** The byte that pads values, 0 by default. The vectors of RFC 5769 pad with 0x20. */
  readonly paddingByte?: number;
}

/** Writes a message. Padding is always written: old memory never leaves (CVE-2020-4067). */
export function encodeMessage(draft: MessageDraft): Uint8Array {
  let length = headerLengthBytes;
  for (const { value } of draft.attributes) length += 4 + paddedLength(value.length);
  if (draft.integrity !== undefined) length += integrityLengthBytes(draft.integrity);
  if (draft.hasFingerprint === true) length += fingerprintLengthBytes;
  if (length - headerLengthBytes > bodyLengthBytesMax)
    throw new RangeError('A STUN message is at most 64 KiB.');
  const bytes = new Uint8Array(length);
  const m = draft.method;
  const type = (m & 0x00f) | ((m & 0x070) << 1) | ((m & 0xf80) << 2) | classBits[draft.messageClass];
  writeUint16(bytes, 0, type);
  writeUint32(bytes, 4, magicCookie);
  bytes.set(draft.transactionId, 8);
  let offset = headerLengthBytes;
  for (const { type: attribute, value } of draft.attributes) {
    writeUint16(bytes, offset, attribute);
    writeUint16(bytes, offset + 2, value.length);
    bytes.set(value, offset + 4);
    const next = offset + 4 + paddedLength(value.length);
    bytes.fill(draft.paddingByte ?? 0, offset + 4 + value.length, next);
    offset = next;
  }
  if (draft.integrity !== undefined) offset = writeIntegrity(bytes, offset, draft.integrity);
  if (draft.hasFingerprint === true) offset = writeFingerprint(bytes, offset);
  writeUint16(bytes, 2, offset - headerLengthBytes);
  return bytes;
}
