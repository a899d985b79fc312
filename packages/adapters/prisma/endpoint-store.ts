import {
  ENDPOINT_COUNT_MAX,
  type EndpointRecord,
  type EndpointsPorts,
  OFFER_COUNT_MAX,
  type TransferRecord,
} from '@patchbay/domain/endpoints/ports';
import { createId } from '@patchbay/kit/ids';
import { rowsInAccount } from '../postgres/at-once.ts';
import { isUniqueViolation } from './database-error.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

type EndpointRow = Prisma.EndpointGetPayload<object>;
type TransferRow = Prisma.EndpointTransferGetPayload<object>;

const fromRow = (row: EndpointRow): EndpointRecord => ({
  ...row,
  // A check on the column holds it to these.
  namespace: row.namespace as EndpointRecord['namespace'],
  applicationId: row.applicationId ?? undefined,
  restsUntil: row.restsUntil ?? undefined,
});

const fromTransferRow = (row: TransferRow): TransferRecord => ({
  ...row,
  state: row.state as TransferRecord['state'],
  expiresAt: row.expiresAt ?? undefined,
  endedAt: row.endedAt ?? undefined,
});

/** Of those that are there: one whose rest is over is nobody's any more. */
const isThere = () => ({ OR: [{ restsUntil: null }, { restsUntil: { gt: new Date() } }] });
const stored = {
  active: 'rests_until IS NULL',
  resting: 'rests_until > now()',
  all: '(rests_until IS NULL OR rests_until > now())',
} as const;
const columns = `id, account_id AS "accountId", namespace, identifier, label, application_id AS "applicationId",
  allocated_at AS "allocatedAt", rests_until AS "restsUntil"`;

async function find(
  { endpoint }: ScopedTransaction,
  where: { readonly id: string; readonly accountId?: string },
): Promise<EndpointRecord | undefined> {
  const row = await endpoint.findFirst({ where: { ...where, ...isThere() } });
  return row === null ? undefined : fromRow(row);
}

/** An open offer of an endpoint that goes another way. */
const withdrawOffers = ({ endpointTransfer }: ScopedTransaction, endpointId: string) =>
  endpointTransfer.updateMany({
    where: { endpointId, state: 'offered' },
    data: { state: 'withdrawn', endedAt: new Date() },
  });

export function endpointStore(prisma: PrismaClient): EndpointsPorts['endpoints'] {
  return {
    list: async ({ accountId, identifier, namespace, applicationId, state, scope, cursor = '', limit }) => {
      const values: string[] = [cursor, String(limit + 1)];
      const is = (column: string, value: string | undefined) =>
        value === undefined ? [] : [`${column} = $${values.push(value)}`];
      const conditions = [
        'id > $1',
        // The scope of the transaction is the account with all below it.
        ...is('account_id', scope === 'own' ? accountId : undefined),
        ...is('identifier', identifier),
        ...is('namespace', namespace),
        ...is('application_id', applicationId),
        stored[state],
      ];
      const rows = await rowsInAccount<EndpointRow>(prisma, accountId, {
        text: `SELECT ${columns} FROM endpoint WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $2`,
        values,
      });
      return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
    },

    find: ({ accountId, endpointId: id, scope }) =>
      inAccount(prisma, accountId, (transaction) =>
        find(transaction, scope === 'own' ? { id, accountId } : { id }),
      ),

    allocate: ({ accountId, identifier: { namespace, text }, label, applicationId = null }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [row] = await transaction.$queryRaw<Allocation[]>`
          SELECT outcome, endpoint_id, until FROM endpoint_allocate(${accountId}, ${createId('end')}, ${namespace}, ${text},
            ${label}, ${applicationId}, ${ENDPOINT_COUNT_MAX})`;
        if (row?.outcome === 'taken' || row?.outcome === 'too_many') return row.outcome;
        if (row?.outcome === 'resting' && row.until !== null) return { restsUntil: row.until };
        const made = row?.endpoint_id && (await find(transaction, { id: row.endpoint_id, accountId }));
        if (!made) throw new Error(`The endpoint ${text} is not in the scope of ${accountId}.`);
        return made;
      }),

    update: ({ accountId, endpointId: id, label, applicationId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await transaction.endpoint.updateMany({
          where: { accountId, id, restsUntil: null },
          data: {
            ...(label === undefined ? {} : { label }),
            ...(applicationId === undefined ? {} : { applicationId }),
          },
        });
        return await find(transaction, { id, accountId });
      }),

    release: ({ accountId, endpointId: id, restsUntil }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const held = { accountId, id, restsUntil: null };
        const { count } =
          restsUntil === undefined
            ? await transaction.endpoint.deleteMany({ where: held })
            : await transaction.endpoint.updateMany({
                where: held,
                data: { restsUntil, label: '', applicationId: null },
              });
        if (count > 0) await withdrawOffers(transaction, id);
        return count > 0;
      }),

    move: async ({ accountId, endpointId, fromId, toId }) => {
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          const [room] = await transaction.$queryRaw<{ has: boolean }[]>`
            SELECT endpoint_has_room(${toId}, ${ENDPOINT_COUNT_MAX}) AS has`;
          if (room?.has !== true) return 'too_many';
          const { count } = await transaction.endpoint.updateMany({
            where: { id: endpointId, accountId: fromId, restsUntil: null },
            data: { accountId: toId, label: '', applicationId: null },
          });
          if (count === 0) return 'unknown';
          await withdrawOffers(transaction, endpointId);
          const { identifier } = await transaction.endpoint.findUniqueOrThrow({
            where: { id: endpointId },
            select: { identifier: true },
          });
          const sides = { fromAccountId: fromId, toAccountId: toId };
          const row = await transaction.endpointTransfer.create({
            data: {
              id: createId('etr'),
              endpointId,
              identifier,
              ...sides,
              state: 'moved',
              endedAt: new Date(),
            },
          });
          return fromTransferRow(row);
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken';
        throw error;
      }
    },
  };
}

interface Allocation {
  readonly outcome: string;
  readonly endpoint_id: string | null;
  readonly until: Date | null;
}

export function endpointTransferStore(prisma: PrismaClient): EndpointsPorts['transfers'] {
  return {
    list: ({ accountId, direction, state, endpointId, nowMs, cursor, limit }) =>
      inAccount(prisma, accountId, async ({ endpointTransfer }) => {
        const rows = await endpointTransfer.findMany({
          where: {
            AND: [sideOf(accountId, direction), inState(state, new Date(nowMs))],
            ...(endpointId === undefined ? {} : { endpointId }),
            ...(cursor === undefined ? {} : { id: { lt: cursor } }),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromTransferRow });
      }),

    find: ({ accountId, transferId: id }) =>
      inAccount(prisma, accountId, async ({ endpointTransfer }) => {
        const row = await endpointTransfer.findFirst({ where: { AND: [{ id }, sideOf(accountId)] } });
        return row === null ? undefined : fromTransferRow(row);
      }),

    offer: async ({ accountId, endpointId, fromId, toId, note, expiresAt, nowMs }) => {
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          const now = new Date(nowMs);
          // Whoever releases it or moves it waits until the offer stands, and then ends it.
          const [held] = await transaction.$queryRaw<{ identifier: string }[]>`
            SELECT identifier FROM endpoint WHERE id = ${endpointId} AND account_id = ${fromId} AND rests_until IS NULL
            FOR UPDATE`;
          if (held === undefined) return 'unknown';
          await transaction.$queryRaw`
            SELECT pg_advisory_xact_lock(hashtextextended(${`patchbay.endpoint-offers ${fromId}`}, 0))::text`;
          // One whose time is over says so by its time; where another is to stand in its place, it is written down.
          await transaction.endpointTransfer.updateMany({
            where: { endpointId, state: 'offered', expiresAt: { lte: now } },
            data: { state: 'expired' },
          });
          const open = { fromAccountId: fromId, state: 'offered', expiresAt: { gt: now } };
          if ((await transaction.endpointTransfer.count({ where: open })) >= OFFER_COUNT_MAX)
            return 'too_many';
          const { identifier } = held;
          const sides = { fromAccountId: fromId, toAccountId: toId };
          const row = await transaction.endpointTransfer.create({
            data: {
              id: createId('etr'),
              endpointId,
              identifier,
              ...sides,
              note,
              state: 'offered',
              expiresAt,
            },
          });
          return fromTransferRow(row);
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'open';
        throw error;
      }
    },

    accept: ({ accountId, transferId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [row] = await transaction.$queryRaw<{ outcome: string }[]>`
          SELECT endpoint_transfer_accept(${transferId}, ${accountId}, ${ENDPOINT_COUNT_MAX}) AS outcome`;
        const outcome = row?.outcome;
        return outcome === 'accepted' || outcome === 'taken' || outcome === 'too_many' ? outcome : 'ended';
      }),

    end: ({ accountId, transferId: id, state }) =>
      inAccount(prisma, accountId, async ({ endpointTransfer }) => {
        const side = state === 'declined' ? { toAccountId: accountId } : { fromAccountId: accountId };
        const { count } = await endpointTransfer.updateMany({
          where: { id, ...side, state: 'offered', expiresAt: { gt: new Date() } },
          data: { state, endedAt: new Date() },
        });
        return count > 0;
      }),
  };
}

function sideOf(accountId: string, direction?: 'outgoing' | 'incoming'): Prisma.EndpointTransferWhereInput {
  const [outgoing, incoming] = [{ fromAccountId: accountId }, { toAccountId: accountId }];
  if (direction === undefined) return { OR: [outgoing, incoming] };
  return direction === 'outgoing' ? outgoing : incoming;
}

function inState(state: string | undefined, now: Date): Prisma.EndpointTransferWhereInput {
  if (state === undefined) return {};
  if (state === 'expired') return { OR: [{ state }, { state: 'offered', expiresAt: { lte: now } }] };
  return state === 'offered' ? { state, expiresAt: { gt: now } } : { state };
}
