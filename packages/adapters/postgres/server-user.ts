import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ServerUser } from './binaries.ts';

const name = 'postgres';

function find(): ServerUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/**
 * Whom to run the server as: ourselves (undefined), unless we are root. Then the owner of the data, whoever
 * made them first; for new data the user postgres, created if the machine has none.
 */
export function serverUser(clusterDirectory: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const data = statSync(path.resolve(clusterDirectory), { throwIfNoEntry: false });
  if (data !== undefined && data.uid !== 0) return { uid: data.uid, gid: data.gid };
  const existing = find();
  if (existing !== undefined) return existing;
  try {
    execFileSync('groupadd', ['--force', '--system', name], { stdio: 'pipe' });
    execFileSync('useradd', ['--system', '--gid', name, '--no-create-home', name], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error(
      'PostgreSQL does not run as root, and the user postgres could not be created: create it, start as another user, or set DATABASE_URL',
      { cause },
    );
  }
  const created = find();
  if (created === undefined)
    throw new Error('The user postgres was created and is not in /etc/passwd: set DATABASE_URL');
  return created;
}
