import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { ByteRange } from '@patchbay/domain/stored-media/byte-range';
import type { ObjectStore } from './object-store.ts';

/** Of what is sealed together: so much is read and opened for one byte. */
export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Chunks that are read from the store at once: a megabyte in memory. */
const CHUNKS_AT_ONCE = 16;

/** Whose an object is, and how long: it opens as nothing else. */
export interface SealedObject {
  readonly key: string;
  readonly accountId: string;
  readonly sizeBytes: number;
}

/**
 * Files as they lie in a store: encrypted by a key of their own, chunk by chunk, so that a part is read without the rest. Each
 * chunk is bound to the account, to its place and to the size of the whole: none is put in the place of another, and none is
 * missing at the end.
 */
export function sealedObjects(store: ObjectStore, masterKey: Uint8Array) {
  return {
    async put({ key, accountId }: Omit<SealedObject, 'sizeBytes'>, bytes: Uint8Array): Promise<void> {
      const object = { key, accountId, sizeBytes: bytes.length };
      const chunks: Buffer[] = [];
      const secret = secretOf(masterKey, object);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
        chunks.push(seal(bytes.subarray(at, at + CHUNK_BYTES), { object, secret, index: chunks.length }));
      await store.put(key, Buffer.concat(chunks));
    },

    /** A part, piece by piece: in memory is a megabyte of it. It fails where anything is not as it was put there. */
    async *read(object: SealedObject, { first, last }: ByteRange): AsyncGenerator<Uint8Array> {
      const secret = secretOf(masterKey, object);
      const end = Math.floor(last / CHUNK_BYTES);
      for (let index = Math.floor(first / CHUNK_BYTES); index <= end; index += CHUNKS_AT_ONCE) {
        const lastIndex = Math.min(end, index + CHUNKS_AT_ONCE - 1);
        const sealed = await store.read(object.key, sealedRange(object, index, lastIndex));
        for (let each = index; each <= lastIndex; each++) {
          const at = (each - index) * (CHUNK_BYTES + TAG_BYTES);
          const bytes = open(sealed.subarray(at, at + CHUNK_BYTES + TAG_BYTES), {
            object,
            secret,
            index: each,
          });
          const from = each * CHUNK_BYTES;
          yield bytes.subarray(Math.max(0, first - from), Math.min(bytes.length, last + 1 - from));
        }
      }
    },

    remove: (key: string): Promise<void> => store.remove(key),
  };
}

export type SealedObjects = ReturnType<typeof sealedObjects>;

const secretOf = (masterKey: Uint8Array, { key }: SealedObject): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, key, 'patchbay stored objects', KEY_BYTES));

interface ChunkPlace {
  readonly object: SealedObject;
  readonly secret: Uint8Array;
  readonly index: number;
}

/** The secret seals one object, once: so its chunks may be counted where others draw a number. */
function nonceOf({ index }: ChunkPlace): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(index, NONCE_BYTES - 4);
  return nonce;
}

const boundTo = ({ object: { accountId, key, sizeBytes }, index }: ChunkPlace): Buffer =>
  Buffer.from([accountId, key, sizeBytes, index].join('\n'));

function seal(bytes: Uint8Array, place: ChunkPlace): Buffer {
  const cipher = createCipheriv('aes-256-gcm', place.secret, nonceOf(place)).setAAD(boundTo(place));
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function open(sealed: Uint8Array, place: ChunkPlace): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', place.secret, nonceOf(place)).setAAD(boundTo(place));
  cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()]);
}

function sealedRange({ sizeBytes }: SealedObject, firstIndex: number, lastIndex: number): ByteRange {
  const sealedSize = sizeBytes + Math.ceil(sizeBytes / CHUNK_BYTES) * TAG_BYTES;
  const width = CHUNK_BYTES + TAG_BYTES;
  return { first: firstIndex * width, last: Math.min(sealedSize, (lastIndex + 1) * width) - 1 };
}
