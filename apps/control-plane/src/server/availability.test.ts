import { UnitEndedError } from '@patchbay/adapters/postgres/unit-of-work';
import { ServiceError } from '@patchbay/kit/errors';
import { Pool } from 'pg';
import { expect, test } from 'vitest';
import { aroundPorts, whileDatabaseAnswers, withoutDatabase } from './availability.ts';

const codeOf = (error: unknown) => (error instanceof ServiceError ? error.fields.code : undefined);
const forever = new Promise<never>(() => {});

test('a port that cannot reach the database refuses as unavailable, with a time to come back', async () => {
  const pool = new Pool({ connectionString: 'postgres://127.0.0.1:1/none', connectionTimeoutMillis: 500 });
  const ports = aroundPorts(
    { accounts: { find: () => pool.query('SELECT 1') } },
    { translate: withoutDatabase },
  );
  const error = await ports.accounts.find().catch((caught: unknown) => caught);
  expect(codeOf(error)).toBe('platform.unavailable');
  expect((error as ServiceError).fields).toMatchObject({ status: 503, retry: 'after', retryAfterMs: 2_000 });
  expect((error as ServiceError).fields.publicDetail).not.toContain('127.0.0.1');
  await pool.end();
});

test('what Prisma says of a raw query that reached nobody means the same', () => {
  const raw = Object.assign(
    new Error(
      "Invalid query:\nRaw query failed. Code: `N/A`. Message: `Can't reach database server at 127.0.0.1:1`",
    ),
    { code: 'P2010' },
  );
  expect(codeOf(withoutDatabase(raw))).toBe('platform.unavailable');
  expect(codeOf(withoutDatabase(new Error('outer', { cause: raw })))).toBe('platform.unavailable');
  const refused = Object.assign(new Error('Raw query failed. Code: `23505`.'), { code: 'P2010' });
  expect(withoutDatabase(refused)).toBe(refused);
});

test('a failure of another kind stays what it is, and so do answers that are not ports', async () => {
  const broken = new Error('broken');
  const map = new Map([['a', 1]]);
  const ports = aroundPorts(
    {
      fail: async () => {
        throw broken;
      },
      count: () => 3,
      map,
    },
    { translate: withoutDatabase },
  );
  await expect(ports.fail()).rejects.toBe(broken);
  expect([ports.count(), ports.map.get('a')]).toEqual([3, 1]);
});

test('a request on a database that says nothing is refused as soon as a question is not answered', async () => {
  const error = await whileDatabaseAnswers(forever, () => Promise.reject(new Error('timeout'))).catch(
    (caught: unknown) => caught,
  );
  expect(codeOf(error)).toBe('platform.unavailable');
});

test('a slow request goes on as long as the database answers', async () => {
  let pingCount = 0;
  let finish = (_value: string) => {};
  const work = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const answer = whileDatabaseAnswers(work, async () => {
    pingCount += 1;
    if (pingCount === 2) finish('done');
  });
  expect(await answer).toBe('done');
  expect(pingCount).toBe(2);
});

test('a request that fails, fails as it did', async () => {
  await expect(whileDatabaseAnswers(Promise.reject(new Error('mine')), () => forever)).rejects.toThrow(
    'mine',
  );
});

test('a change whose time was up says that nothing of it was kept, and may be repeated', () => {
  const expired = Object.assign(new Error('Transaction already closed.'), { code: 'P2028' });
  for (const error of [expired, new UnitEndedError('Nothing of this change was kept.')]) {
    const translated = withoutDatabase(error) as ServiceError;
    expect(translated.fields).toMatchObject({
      code: 'platform.unavailable',
      retryAfterMs: 2_000,
      publicDetail: 'This took too long, and nothing of it was kept.',
    });
  }
});
