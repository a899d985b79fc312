import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askMail } from './doctor.ts';

let mail: string;
let url: string;
const health = createServer((_, response) => response.end(JSON.stringify({ status: 'ok', mail })));

beforeAll(async () => {
  await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(health.address() as AddressInfo).port}`;
});
afterAll(() => {
  health.close();
});

test('doctor fails where no mail leaves, and says where mails go elsewhere (PRD-3)', async () => {
  mail = 'none';
  await expect(askMail(url)).rejects.toThrow('no mail leaves');
  mail = 'outbox';
  expect(await askMail(url)).toBe(`mails lie at ${url}/outbox`);
  mail = 'smtp';
  expect(await askMail(url)).toBe('over SMTP');
});
