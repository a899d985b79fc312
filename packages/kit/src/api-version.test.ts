import { expect, test } from 'vitest';
import { apiVersionNewest, apiVersionOf, apiVersions } from './api-version.ts';

test('who names a version gets it, who names none the oldest, and what is not served is no version (API-1)', () => {
  for (const version of apiVersions) expect(apiVersionOf(version)).toBe(version);
  expect(apiVersionOf(null)).toBe(apiVersions[0]);
  for (const asked of ['1999-01-01', '', 'latest', `${apiVersionNewest} `])
    expect(apiVersionOf(asked)).toBeUndefined();
});

test('versions are days, each once, the oldest first', () => {
  expect(apiVersions).toEqual([...new Set(apiVersions)].toSorted());
  for (const version of apiVersions) expect(new Date(version).toISOString().slice(0, 10)).toBe(version);
});
