/**
 * The checklist of the control plane has the numbers C1 to C54, after OWASP's API list: object access, the second wall,
 * authentication, properties, consumption, functions, flows, requests to addresses of others, webhooks, idempotency,
 * configuration, inventory, files, audit. Each is a test, whose title begins with its number, where what it promises is
 * cheapest to show.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const ITEM_COUNT = 54;
const items = Array.from({ length: ITEM_COUNT }, (_, index) => `C${index + 1}`);

/**
 * The faults F1 to F18 that accounts, usage, triggers and webhooks have to bear are tests in the same way; a title may have a
 * second number behind its first. The others are faults of media, nodes and money.
 */
const faults: Readonly<Record<string, string>> = {
  F4: 'The database is away.',
  F5: 'Usage comes often, shuffled and late.',
  F8: 'Receivers hang, break off and drip.',
  F9: 'What fails each time is counted before it is tried.',
  F16: 'A process dies at any statement.',
};

const beginning = /\b(?:test|it|describe)(?:\.\w+)*\s*\(\s*['"`](C\d+)\b/g;
const ofFault = /\b(?:test|it|describe)(?:\.\w+)*\s*\(\s*['"`](?:C\d+: )?[^'"`]*?\b(F\d+)\b/g;
const ofTable = /\)\s*\(\s*['"`](C\d+)\b/g;

function testsIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', '.next', 'generated'].includes(entry.name) ? [] : testsIn(place);
    return /\.test\.tsx?$/.test(entry.name) ? [readFileSync(place, 'utf8')] : [];
  });
}

const sources = ['packages', 'apps'].flatMap((folder) => testsIn(path.join(root, folder)));
const numbersBy = (...patterns: readonly RegExp[]): ReadonlySet<string> =>
  new Set(
    sources.flatMap((source) =>
      patterns.flatMap((pattern) => [...source.matchAll(pattern)].flatMap(([, number]) => number ?? [])),
    ),
  );

const tested = numbersBy(beginning, ofTable);
const borne = numbersBy(ofFault);

test.each(Object.entries(faults))('%s is a test by its number: %s', (fault) => {
  expect(borne.has(fault)).toBe(true);
});

test.each(items)('%s is a test by its number', (item) => {
  expect(tested.has(item)).toBe(true);
});

test('no number is another one’s', () => {
  expect([...tested].filter((item) => !items.includes(item))).toEqual([]);
});
