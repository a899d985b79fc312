import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { type Dimensions, modalities, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import pg from 'pg';

/** Connections as the application has them: in its own role, behind the wall. */
export function applicationPool(url: string, max = 4): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, options: '-c role=patchbay_app' });
  pool.on('error', () => undefined); // A test may end its server; whoever uses the connection hears of it.
  return pool;
}

/** Runs one statement as the owner of the database, past every policy. */
export async function asOwner<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Makes accounts, each below the one named; the first one without a parent is the platform. */
export async function plantTree(
  url: string,
  parents: Readonly<Record<string, string | undefined>>,
  currencyOf: (id: string) => string = () => 'EUR',
): Promise<void> {
  for (const [id, parent] of Object.entries(parents)) {
    await asOwner(
      url,
      'INSERT INTO account (id, parent_id, root_id, name, currency) VALUES ($1, $2, $1, $3, $4)',
      [id, parent ?? null, `${id} Ltd`, currencyOf(id)],
    );
  }
}

/** As whoever collects sets it: how much of the credit that an account gives may stand unpaid, here for all of a test. */
export const setCreditLine = (url: string, accountId: string, amount = 10n ** 15n) =>
  asOwner(
    url,
    `INSERT INTO credit_line (account_id, by_id, amount)
     SELECT $1, id, $2 FROM account WHERE parent_id IS NULL AND NOT is_test`,
    [accountId, amount.toString()],
  );

export const relayCatalogue: MeterCatalogue = new Map(
  [
    { name: 'bytes', isPriced: true },
    { name: 'seconds', isPriced: true },
    { name: 'checkBytes', isPriced: false },
  ].map(({ name, isPriced }) => [
    `relay.${name}`,
    {
      service: 'relay',
      name,
      unit: 'byte',
      dimensions: { direction: ['in', 'out'], region: 'open', modality: modalities },
      isPriced,
    },
  ]),
);

let sequence = 0;

interface Use {
  readonly atMs: number;
  readonly bytes?: number;
  readonly seconds?: number;
  readonly dimensions?: Dimensions;
  readonly more?: Partial<UsageRecord>;
}

/** A record of a relay for an account, with an id of its own. */
export function usageOf(accountId: string, { atMs, bytes, seconds, dimensions, more }: Use): UsageRecord {
  const given = { direction: 'in', ...dimensions };
  return {
    id: { nodeId: 'nod_test', boot: 1_790_000_000_000, sequence: ++sequence },
    accountId,
    sessionId: `ses_${accountId}`,
    credentialId: `key_${accountId}`,
    segment: 0,
    service: 'relay',
    region: 'eu',
    modality: 'audio',
    fromMs: atMs,
    toMs: atMs,
    quantities: [
      ...(bytes === undefined ? [] : [{ meter: 'bytes', quantity: bytes, dimensions: given }]),
      ...(seconds === undefined ? [] : [{ meter: 'seconds', quantity: seconds, dimensions: given }]),
    ],
    ...more,
  };
}
