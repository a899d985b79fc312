import { expect, test } from 'vitest';
import { storageRegionsOf } from './storage-regions.ts';

test('a database that comes along is in the region of the machine; of another one somebody has to say it (PRD-4)', () => {
  const databaseUrl = 'postgresql://db.test/patchbay';
  expect(storageRegionsOf({}, 'eu')).toBe('eu');
  expect(storageRegionsOf({ databaseUrl }, 'eu')).toBe('');
  expect(storageRegionsOf({ databaseUrl, storageRegions: 'eu,ch' }, 'eu')).toBe('eu,ch');
  expect(() => storageRegionsOf({ databaseUrl, storageRegions: 'ch' }, 'eu')).toThrow('as well: eu');
});
