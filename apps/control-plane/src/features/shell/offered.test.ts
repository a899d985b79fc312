import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tellers } from '@patchbay/domain/tenancy/move-preview';
import { isOfOneself, mountedOperations } from '@patchbay/faces/mounted';
import { expect, test } from 'vitest';

const features = path.join(import.meta.dirname, '..');

/** The code of each feature, without its tests. */
const codeByFeature = new Map<string, string>();
for (const file of globSync('**/*.{ts,tsx}', { cwd: features })) {
  const [feature = ''] = file.split(path.sep);
  if (file.includes('.test.')) continue;
  codeByFeature.set(
    feature,
    (codeByFeature.get(feature) ?? '') + readFileSync(path.join(features, file), 'utf8'),
  );
}

/** Changes that are no matter of a role, each with why. */
const askedOfNobody: Readonly<Record<string, string>> = {
  'enrolment.signUp': 'whoever signs up has no account yet',
  'views.end': 'one’s own view can always be left, and it is nothing that the view allows',
};

/** What people do with their own sign-in is no matter of a role. */
const ofOneself = new Set(mountedOperations.filter(isOfOneself).map(({ group, name }) => `${group}.${name}`));

const changesIn = (code: string): readonly string[] =>
  [...code.matchAll(/\b(?:trpc|client)\.(\w+)\.(\w+)\s*\.(?:mutationOptions|mutate)\(/g)].map(
    ([, group, operation]) => `${group}.${operation}`,
  );

const isAskedIn = (code: string, operation: string): boolean => {
  const quoted = `['"]${operation}['"]`;
  return new RegExp(String.raw`\buseMay\(${quoted}|\b(?:to|by)=(?:${quoted}|\{[^}]*${quoted}[^}]*\})`).test(
    code,
  );
};

test('what tells a part of a move’s preview elsewhere is an operation that there is', () => {
  const known = mountedOperations.map(({ scopeName, name }) => `${scopeName}.${name}`);
  expect(known).toEqual(
    expect.arrayContaining(Object.values(tellers).map(({ owner, operation }) => `${owner}.${operation}`)),
  );
});

const changes = [...codeByFeature].flatMap(([feature, code]) =>
  [...new Set(changesIn(code))].map((operation) => ({ feature, operation })),
);

test.each(changes.filter(({ operation }) => !(operation in askedOfNobody || ofOneself.has(operation))))(
  '$feature asks whether $operation may be done before it offers it',
  ({ feature, operation }) => {
    expect(isAskedIn(codeByFeature.get(feature) ?? '', operation)).toBe(true);
  },
);

test('a change that is known by its name alone is asked about by that name', () => {
  const byName = [...codeByFeature].filter(([, code]) => /\bclient\.(?:change|mutation)\(/.test(code));
  expect(byName.map(([feature]) => feature).toSorted()).toEqual(['callbacks', 'credentials', 'services']);
  for (const [feature, code] of byName)
    expect(code, feature).toMatch(/\b(?:rights\(|useMay\(by\)|by=\{by\})/);
});

test('what is asked of nobody is done somewhere', () => {
  const done = new Set(changes.map(({ operation }) => operation));
  expect(Object.keys(askedOfNobody).filter((operation) => !done.has(operation))).toEqual([]);
});
