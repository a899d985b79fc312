import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inherited } from './env.ts';

/** Every program has looked by then. */
const TAKEN_MS = 200;

/** The clock of all programs of a platform that a test started, which it sets forward. The database keeps the machine's. */
export interface PlatformClock {
  /** For the environment of the platform. */
  readonly env: Readonly<Record<string, string>>;
  nowMs(): number;
  /** @param atMs Not before the time that it is. */
  setTo(atMs: number): Promise<void>;
  remove(): void;
}

export function createPlatformClock(): PlatformClock {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-clock-'));
  const file = path.join(folder, 'ahead-ms');
  let aheadMs = 0;
  // Whoever reads it while it is written has the one or the other.
  const write = () => {
    writeFileSync(`${file}.new`, String(aheadMs));
    renameSync(`${file}.new`, file);
  };
  write();
  const loaded = new URL('./set-clock.ts', import.meta.url);
  loaded.searchParams.set('file', file);
  return {
    env: { NODE_OPTIONS: `${inherited.NODE_OPTIONS ?? ''} --import=${loaded.href}`.trim() },
    nowMs: () => Date.now() + aheadMs,
    async setTo(atMs) {
      aheadMs = Math.max(aheadMs, atMs - Date.now());
      write();
      await wait(TAKEN_MS);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
