import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@patchbay/adapters/processes/process-identity';
import { Refusal } from '../refusal.ts';

/** Takes the data folder for this process, until the returned function is called or the process ends. */
export function claimDataFolder(root: string): () => void {
  const file = path.join(root, 'running.json');
  if (existsSync(file)) {
    const other = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
    if (isAlive(other)) {
      throw new Refusal(
        `Patchbay runs in ${root} already, as process ${other.pid}: stop that one, or choose another folder with --data.`,
      );
    }
  }
  writeFileSync(file, JSON.stringify(identify(process.pid)));
  return () => rmSync(file, { force: true });
}
