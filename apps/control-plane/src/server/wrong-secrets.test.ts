import type { Principal } from '@patchbay/faces/platform';
import { expect, test } from 'vitest';
import { WrongSecrets } from './wrong-secrets.ts';

const principal: Principal = { actor: { kind: 'key', keyId: 'key_1', accountId: 'acc_1' }, name: 'Key' };

function guarded() {
  const wrong = new WrongSecrets();
  let lookCount = 0;
  const ask = (secret: string, address: string, nowMs = 0) =>
    wrong.authenticate({ secret, address, nowMs }, async () => {
      lookCount += 1;
      return secret.startsWith('right') ? principal : undefined;
    });
  return { ask, looked: () => lookCount };
}
const refusal = { fields: { code: 'limit.exceeded', status: 429, rule: 'authentication' } };

test('of 600 wrong keys from one address 60 are looked up, and the rest are told to wait', async () => {
  const { ask, looked } = guarded();
  const answers = await Promise.allSettled(
    Array.from({ length: 600 }, async (_, index) => ask(`wrong ${index}`, '192.0.2.1')),
  );
  const late = answers.filter(({ status }) => status === 'rejected');
  expect(late).toHaveLength(540);
  expect(late[0]).toMatchObject({ reason: refusal });
  expect(looked()).toBe(60);
});

test('a key that held goes on from an address with too many wrong ones; one never seen waits', async () => {
  const { ask } = guarded();
  expect(await ask('right', '192.0.2.1')).toBe(principal);
  for (let count = 0; count < 60; count++) expect(await ask('wrong', '192.0.2.1')).toBeUndefined();
  await expect(ask('wrong', '192.0.2.1')).rejects.toMatchObject(refusal);
  await expect(ask('right too', '192.0.2.1')).rejects.toMatchObject(refusal);
  expect(await ask('right', '192.0.2.1')).toBe(principal);
  expect(await ask('right too', '192.0.2.2')).toBe(principal);
  expect(await ask('right too', '192.0.2.1', 2_000)).toBe(principal);
  await expect(ask('right', '192.0.2.1', 1)).resolves.toBe(principal);
});

test('wrong keys from all addresses of one IPv6 network are counted together, and those of the next one apart', async () => {
  const { ask, looked } = guarded();
  const from = (network: number, index: number) => `2001:db8:0:${network}::${index.toString(16)}`;
  for (let index = 1; index <= 60; index++) await ask(`wrong ${index}`, from(1, index));
  await expect(ask('wrong', from(1, 61))).rejects.toMatchObject(refusal);
  expect(await ask('wrong', from(2, 1))).toBeUndefined();
  expect(looked()).toBe(61);
});
