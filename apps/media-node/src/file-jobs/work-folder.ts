import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PREFIX = 'patchbay-files-';

/** A folder of one job, closed to other users of the machine. It names its process, so that what one left behind is found. */
export const makeWorkFolder = (root = tmpdir(), pid = process.pid): Promise<string> =>
  mkdtemp(path.join(root, `${PREFIX}${pid}-`));

export const removeWorkFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true });

/** Takes away what processes left that are no more: one that was killed cannot do it itself. */
export async function sweepWorkFolders(root = tmpdir(), isAlive = processIsAlive): Promise<void> {
  for (const name of await readdir(root)) {
    const [, pid] = name.startsWith(PREFIX) ? (/^(\d+)-/.exec(name.slice(PREFIX.length)) ?? []) : [];
    if (pid !== undefined && !isAlive(Number(pid))) await removeWorkFolder(path.join(root, name));
  }
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user is there all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
