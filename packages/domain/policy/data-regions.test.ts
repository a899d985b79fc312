import { expect, test } from 'vitest';
import { isStoredIn, whyNotKept } from './data-regions.ts';
import { effectivePolicy } from './effective-policy.ts';
import { account, level, platform } from './policy.testing.ts';
import { servingRegions } from './serving-regions.ts';

const places = { storageRegions: ['eu', 'eu-copy'], workerRegions: ['eu'] };

test('data are kept in regions that all of the storage is in, and a refusal says what there is (PRD-4)', () => {
  expect(whyNotKept(['eu', 'eu-copy'], places)).toBeUndefined();
  expect(whyNotKept(['eu', 'eu-copy', 'us'], places)).toBeUndefined();
  expect(whyNotKept(['eu'], places)).toContain('eu and eu-copy');
  expect(whyNotKept(['us'], places)).toContain('eu and eu-copy');
  expect(whyNotKept([], places)).toContain('eu and eu-copy');
});

test('nothing is promised of a storage that nobody declared, nor where webhooks go out from elsewhere alone', () => {
  const undeclared = { ...places, storageRegions: [] };
  expect(whyNotKept(['eu'], undeclared)).toContain('PATCHBAY_STORAGE_REGIONS');
  expect(isStoredIn(['eu'], undeclared)).toBe(false);
  const far = { storageRegions: ['eu'], workerRegions: ['us'] };
  expect(whyNotKept(['eu'], far)).toContain('sent from us');
  expect(whyNotKept(['eu', 'us'], far)).toBeUndefined();
  // Before the first worker joined nothing is sent from anywhere.
  expect(whyNotKept(['eu'], { ...far, workerRegions: [] })).toBeUndefined();
});

test('nodes serve that both the regions of nodes and those of data name; where neither is said, all do', () => {
  const servingUnder = (...values: readonly Parameters<typeof level>[1][]) =>
    servingRegions(
      effectivePolicy([
        level(platform),
        ...values.map((word, index) => level(account(`acc_${index}`), word)),
      ]),
    );
  expect(servingUnder()).toBeUndefined();
  expect(servingUnder({ values: { dataRegions: ['eu', 'ch'] } })).toEqual(['eu', 'ch']);
  expect(servingUnder({ values: { regions: ['us', 'eu'] } })).toEqual(['us', 'eu']);
  expect(
    servingUnder({ values: { dataRegions: ['eu', 'ch'] } }, { values: { regions: ['us', 'eu'] } }),
  ).toEqual(['eu']);
  expect(servingUnder({ values: { dataRegions: ['eu'] } }, { values: { regions: ['us'] } })).toEqual([]);
});
