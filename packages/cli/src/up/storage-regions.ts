import { Refusal } from '../refusal.ts';
import type { Settings } from '../settings.ts';

/** A database that comes along is on this machine. Where another one is, nobody but who runs it knows. */
export function storageRegionsOf(
  { storageRegions, databaseUrl }: Pick<Settings, 'storageRegions' | 'databaseUrl'>,
  region: string,
): string {
  if (storageRegions === undefined) return databaseUrl === undefined ? region : '';
  if (storageRegions.split(',').includes(region)) return storageRegions;
  throw new Refusal(
    `The storage regions (${storageRegions}) have to name the region of what is started here as well: ${region}. The control plane has data in memory, and usage on its disk.`,
  );
}
