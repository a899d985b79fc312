import type { AuditFilter, AuditPorts, AuditRecord, NewAuditEntry } from '@patchbay/domain/audit/ports';
import { ABOVE } from '@patchbay/domain/audit/told';
import { createId } from '@patchbay/kit/ids';
import { textArray } from '../metering/array-literal.ts';
import { writeInAccount } from '../postgres/at-once.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

export interface AuditStore {
  readonly entries: AuditPorts['entries'];
  append(entry: NewAuditEntry): Promise<void>;
}

const toJson = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

export function auditStore(prisma: PrismaClient): AuditStore {
  return {
    entries: {
      list: ({ accountId, scope, filter, cursor, limit }) =>
        inAccount(prisma, accountId, async (transaction) => {
          const whose =
            scope === 'own'
              ? Prisma.sql`e.account_id = ${accountId}`
              : Prisma.sql`e.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = ${accountId})`;
          const older = cursor === undefined ? Prisma.empty : Prisma.sql`AND e.id < ${cursor}`;
          const rows = await transaction.$queryRaw<AuditRecord[]>`
            SELECT e.id, e.at, e.account_id AS "accountId", e.actor_id AS "actorId", e.actor_name AS "actorName", e.address, e.action,
              e.target, e.request_id AS "requestId", e.before, e.after, ${actorPlace} AS "actorAccountId",
              e.account_path AS "accountPath",
              (SELECT json_build_object('name', k.name, 'display', k.display) FROM api_key k WHERE k.id = e.actor_id) AS key,
              ${isActorKnown} AS "isActorKnown"
            FROM audit_entry e WHERE ${whose} ${older} ${filter === undefined ? Prisma.empty : wordsOf(filter)} ORDER BY e.id DESC LIMIT ${limit + 1}`;
          return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: (row) => row });
        }),

      verify: (accountId) =>
        inAccount(prisma, accountId, async (transaction) => {
          const [row] = await transaction.$queryRaw<{ at: bigint | null; count: bigint }[]>`
            SELECT audit_broken_at(${accountId}) AS at,
              (SELECT count(*) FROM audit_entry e WHERE e.account_id = ${accountId}) AS count`;
          return {
            entryCount: Number(row?.count ?? 0),
            brokenAt: row?.at == null ? undefined : Number(row.at),
          };
        }),
    },

    append: (entry) => writeInAccount(prisma, entry.accountId, { text: appending, values: valuesOf(entry) }),
  };
}

/** Of an entry in the log of a twin: where its actor stands among twins. */
const actorPlace = Prisma.sql`audit_actor_place(e.actor_account_id, e.account_path)`;

const isActorKnown = Prisma.sql`(e.actor_id !~ '^(key|usr)_' OR EXISTS (SELECT 1 FROM api_key k WHERE k.id = e.actor_id)
  OR EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = e.actor_id))`;

/**
 * What `told` says to the reader is what can be asked for, and no more: a test holds the two against each other. An entry names
 * what an account was at that time, so who is above the reader is read from its own path.
 */
function wordsOf({ visibleIds, actorId, action, target, from, to }: AuditFilter): Prisma.Sql {
  const hidden = Prisma.sql`e.account_path[1:coalesce(
    (SELECT min(i) FROM generate_subscripts(e.account_path, 1) i WHERE e.account_path[i] = ANY (${[...visibleIds]})),
    array_position(e.account_path, e.account_id), 1) - 1]`;
  const isAbove = Prisma.sql`(cardinality(${hidden}) > 0 AND CASE WHEN e.actor_account_id IS NULL THEN NOT ${isActorKnown}
    ELSE ${actorPlace} = ANY (${hidden}) END)`;
  const words = [
    ...(actorId === undefined
      ? []
      : [actorId === ABOVE.actorId ? isAbove : Prisma.sql`e.actor_id = ${actorId} AND NOT ${isAbove}`]),
    ...(action === undefined
      ? []
      : [Prisma.sql`(e.action = ${action} OR starts_with(e.action, ${`${action}.`}))`]),
    ...(target === undefined
      ? []
      : [
          Prisma.sql`position(${`/${target}/`} IN '/' || e.target || '/') > 0 AND NOT ${target} = ANY (${hidden})`,
        ]),
    ...(from === undefined ? [] : [Prisma.sql`e.at >= ${from}`]),
    ...(to === undefined ? [] : [Prisma.sql`e.at < ${to}`]),
  ];
  return words.length === 0 ? Prisma.empty : Prisma.sql`AND ${Prisma.join(words, ' AND ')}`;
}

/** Adds an entry in the transaction of the change it tells of. */
export async function appendEntry(transaction: ScopedTransaction, entry: NewAuditEntry): Promise<void> {
  await transaction.$executeRawUnsafe(appending, ...valuesOf(entry));
}

// Number, time and hashes are the trigger's: the role may not even write those columns.
const appending = `
  INSERT INTO audit_entry (id, account_id, actor_id, actor_name, address, action, target, request_id, before, after,
    account_path, actor_account_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::text[], $12)`;

const valuesOf = (entry: NewAuditEntry) => [
  createId('aud'),
  entry.accountId,
  entry.actorId,
  entry.actorName,
  entry.address ?? null,
  entry.action,
  entry.target,
  entry.requestId,
  toJson(entry.before),
  toJson(entry.after),
  textArray(entry.accountPath),
  entry.actorAccountId ?? null,
];
