import { EventEmitter } from 'node:events';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { failOnErrors } from './dashboard-browser.ts';

function watchedPage() {
  const page = Object.assign(new EventEmitter(), { url: () => 'http://127.0.0.1/accounts' });
  failOnErrors(page as unknown as Page);
  return page;
}
const said = (type: string, text: string) => ({ type: () => type, text: () => text });

test('what a page throws, and what it complains of, fails the run', () => {
  const page = watchedPage();
  expect(() => page.emit('pageerror', new Error('hydration'))).toThrow('hydration');
  expect(() => page.emit('console', said('error', 'Text did not match.'))).toThrow(
    'http://127.0.0.1/accounts in the browser: Text did not match.',
  );
});

test('a refused request, a warning and a word do not', () => {
  const page = watchedPage();
  for (const message of [
    said('error', 'Failed to load resource: the server responded with a status of 404'),
    said('warning', 'slow'),
    said('log', 'hello'),
  ])
    expect(() => page.emit('console', message)).not.toThrow();
});

test('a page that is watched twice complains once', () => {
  const page = watchedPage();
  failOnErrors(page as unknown as Page);
  expect([page.listenerCount('pageerror'), page.listenerCount('console')]).toEqual([1, 1]);
});
