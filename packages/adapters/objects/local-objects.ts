import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ObjectMissingError, type ObjectStore, objectPath } from './object-store.ts';

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** Files in a folder that every process of the platform reaches. It is closed to other users of the machine. */
export function localObjects(folder: string): ObjectStore {
  const fileOf = (key: string) => path.join(folder, objectPath(key));
  return {
    async put(key, bytes) {
      const file = fileOf(key);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      // Under its name it is whole: a process that dies leaves nothing that is taken for it.
      const half = `${file}.${randomBytes(6).toString('hex')}`;
      await writeFile(half, bytes, { mode: 0o600, flush: true });
      await rename(half, file);
    },

    async read(key, { first, last }) {
      const file = await open(fileOf(key)).catch((error: unknown) => {
        throw isMissing(error) ? new ObjectMissingError(key) : error;
      });
      try {
        const bytes = new Uint8Array(last - first + 1);
        let count = 0;
        while (count < bytes.length) {
          const { bytesRead } = await file.read(bytes, count, bytes.length - count, first + count);
          if (bytesRead === 0) throw new Error(`The object ${key} is shorter than it was written.`);
          count += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },

    remove: (key) => rm(fileOf(key), { force: true }),
  };
}
