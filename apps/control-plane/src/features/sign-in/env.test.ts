import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isLoopbackHost, readDemoAccount, sampleOn } from './env.ts';

const PATCHBAY_DEV_ENV = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-')), 'dev.env');
writeFileSync(PATCHBAY_DEV_ENV, 'PATCHBAY_EMAIL=demo@example.com\nPATCHBAY_PASSWORD="a long password"\n');

test('the demo account is told on a loopback address', () => {
  for (const host of ['localhost:3000', '127.0.0.1:3000', '127.0.1.9', '[::1]:3000']) {
    expect(readDemoAccount({ PATCHBAY_DEV_ENV, PATCHBAY_URL: `http://${host}` }), host).toEqual({
      email: 'demo@example.com',
      password: 'a long password',
    });
  }
});

test('the demo account is told nowhere else', () => {
  for (const host of ['patchbay.example', '192.0.2.1', 'localhost.example.com', '127.0.0.1.example.com']) {
    expect(readDemoAccount({ PATCHBAY_DEV_ENV, PATCHBAY_URL: `http://${host}` }), host).toBeUndefined();
  }
});

test('only a host of this machine alone is one, with or without a port', () => {
  for (const host of ['localhost', '127.0.0.1:3000', '[::1]:3000'])
    expect(isLoopbackHost(host), host).toBe(true);
  for (const host of ['', 'rebound.example:3000', 'localhost@rebound.example'])
    expect(isLoopbackHost(host), host).toBe(false);
});

test('without a first start there is none to tell', () => {
  expect(readDemoAccount({ PATCHBAY_URL: 'http://localhost' })).toBeUndefined();
  expect(
    readDemoAccount({ PATCHBAY_DEV_ENV: `${PATCHBAY_DEV_ENV}.absent`, PATCHBAY_URL: 'http://localhost' }),
  ).toBeUndefined();
});

test('a page tells of the sample whether it is of the account that is looked at, and names no other account (PRD-2)', () => {
  const sample = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-')), 'dev.env');
  writeFileSync(
    sample,
    'PATCHBAY_EMAIL=demo@example.com\nPATCHBAY_PASSWORD=pw\nPATCHBAY_SAMPLE_URL=http://localhost:3001\nPATCHBAY_ACCOUNT=acc_demo\n',
  );
  const environment = { PATCHBAY_DEV_ENV: sample, PATCHBAY_URL: 'http://localhost' };
  const url = 'http://localhost:3001';
  expect(sampleOn('acc_below', environment)).toEqual({ url, isOfAccount: false });
  expect(sampleOn('acc_demo', environment)).toEqual({ url, isOfAccount: true });
});
