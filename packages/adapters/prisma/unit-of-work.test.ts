import { platformError } from '@patchbay/kit/errors';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { inAccountScope } from '../metering/account-scope.ts';
import { accountChain } from './account-store.ts';
import { applicationStore } from './application-store.ts';
import { openClient, type PrismaClient } from './client.ts';
import { endpointStore } from './endpoint-store.ts';
import { inAccount } from './scope.ts';
import { atomically, atomicallyAgain } from './unit-of-work.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TenancyDatabase;
let pool: Pool;
let owner: Pool;
let one: string;
let other: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  pool = new Pool({ connectionString: database.applicationUrl, max: 2 });
  owner = new Pool({ connectionString: database.url, max: 1 });
  for (const each of [pool, owner]) each.on('error', () => undefined);
  one = (await database.signUp('One')).accountId;
  other = (await database.signUp('Other')).accountId;
});
afterAll(async () => {
  await Promise.all([pool.end(), owner.end()]);
  await database.close();
});

const create = (accountId: string, name: string) =>
  database.ports.applications.create({ accountId, name, instanceTypes: [] });
const namesOf = async (accountId: string) =>
  (await database.ports.applications.list({ accountId, limit: 100 })).items.map(({ name }) => name);
const readByPool = (accountId: string) =>
  inAccountScope(pool, accountId, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM application ORDER BY id');
    return rows.map(({ name }) => name);
  });

test('of several stores on both clients all is kept or nothing, and each sees what the others did (ACC-8)', async () => {
  const work = atomically(database.prisma, async () => {
    const child = await database.addChild(one, 'Child');
    await create(child, 'within');
    expect(await readByPool(child)).toEqual(['within']);
    expect((await accountChain(database.prisma, child)).length).toBe(3);
    // Another connection sees nothing of it yet.
    const { rowCount } = await pool.query(`SELECT 1 FROM account_chain($1)`, [child]);
    expect(rowCount).toBe(0);
    throw new Error(child);
  });
  const child = await work.catch((error: Error) => error.message);
  expect(child).toMatch(/^acc_/);
  expect(await accountChain(database.prisma, child)).toEqual([]);
  await atomically(database.prisma, () => create(one, 'kept'));
  expect(await namesOf(one)).toEqual(['kept']);
});

test('who waits for a connection gets it in the order of asking: nobody starves', async () => {
  const prisma = openClient(database.applicationUrl, { connectionsMax: 1 });
  try {
    const asked = Array.from({ length: 50 }, (_, index) => index);
    const served: number[] = [];
    await Promise.all(asked.map((index) => inAccount(prisma, one, async () => served.push(index))));
    expect(served).toEqual(asked);
  } finally {
    await prisma.$disconnect();
  }
});

test('a part that fails takes back itself alone, and no scope stays behind it', async () => {
  await atomically(database.prisma, async () => {
    await create(other, 'first');
    const failing = inAccount(database.prisma, other, async ({ application }) => {
      await application.create({
        data: { id: 'app_lost', accountId: other, name: 'lost', instanceTypes: [] },
      });
      await application.create({
        data: { id: 'app_lost', accountId: other, name: 'lost', instanceTypes: [] },
      });
    });
    await expect(failing).rejects.toThrow();
    await create(other, 'second');
    expect(await database.prisma.application.findMany()).toEqual([]);
  });
  expect(await namesOf(other)).toEqual(['first', 'second']);
});

test('parts that are asked for at once do not get into each other’s scope', async () => {
  const seen = await atomically(database.prisma, () =>
    Promise.all(Array.from({ length: 20 }, (_, index) => readByPool(index % 2 === 0 ? one : other))),
  );
  expect(seen.filter((_, index) => index % 2 === 0)).toEqual(Array(10).fill(['kept']));
  expect(seen.filter((_, index) => index % 2 === 1)).toEqual(Array(10).fill(['first', 'second']));
});

test('work that goes on when the unit is over has connections of its own', async () => {
  let late: Promise<string[]> | undefined;
  const gate = Promise.withResolvers<void>();
  await atomically(database.prisma, async () => {
    late = gate.promise.then(() => namesOf(one));
  });
  gate.resolve();
  expect(await late).toEqual(['kept']);
});

/** A client with a single connection, and little time for a transaction. */
async function withOneConnection(work: (prisma: PrismaClient) => Promise<void>): Promise<void> {
  const prisma = openClient(database.applicationUrl, { connectionsMax: 1, transactionMsMax: 300 });
  try {
    await work(prisma);
  } finally {
    await prisma.$disconnect();
  }
}
const backendOf = async (prisma: Pick<PrismaClient, '$queryRaw'>) => {
  const [row] = await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  return row?.pid;
};
const isGone = (pid: number | undefined) =>
  vi.waitFor(
    async () => {
      const { rowCount } = await owner.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid]);
      expect(rowCount).toBe(0);
    },
    { timeout: 10_000 },
  );

test('one whose time is up takes back nothing of whoever has a connection next, and keeps nothing itself', () =>
  withOneConnection(async (prisma) => {
    const expired = Promise.withResolvers<number | undefined>();
    const goOn = Promise.withResolvers<void>();
    const slow = atomically(prisma, () =>
      inAccount(prisma, one, async (transaction) => {
        expired.resolve(await backendOf(transaction));
        await goOn.promise;
        throw new Error('an expected refusal');
      }),
    );
    const pid = await expired.promise;
    // The only connection is free again when the time of the first is up, and it is another one.
    await atomically(prisma, async () => {
      await inAccount(prisma, other, async (transaction) => {
        expect(await backendOf(transaction)).not.toBe(pid);
        await transaction.application.create({
          data: { id: 'app_neighbour', accountId: other, name: 'neighbour', instanceTypes: [] },
        });
        goOn.resolve();
        await expect(slow).rejects.toThrow('an expected refusal');
      });
    });
    expect(await namesOf(other)).toContain('neighbour');
    await isGone(pid);
  }));

test('work that goes on after its time was up writes nowhere, on either client, and is told so (ACC-8)', () =>
  withOneConnection(async (prisma) => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const outcomes: PromiseSettledResult<unknown>[] = [];
    const slow = atomically(prisma, async () => {
      await applicationStore(prisma).create({ accountId: one, name: 'in time', instanceTypes: [] });
      begun.resolve();
      await goOn.promise;
      const late = [
        () => applicationStore(prisma).create({ accountId: one, name: 'late', instanceTypes: [] }),
        () => readByPool(one),
        async () => prisma.$queryRaw`SELECT 1`,
      ];
      outcomes.push(...(await Promise.allSettled(late.map(async (write) => write()))));
    });
    await begun.promise;
    // Somebody else gets the connection only after the time was up.
    await prisma.$queryRaw`SELECT 1`;
    goOn.resolve();
    await expect(slow).rejects.toThrow();
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && String(outcome.reason))).toEqual(
      Array(3).fill('UnitEndedError: Nothing of this change was kept.'),
    );
    expect(await namesOf(one)).toEqual(['kept']);
  }));

test('what still runs when its unit has failed writes nowhere', async () => {
  let late: Promise<unknown> | undefined;
  const gate = Promise.withResolvers<void>();
  const failing = atomically(database.prisma, async () => {
    late = gate.promise.then(() => create(one, 'late'));
    await create(one, 'lost');
    throw new Error('refused');
  });
  await expect(failing).rejects.toThrow('refused');
  gate.resolve();
  await expect(late).rejects.toThrow('Nothing of this change was kept.');
  expect(await namesOf(one)).toEqual(['kept']);
});

test('a part that nobody waits for is kept with the rest, and not cut in two by the end', async () => {
  await atomically(database.prisma, async () => {
    void create(one, 'not waited for');
    await Promise.resolve();
  });
  expect(await namesOf(one)).toEqual(['kept', 'not waited for']);
});

test('a connection that dies between two statements keeps nothing, and the next change has another', () =>
  withOneConnection(async (prisma) => {
    const applications = applicationStore(prisma);
    const dying = atomically(prisma, async () => {
      await applications.create({ accountId: one, name: 'before', instanceTypes: [] });
      await owner.query('SELECT pg_terminate_backend($1)', [await backendOf(prisma)]);
      await applications.create({ accountId: one, name: 'after', instanceTypes: [] });
    });
    await expect(dying).rejects.toThrow();
    await atomically(prisma, () =>
      applications.create({ accountId: other, name: 'next', instanceTypes: [] }),
    );
    expect(await namesOf(one)).not.toContain('before');
    expect(await namesOf(other)).toContain('next');
  }));

test('a statement that failed and was overlooked does not end as success', () =>
  withOneConnection(async (prisma) => {
    const overlooking = atomically(prisma, async () => {
      await applicationStore(prisma).create({ accountId: one, name: 'overlooked', instanceTypes: [] });
      await prisma.$queryRaw`SELECT 1 / 0`.catch(() => undefined);
    });
    await expect(overlooking).rejects.toThrow();
    expect(await namesOf(one)).not.toContain('overlooked');
  }));

test('an expected refusal costs no connection', () =>
  withOneConnection(async (prisma) => {
    const before = await backendOf(prisma);
    const refused = atomically(prisma, async () => {
      await applicationStore(prisma).create({ accountId: one, name: 'refused', instanceTypes: [] });
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect(await backendOf(prisma)).toBe(before);
  }));

describe('the work of a request, where another came first (C44)', () => {
  test('of two that wait for each other one gives way and is done anew: both are kept, and nothing twice', async () => {
    const attempts: string[] = [];
    let heldCount = 0;
    const meet = Promise.withResolvers<void>();
    const lock = (name: string) =>
      database.prisma.$transaction(
        (sql) => sql.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))::text`,
      );
    const work = (name: string, [first, second]: readonly [string, string]) =>
      atomicallyAgain(database.prisma, async () => {
        attempts.push(name);
        await create(one, name);
        await lock(first);
        heldCount += 1;
        if (heldCount === 2) meet.resolve();
        await meet.promise;
        await lock(second);
      });
    await Promise.all([work('left', ['a', 'b']), work('right', ['b', 'a'])]);
    expect(attempts).toHaveLength(3);
    expect((await namesOf(one)).filter((name) => ['left', 'right'].includes(name)).sort()).toEqual([
      'left',
      'right',
    ]);
  });

  const fails = {
    'the one client': (code: string) =>
      database.prisma.$executeRawUnsafe(`DO $$ BEGIN RAISE 'no' USING ERRCODE = '${code}'; END $$`),
    'the other': (code: string) =>
      inAccountScope(pool, one, (client) =>
        client.query(`DO $$ BEGIN RAISE 'no' USING ERRCODE = '${code}'; END $$`),
      ),
  };
  const answers = [
    { code: '40001', status: 503, count: 4 },
    { code: '40P01', status: 503, count: 4 },
    { code: 'PB411', status: 404, count: 1 },
  ];
  test.each(
    Object.entries(fails).flatMap(([client, fail]) => answers.map((each) => ({ client, fail, ...each }))),
  )('$client: what fails each time with $code answers $status after $count attempts', async (said) => {
    let attempts = 0;
    const work = atomicallyAgain(database.prisma, async () => {
      attempts += 1;
      await said.fail(said.code);
    });
    const { status } = said;
    const fields = status === 503 ? { status, retryAfterMs: 1_000 } : { status };
    await expect(work).rejects.toMatchObject({ fields });
    expect(attempts).toBe(said.count);
  });

  const identifier = { namespace: 'user', text: 'user:refers' } as const;
  const refers = {
    'a statement of Prisma': async (applicationId: string) => {
      const store = endpointStore(database.prisma);
      const made = await store.allocate({ accountId: one, identifier, label: '', applicationId: undefined });
      const endpointId = typeof made === 'object' && 'id' in made ? made.id : 'none';
      await store.update({ accountId: one, endpointId, applicationId });
    },
    'a raw one': async (applicationId: string) => {
      await endpointStore(database.prisma).allocate({ accountId: one, identifier, label: '', applicationId });
    },
    'one of the other client': (applicationId: string) =>
      inAccountScope(pool, one, async (client) => {
        const values = [one, applicationId];
        const asked = `SELECT endpoint_allocate($1, 'end_refers', 'user', 'user:refers', '', $2, 9)`;
        await client.query(asked, values);
      }),
  };
  test.each(Object.entries(refers))(
    '%s that refers to what another removed meanwhile is done anew, and refuses in words of its own',
    async (_, refer) => {
      const { id: applicationId } = await create(one, 'goes away');
      let attempts = 0;
      const work = atomicallyAgain(database.prisma, async () => {
        attempts += 1;
        if ((await database.ports.applications.find({ accountId: one, applicationId })) === undefined)
          throw platformError('resource.unknown', 'There is none.');
        await owner.query('DELETE FROM application WHERE id = $1', [applicationId]);
        await refer(applicationId);
      });
      await expect(work).rejects.toMatchObject({ fields: { publicDetail: 'There is none.' } });
      expect(attempts).toBe(2);
    },
  );

  test('what refers each time to nothing is a fault, and nobody is told to come again', async () => {
    const work = atomicallyAgain(database.prisma, () => refers['one of the other client']('app_none'));
    await expect(work).rejects.toMatchObject({ code: '23503' });
  });

  test('any other failure is not tried again', async () => {
    let attempts = 0;
    const work = atomicallyAgain(database.prisma, async () => {
      attempts += 1;
      await fails['the other']('PB409');
    });
    await expect(work).rejects.toMatchObject({ code: 'PB409' });
    expect(attempts).toBe(1);
  });
});
