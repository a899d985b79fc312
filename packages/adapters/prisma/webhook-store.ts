import { randomBytes } from 'node:crypto';
import type { PlacedPlatformEvent } from '@patchbay/domain/hooks/envelope';
import {
  type AttemptRecord,
  type DeliveryRecord,
  type HooksPorts,
  type ReplayRecord,
  WEBHOOK_COUNT_MAX,
  type WebhookRecord,
} from '@patchbay/domain/hooks/ports';
import { createId, type Id } from '@patchbay/kit/ids';
import { WEBHOOK_SECRET_BYTES, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import { textArray } from '../metering/array-literal.ts';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

// Whatever is not listed stays in the database: the role may not even read the secrets.
export const webhookColumns = {
  id: true,
  url: true,
  fallbackUrl: true,
  description: true,
  eventTypes: true,
  scope: true,
  applicationId: true,
  instanceType: true,
  endpointId: true,
  service: true,
  triggerId: true,
  batchEventsMax: true,
  batchWaitMs: true,
  state: true,
  disabledReason: true,
  disabledAt: true,
  previousEndsAt: true,
  createdAt: true,
  lane: { select: { failedCount: true, failingSince: true, succeededAt: true, fallbackSince: true } },
} as const;

type WebhookRow = Prisma.WebhookGetPayload<{ select: typeof webhookColumns }>;

export const webhookFromRow = ({ lane, ...row }: WebhookRow): WebhookRecord => ({
  ...row,
  fallbackUrl: row.fallbackUrl ?? undefined,
  applicationId: row.applicationId ?? undefined,
  instanceType: row.instanceType ?? undefined,
  endpointId: row.endpointId ?? undefined,
  service: row.service ?? undefined,
  triggerId: row.triggerId ?? undefined,
  // Checks on the columns hold them to these; a removed one is not read.
  scope: row.scope as WebhookRecord['scope'],
  state: row.state as WebhookRecord['state'],
  disabledReason: (row.disabledReason as WebhookRecord['disabledReason'] | null) ?? undefined,
  disabledAt: row.disabledAt ?? undefined,
  failedCount: lane?.failedCount ?? 0,
  failingSince: lane?.failingSince ?? undefined,
  succeededAt: lane?.succeededAt ?? undefined,
  fallbackSince: lane?.fallbackSince ?? undefined,
  previousEndsAt: row.previousEndsAt ?? undefined,
});

const ofAccount = (accountId: string) => ({ accountId, state: { not: 'removed' } });

async function find({ webhook }: ScopedTransaction, accountId: string, id: string) {
  const row = await webhook.findFirst({ where: { ...ofAccount(accountId), id }, select: webhookColumns });
  return row === null ? undefined : webhookFromRow(row);
}

/** The same, of a webhook that is yet to be made. */
export function newWebhookSecret(cipher: MintBranchCipher) {
  const id = createId('whk');
  return { id, ...newSecret(cipher, id) };
}

/** A secret that was never anywhere else, and what is stored of it. */
function newSecret(cipher: MintBranchCipher, webhookId: string) {
  const bytes = randomBytes(WEBHOOK_SECRET_BYTES);
  return { secret: webhookSecretText(bytes), sealed: cipher.seal(webhookId, bytes) };
}

export function webhookStore(prisma: PrismaClient, cipher: MintBranchCipher): HooksPorts['webhooks'] {
  return {
    list: ({ accountId, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ webhook }) => {
        const rows = await webhook.findMany({
          where: { ...ofAccount(accountId), id: { gt: cursor } },
          orderBy: { id: 'asc' },
          take: limit + 1,
          select: webhookColumns,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: webhookFromRow });
      }),

    find: ({ accountId, webhookId }) =>
      inAccount(prisma, accountId, (transaction) => find(transaction, accountId, webhookId)),

    create: ({
      accountId,
      eventTypes,
      fallbackUrl,
      applicationId,
      batchEventsMax = 1,
      batchWaitMs = 0,
      ...rest
    }) =>
      inAccount(prisma, accountId, async (transaction) => {
        // Two that are made at once are counted one after the other.
        await transaction.$queryRaw`
          SELECT pg_advisory_xact_lock(hashtextextended('patchbay.webhooks.' || ${accountId}, 0))::text`;
        // Callbacks are counted by themselves: an account may have one for each of many endpoints, and of its triggers.
        const count = await transaction.webhook.count({
          where: { ...ofAccount(accountId), service: null, triggerId: null },
        });
        if (count >= WEBHOOK_COUNT_MAX) return undefined;
        const { id, secret, sealed } = newWebhookSecret(cipher);
        const optional = { fallbackUrl: fallbackUrl ?? null, applicationId: applicationId ?? null };
        const data = {
          id,
          accountId,
          eventTypes: [...eventTypes],
          secretCiphertext: sealed,
          batchEventsMax,
          batchWaitMs,
          ...optional,
          ...rest,
        };
        // createMany answers no row, so it does not ask for the columns that the role may not read.
        await transaction.webhook.createMany({ data });
        const made = await find(transaction, accountId, id);
        if (made === undefined) throw new Error(`The new webhook ${id} is not in its account's scope.`);
        return { webhook: made, secret };
      }),

    update: ({ accountId, webhookId, change }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { eventTypes, state, url, fallbackUrl, description, scope, batchEventsMax, batchWaitMs } =
          change;
        await transaction.webhook.updateMany({
          where: { ...ofAccount(accountId), id: webhookId },
          data: {
            ...(url === undefined ? {} : { url }),
            ...(fallbackUrl === undefined ? {} : { fallbackUrl }),
            ...(description === undefined ? {} : { description }),
            ...(scope === undefined ? {} : { scope }),
            ...(batchEventsMax === undefined ? {} : { batchEventsMax }),
            ...(batchWaitMs === undefined ? {} : { batchWaitMs }),
            ...(eventTypes === undefined ? {} : { eventTypes: [...eventTypes] }),
            ...(state === undefined ? {} : { state, disabledReason: null }),
          },
        });
        return await find(transaction, accountId, webhookId);
      }),

    remove: ({ accountId, webhookId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        // Whoever sets a trigger that calls it holds it as well, until the trigger is there to be found.
        await transaction.$queryRaw`
          SELECT id FROM webhook WHERE id = ${webhookId} AND account_id = ${accountId} FOR NO KEY UPDATE`;
        const callers = await transaction.usageTrigger.findMany({
          where: {
            accountId,
            removedAt: null,
            AND: [
              { action: { path: ['kind'], equals: 'callback' } },
              { action: { path: ['webhookId'], equals: webhookId } },
            ],
          },
          orderBy: { id: 'asc' },
          select: { id: true, name: true },
        });
        if (callers.length > 0) return new Map(callers.map(({ id, name }) => [id, name]));
        if ((await find(transaction, accountId, webhookId)) === undefined) return 'unknown';
        const [removed] = await transaction.$queryRaw<
          { ok: boolean }[]
        >`SELECT webhook_remove(${webhookId}) AS ok`;
        return removed?.ok === true ? 'removed' : 'unknown';
      }),

    rotate: ({ accountId, webhookId, previousEndsAt, unlessSignedAt }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [held] = await transaction.$queryRaw<{ signs_until: Date | null }[]>`
          SELECT previous_ends_at AS signs_until FROM webhook
          WHERE id = ${webhookId} AND account_id = ${accountId} AND state <> 'removed' FOR UPDATE`;
        if (held === undefined) return undefined;
        const { signs_until: signsUntil } = held;
        if (unlessSignedAt !== undefined && signsUntil !== null && signsUntil > unlessSignedAt)
          return { signsUntil };
        const { secret, sealed } = newSecret(cipher, webhookId);
        await transaction.$queryRaw`SELECT webhook_rotate(${webhookId}, ${sealed}, ${previousEndsAt})`;
        return { secret };
      }),
  };
}

interface EventRow {
  readonly id: string;
  readonly position: bigint | null;
  readonly accountId: string;
  readonly type: string;
  readonly at: Date;
  readonly applicationId: string | null;
  readonly instanceType: string | null;
  readonly sessionId: string | null;
  readonly sessionSequence: number | null;
  readonly data: unknown;
  /** Where whoever reads it gives the event to a service. */
  readonly hops?: number;
}

const eventFromRow = (row: EventRow): PlacedPlatformEvent => ({
  id: row.id as Id<'evt'>,
  position: row.position ?? 0n,
  accountId: row.accountId,
  type: row.type,
  atMs: row.at.getTime(),
  applicationId: row.applicationId ?? undefined,
  instanceType: row.instanceType ?? undefined,
  sessionId: row.sessionId ?? undefined,
  sessionSequence: row.sessionSequence ?? undefined,
  data: row.data as PlacedPlatformEvent['data'],
  hopCount: row.hops,
});

type AttemptRow = Prisma.WebhookAttemptGetPayload<object>;

const attemptFromRow = (row: AttemptRow): AttemptRecord => ({
  number: row.number,
  // A check on the column holds it to these.
  target: row.target as AttemptRecord['target'],
  startedAt: row.startedAt,
  url: row.url ?? undefined,
  // Written by the workers alone, as names with texts.
  requestHeaders: (row.requestHeaders as AttemptRecord['requestHeaders'] | null) ?? undefined,
  responseHeaders: (row.responseHeaders as AttemptRecord['responseHeaders'] | null) ?? undefined,
  status: row.status ?? undefined,
  latencyMs: row.latencyMs ?? undefined,
  error: row.error ?? undefined,
  response: row.response ?? undefined,
  batchId: row.batchId ?? undefined,
});

/** The account whose event it is may have moved away from below: then it is not to be read here any more, and is left out. */
const ofReadableEvent = { event: { id: { not: '' } } } as const satisfies Prisma.WebhookDeliveryWhereInput;

const withEvent = {
  event: true,
  attempts: { orderBy: [{ number: 'desc' }, { target: 'asc' }], take: 1 },
} as const satisfies Prisma.WebhookDeliveryInclude;

type DeliveryRow = Prisma.WebhookDeliveryGetPayload<{ include: typeof withEvent }>;

const deliveryFromRow = (row: DeliveryRow): DeliveryRecord => ({
  id: row.id,
  webhookId: row.webhookId,
  event: eventFromRow(row.event),
  // A check on the column holds it to these.
  state: row.state as DeliveryRecord['state'],
  replayId: row.replayId === '' ? undefined : row.replayId,
  attemptCount: row.attemptCount,
  nextAttemptAt: row.nextAttemptAt ?? undefined,
  createdAt: row.createdAt,
  endedAt: row.endedAt ?? undefined,
  lastAttempt: row.attempts[0] && attemptFromRow(row.attempts[0]),
});

export function deliveryLog(prisma: PrismaClient): HooksPorts['deliveries'] {
  return {
    list: ({ accountId, webhookId, state, batchId, cursor, limit }) =>
      inAccount(prisma, accountId, async ({ webhookDelivery }) => {
        const rows = await webhookDelivery.findMany({
          where: {
            accountId,
            webhookId,
            ...ofReadableEvent,
            ...(state === 'all' ? {} : { state }),
            ...(batchId === undefined ? {} : { attempts: { some: { batchId } } }),
            ...(cursor === undefined ? {} : { id: { lt: cursor } }),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
          include: withEvent,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: deliveryFromRow });
      }),

    find: ({ accountId, webhookId, deliveryId: id }) =>
      inAccount(prisma, accountId, async ({ webhookDelivery }) => {
        const row = await webhookDelivery.findFirst({
          where: { accountId, webhookId, id, ...ofReadableEvent },
          include: withEvent,
        });
        return row === null ? undefined : deliveryFromRow(row);
      }),

    attempts: ({ accountId, deliveryId }) =>
      inAccount(prisma, accountId, async ({ webhookAttempt }) => {
        const rows = await webhookAttempt.findMany({
          where: { accountId, deliveryId },
          orderBy: [{ number: 'asc' }, { target: 'desc' }],
        });
        return rows.map(attemptFromRow);
      }),

    batch: ({ accountId, webhookId, batchId }) =>
      inAccount(prisma, accountId, async ({ webhookAttempt }) => {
        // A batch that is sent again has the same events in the same order: its name is made of them.
        const rows = await webhookAttempt.findMany({
          where: { accountId, batchId, target: 'main', delivery: { webhookId, ...ofReadableEvent } },
          distinct: ['deliveryId'],
          orderBy: [{ batchPlace: 'asc' }, { deliveryId: 'asc' }],
          include: { delivery: { include: { event: true } } },
        });
        return rows.map(({ delivery }) => eventFromRow(delivery.event));
      }),

    resend: ({ accountId, webhookId, deliveryId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        if ((await find(transaction, accountId, webhookId)) === undefined) return false;
        const [sent] = await transaction.$queryRaw<{ ok: boolean }[]>`
          SELECT delivery_resend(${webhookId}, ${deliveryId}) AS ok`;
        return sent?.ok === true;
      }),
  };
}

export function replayStore(prisma: PrismaClient): HooksPorts['replays'] {
  return {
    start: ({ accountId, webhookId, replayId, after }) =>
      inAccount(prisma, accountId, async (transaction) => {
        if ((await find(transaction, accountId, webhookId)) === undefined) return false;
        const [started] = await transaction.$queryRaw<{ ok: boolean }[]>`
          SELECT replay_start(${webhookId}, ${replayId}, ${after}) AS ok`;
        return started?.ok === true;
      }),

    find: ({ accountId, webhookId }) =>
      inAccount(prisma, accountId, async ({ webhookLane, webhookDelivery }) => {
        const row = await webhookLane.findFirst({ where: { accountId, webhookId } });
        if (row === null || row.replayId === null) return undefined;
        const groups = await webhookDelivery.groupBy({
          by: ['state'],
          where: { accountId, replayId: row.replayId },
          _count: { _all: true },
        });
        const counts = Object.fromEntries(groups.map(({ state, _count }) => [state, _count._all]));
        const { replayFrom, replayUntil, replayNext, replayStartedAt, replayEndedAt } = row;
        if (replayFrom === null || replayUntil === null || replayNext === null || replayStartedAt === null)
          throw new Error(`The replay ${row.replayId} has no places.`);
        return {
          id: row.replayId,
          // A check on the column holds it to these.
          state: row.replayState as ReplayRecord['state'],
          from: replayFrom,
          until: replayUntil,
          next: replayNext,
          counts: { waiting: 0, delivered: 0, failed: 0, cancelled: 0, ...counts },
          startedAt: replayStartedAt,
          endedAt: replayEndedAt ?? undefined,
        };
      }),

    cancel: ({ accountId, webhookId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        if ((await find(transaction, accountId, webhookId)) === undefined) return false;
        const [cancelled] = await transaction.$queryRaw<
          { ok: boolean }[]
        >`SELECT replay_cancel(${webhookId}) AS ok`;
        return cancelled?.ok === true;
      }),

    positionOf: ({ accountId, scope, since }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [place] = await transaction.$queryRaw<{ position: bigint }[]>`
          SELECT replay_place_of(${accountId}, ${scope === 'own'}, ${since}) AS position`;
        return place?.position ?? 0n;
      }),
  };
}

/** `signaling.*` as LIKE reads it. Names of events hold none of its signs, which the definition of the API sees to. */
const likeOf = (pattern: string) => (pattern.endsWith('*') ? `${pattern.slice(0, -1)}%` : pattern);

export function eventLog(prisma: PrismaClient): HooksPorts['events'] {
  return {
    list: async ({ accountId, scope, after, types, limit }) => {
      const rows = await rowsInAccount<EventRow>(prisma, accountId, {
        text: `SELECT id, position, account_id AS "accountId", type, at, application_id AS "applicationId",
            instance_type AS "instanceType", session_id AS "sessionId", session_sequence AS "sessionSequence", data
          FROM events_after($1, $2, $3, $4, $5)`,
        values: [accountId, scope === 'own', after, textArray(types.map(likeOf)), limit],
      });
      return rows.map(eventFromRow);
    },

    lastPosition: async () => (await prisma.eventPlace.findFirst())?.position ?? 0n,
  };
}
