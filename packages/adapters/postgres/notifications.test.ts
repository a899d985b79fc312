import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Listener, listen, notificationBytesMax, notify } from './notifications.ts';

let database: TestDatabase;
let pool: Pool;
let listener: Listener | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  // The test itself ends connections, idle ones of this pool included.
  pool.on('error', () => {});
});

afterAll(async () => {
  await listener?.close();
  await pool.end();
  await database.drop();
});

it('hears what others publish, in order, and again after its connection was ended', async () => {
  const heard: string[] = [];
  let listeningCount = 0;
  const lost = vi.fn();
  listener = listen({
    databaseUrl: database.url,
    channel: 'Some-Channel',
    onNotification: (payload) => heard.push(payload),
    onListening: () => {
      listeningCount += 1;
    },
    onLost: lost,
  });
  await vi.waitFor(() => expect(listeningCount).toBe(1), 5_000);
  await notify(pool, 'Some-Channel', 'one');
  await notify(pool, 'other-channel', 'for somebody else');
  await notify(pool, 'Some-Channel', 'two');
  await vi.waitFor(() => expect(heard).toEqual(['one', 'two']), 5_000);

  await pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
  );
  await vi.waitFor(() => expect(listeningCount).toBe(2), 5_000);
  expect(lost).toHaveBeenCalledOnce();
  await notify(pool, 'Some-Channel', 'three');
  await vi.waitFor(() => expect(heard).toEqual(['one', 'two', 'three']), 5_000);
});

it('refuses a payload that the database would cut', async () => {
  await expect(notify(pool, 'Some-Channel', 'x'.repeat(notificationBytesMax + 1))).rejects.toThrow('7999');
});
