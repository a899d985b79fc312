import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Where Linux keeps files in memory, for everybody. In a container it is often too small. */
const IN_MEMORY = '/dev/shm';
const TMPFS_TYPE = 0x01021994;
/** The databases of a run take a tenth of that at a time, and the server's log half of it at most. */
const ROOM_BYTES_MIN = 2 * 2 ** 30;
/** That, and what servers, browsers and tests need beside. */
const MEMORY_BYTES_MIN = 4 * 2 ** 30;

export interface Room {
  /** That is free in the folder in memory. 0: there is no such folder. */
  readonly folderBytes: number;
  /** That this process and its children may still take. */
  readonly memoryBytes: number;
}

/**
 * The folder for databases that nobody keeps. A database is two thousand files, and a run makes and removes hundreds: on a
 * disk that was two thirds of all that the database server did. In memory where there is room, else where other
 * temporary files are.
 */
export function databaseFolder({ folderBytes, memoryBytes }: Room = roomHere()): string {
  return folderBytes >= ROOM_BYTES_MIN && memoryBytes >= MEMORY_BYTES_MIN ? IN_MEMORY : tmpdir();
}

/** Both folders that it may be: a run that was killed left its databases in one of them. */
export const databaseFolders = (): readonly string[] => [tmpdir(), ...(isInMemory() ? [IN_MEMORY] : [])];

function roomHere(): Room {
  const memoryBytes = process.availableMemory();
  if (!isInMemory()) return { folderBytes: 0, memoryBytes };
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return { folderBytes: bavail * bsize, memoryBytes };
}

function isInMemory(): boolean {
  try {
    accessSync(IN_MEMORY, constants.R_OK | constants.W_OK | constants.X_OK);
    return statfsSync(IN_MEMORY).type === TMPFS_TYPE;
  } catch {
    return false;
  }
}
