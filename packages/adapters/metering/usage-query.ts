import { countedRange } from '@patchbay/domain/metering/counted-range';
import {
  type EntityGroup,
  entityGroups,
  type UsageAnswer,
  type UsageQuery,
  type UsageRow,
} from '@patchbay/domain/metering/usage-store';
import type { Pool } from 'pg';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { Parameter } from '../postgres/round-trip.ts';

interface Source {
  /** A relation with at, meter, dimension_set_id, quantity, record_count, and a column for each entity it knows. */
  readonly sql: string;
  readonly values: readonly Parameter[];
}

interface Row {
  readonly at: Date;
  readonly meter: string;
  readonly quantity: string;
  readonly record_count: string;
  readonly [group: `group_${number}`]: string | null;
}

/** Reads usage in the scope of the account that is asked for. Minute totals where they suffice, raw records where they do not. */
export async function queryUsage(pool: Pool, query: UsageQuery): Promise<UsageAnswer> {
  const source = sourceOf(query);
  const values = [...source.values, JSON.stringify(query.where ?? {})];
  const where = `d.dimensions @> $${values.length}::jsonb`;
  const groups = query.groupBy.map((name, index) => {
    if (isEntity(name)) return `coalesce(u.${columnOf(name)}, '') AS group_${index}`;
    values.push(name);
    return `coalesce(d.dimensions ->> $${values.length}, '') AS group_${index}`;
  });
  const keys = ['at', 'meter', ...query.groupBy.map((_, index) => `group_${index}`)];
  const places = keys.map((_, index) => index + 1).join(', ');
  const behind = rowsBehind(query, keys, values);
  values.push(query.limit + 1);
  const rows = await rowsInAccount<Row>(pool, query.accountId, {
    text: `SELECT * FROM (SELECT ${['u.at AS at', 'u.meter AS meter', ...groups].join(', ')},
       sum(u.quantity)::text AS quantity, sum(u.record_count)::text AS record_count
     FROM (${source.sql}) u JOIN usage_dimension_set d ON d.id = u.dimension_set_id
     WHERE ${where} GROUP BY ${places}) AS total
     ${behind} ORDER BY ${places} LIMIT $${values.length}`,
    values,
  });
  const completeFromMs = needsRecords(query) ? await completeFrom(pool, query) : undefined;
  return {
    ...(completeFromMs === undefined ? {} : { completeFromMs }),
    rows: rows.slice(0, query.limit).map((row) => usageFromRow(row, query.groupBy)),
    isTruncated: rows.length > query.limit,
  };
}

/** The rows that an earlier answer did not reach: they are in one order, and their keys tell them apart. */
function rowsBehind({ after, groupBy }: UsageQuery, keys: readonly string[], values: Parameter[]): string {
  if (after === undefined) return '';
  const key = [new Date(after.atMs), after.meter, ...groupBy.map((name) => after.group[name] ?? '')];
  const types = ['timestamptz', ...key.slice(1).map(() => 'text')];
  const places = key.map((value, index) => `$${values.push(value)}::${types[index]}`);
  return `WHERE (${keys.join(', ')}) > (${places.join(', ')})`;
}

function sourceOf(query: UsageQuery): Source {
  const entities = query.groupBy.filter(isEntity);
  const { fromMs, toMs } = countedRange(query);
  // What an earlier answer told is not read again: a row is named by the time at which its bucket begins.
  const range = [new Date(Math.max(fromMs, query.after?.atMs ?? fromMs)), new Date(toMs)];
  const asked = [query.accountId, ...range, query.bucket, query.meter ?? null, query.timeZone ?? 'UTC'];
  if (needsRecords(query)) return recordSource(query, asked);
  if (entities.includes('account') && query.scope === 'descendants') {
    return {
      sql: 'SELECT account_id, at, meter, dimension_set_id, sum AS quantity, n AS record_count FROM usage_below_account($1, $2, $3, $4, $5, $6)',
      values: asked,
    };
  }
  const isOwn = query.scope === 'own';
  return {
    sql: `SELECT $1::text AS account_id, at, meter, dimension_set_id, ${isOwn ? 'self_sum' : 'sum'} AS quantity,
      ${isOwn ? 'self_n' : 'n'} AS record_count FROM usage_of_account($1, $2, $3, $4, $5, $6)
      ${isOwn ? 'WHERE self_n > 0' : ''}`,
    values: asked,
  };
}

/** Whether raw records are read: minute totals know no application, endpoint, credential, session or node, nor what that ran. */
const needsRecords = ({ groupBy, sessionId, endpoint, application, credential }: UsageQuery): boolean =>
  (sessionId ?? endpoint ?? application ?? credential) !== undefined ||
  groupBy.some((name) => isEntity(name) && name !== 'account');

/** The end of the last day of the range of which records went by retention: what went of a day is kept as its sums. */
async function completeFrom(pool: Pool, query: UsageQuery): Promise<number | undefined> {
  const { fromMs, toMs } = countedRange(query);
  const [row] = await rowsInAccount<{ at: Date }>(pool, query.accountId, {
    text: `
      SELECT least(max(g.day + 1)::timestamp AT TIME ZONE 'UTC', $3::timestamptz) AS at
      FROM account_closure c CROSS JOIN LATERAL (
        SELECT k.day FROM usage_closed k
        WHERE k.account_id = c.descendant_id AND k.day >= (greatest($2::timestamptz, c.valid_from) AT TIME ZONE 'UTC')::date
          AND k.day::timestamp AT TIME ZONE 'UTC' < least($3::timestamptz, c.valid_to)
          AND ($4::text IS NULL OR k.meter = $4)
        ORDER BY k.day DESC LIMIT 1) AS g
      WHERE c.ancestor_id = $1 ${query.scope === 'own' ? 'AND c.depth = 0' : ''}
      HAVING max(g.day) IS NOT NULL`,
    values: [query.accountId, new Date(fromMs), new Date(toMs), query.meter ?? null],
  });
  return row?.at.getTime();
}

/** Raw records know what minute totals do not: application, endpoint, credential, session and node; what the node ran is known by its boot. */
function recordSource(
  { scope, groupBy, sessionId, endpoint, application, credential }: UsageQuery,
  asked: readonly Parameter[],
): Source {
  const isOwn = scope === 'own';
  const isSoftwareAsked = groupBy.some((name) => name === 'implementation' || name === 'version');
  return {
    sql: `
      SELECT r.account_id, r.application_id, r.endpoint_id, r.credential_id, r.session_id, r.node_id,
        ${isSoftwareAsked ? 'ran.implementation, ran.version,' : ''}
        bucket.labels[width_bucket(r.to_at, bucket.starts)] AS at,
        q.meter, q.dimension_set_id, q.quantity, 1 AS record_count
      FROM account_closure c
      JOIN usage_record r ON r.account_id = c.descendant_id AND r.to_at >= greatest($2::timestamptz, c.valid_from)
        AND r.to_at < least($3::timestamptz, c.valid_to)
        AND r.day >= ($2::timestamptz AT TIME ZONE 'UTC')::date AND r.day <= ($3::timestamptz AT TIME ZONE 'UTC')::date
      ${isSoftwareAsked ? SOFTWARE_OF_RECORD : ''}
      CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      CROSS JOIN usage_buckets($2::timestamptz, $3::timestamptz, $4, $6) AS bucket
      WHERE c.ancestor_id = $1 ${isOwn ? 'AND c.depth = 0' : ''}
        AND ($5::text IS NULL OR q.meter = $5) AND ($7::text IS NULL OR r.session_id = $7)
        AND ($8::text IS NULL OR r.endpoint_id = $8)
        AND ($9::text IS NULL OR r.application_id = $9) AND ($10::text IS NULL OR r.credential_id = $10)`,
    values: [...asked, sessionId ?? null, endpoint ?? null, application ?? null, credential ?? null],
  };
}

function usageFromRow(row: Row, groupBy: readonly string[]): UsageRow {
  return {
    atMs: row.at.getTime(),
    meter: row.meter,
    group: Object.fromEntries(groupBy.map((name, index) => [name, row[`group_${index}`] ?? ''])),
    quantity: BigInt(row.quantity),
    recordCount: Number(row.record_count),
  };
}

/** Boots of a node rise, and it has a row where what it runs changed. */
const SOFTWARE_OF_RECORD = `LEFT JOIN LATERAL (SELECT s.implementation, s.version FROM node_software s
  WHERE s.node_id = r.node_id AND s.boot <= r.boot ORDER BY s.boot DESC LIMIT 1) AS ran ON true`;

const columnOf = (name: EntityGroup): string =>
  name === 'implementation' || name === 'version' ? name : `${name}_id`;

const isEntity = (name: string): name is EntityGroup => entityGroups.some((entity) => entity === name);
