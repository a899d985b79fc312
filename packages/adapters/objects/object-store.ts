import type { ByteRange } from '@patchbay/domain/stored-media/byte-range';

/** Where bytes of files lie: a folder, or a bucket. It knows nothing of accounts, and what it holds is sealed. */
export interface ObjectStore {
  /** Writes all of it, or nothing that anybody reads. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws ObjectMissingError */
  read(key: string, range: ByteRange): Promise<Uint8Array>;
  /** Also of one that is not there: it may be asked again. */
  remove(key: string): Promise<void>;
}

export class ObjectMissingError extends Error {
  constructor(key: string) {
    super(`There is no object ${key} in the store.`);
    this.name = 'ObjectMissingError';
  }
}

const keyForm = /^[a-z0-9_-]{1,100}$/;

/** A key is a name of ours: it leads nowhere else, whatever is read out of a row. */
export function objectPath(key: string): string {
  if (!keyForm.test(key)) throw new Error('This is no key of an object.');
  // Ids begin with a time and end at random: so folders stay small.
  return `objects/${key.slice(-2)}/${key}`;
}
