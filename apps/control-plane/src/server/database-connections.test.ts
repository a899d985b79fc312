import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connectionCountMax, connectionCounts } from './database-connections.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/database.md'), 'utf8');
const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !name.includes('.test') && name !== 'database-connections.ts')
  .map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8'));

test('the page says how many connections a control plane opens at most, and what for', () => {
  expect(page).toContain(`One control plane holds at most ${connectionCountMax} connections`);
  const counts = Object.values(connectionCounts);
  const said = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, count]) => Number(count));
  expect(said).toEqual(counts);
});

test('whoever opens connections takes their bound from where they are counted, and each bound is taken once', () => {
  const whole = sources.join('\n');
  const opened = whole.match(
    /\b(?:createApplicationPool|openClient|createPostgresBus|listen|new Client|new Pool)\(/g,
  );
  expect(opened).toHaveLength(Object.keys(connectionCounts).length);
  const pools = Object.entries(connectionCounts).filter(([, count]) => count > 1);
  for (const [name] of pools) expect(whole.split(`connectionCounts.${name}`), name).toHaveLength(2);
});
