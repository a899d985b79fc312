import type { TriggersPorts } from '@patchbay/domain/triggers/ports';
import { beginsAnew, type FiringRecord, type TriggerRecord } from '@patchbay/domain/triggers/trigger';
import { isId } from '@patchbay/kit/ids';
import { isChanged } from '@patchbay/kit/is-changed';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { type CountedTriggerRow, recordFromRow, ruleToRow, shapeToRow } from './trigger-rows.ts';

export function triggerStore(prisma: PrismaClient): TriggersPorts['triggers'] {
  return {
    list: ({ accountId, cursor, limit }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<{ item: CountedTriggerRow }[]>`
          SELECT item FROM trigger_list(${accountId}, NULL, ${cursor ?? null}, ${limit + 1})`;
        return pageFrom(rows, limit, {
          cursorOf: ({ item }) => item.id,
          toItem: ({ item }) => recordFromRow(item),
        });
      }),

    find: ({ accountId, triggerId }) =>
      inAccount(prisma, accountId, (transaction) => found(transaction, accountId, triggerId)),

    isHolding: ({ accountId, triggerId }) =>
      inAccount(prisma, accountId, async ({ triggerHold }) => {
        return (await triggerHold.count({ where: { accountId, triggerId } })) > 0;
      }),

    countForCreate: (accountId) =>
      inAccount(prisma, accountId, async (transaction) => {
        const place = `patchbay.triggers ${accountId}`;
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${place}, 0))::text`;
        return transaction.usageTrigger.count({ where: { accountId, removedAt: null } });
      }),

    create: async ({ id, ...rule }, onStored) => {
      await inAccount(prisma, rule.accountId, async (transaction) => {
        // As whoever begins a counter does. An event shares this lock: two that told first would wait for each other.
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('patchbay.triggers', 0))::text`;
        await transaction.usageTrigger.create({ data: { id, ...ruleToRow(rule) }, select: { id: true } });
      });
      await onStored?.();
      return await inAccount(prisma, rule.accountId, async (transaction) => {
        await begin(transaction, id, { keepsCount: false });
        const record = await found(transaction, rule.accountId, id);
        if (record === undefined) throw new Error(`Trigger ${id} cannot be read back.`);
        return record;
      });
    },

    update: async ({ accountId, triggerId: id }, change, onStored) => {
      const { name, shape, action, isEnabled, isShown } = change;
      const updated = await inAccount(prisma, accountId, async (transaction) => {
        const before = await found(transaction, accountId, id);
        if (before === undefined) return undefined;
        const isTurned = isEnabled !== undefined && isEnabled !== before.isEnabled;
        const isReshaped = shape !== undefined && beginsAnew(before, shape);
        const isOther =
          (shape !== undefined && shape.condition.limit !== before.condition.limit) ||
          (action !== undefined && isChanged(action, before.action));
        const begins = isTurned || isReshaped || isOther;
        if (begins) await transaction.$queryRaw`SELECT trigger_turn(${id})::text`;
        await transaction.usageTrigger.updateMany({
          where: { id, accountId, removedAt: null },
          data: {
            ...(name === undefined ? {} : { name }),
            ...(shape === undefined ? {} : { limitValue: BigInt(shape.condition.limit) }),
            ...(action === undefined ? {} : { action: { ...action } as Prisma.InputJsonObject }),
            ...(isEnabled === undefined ? {} : { isEnabled }),
            ...(isShown === undefined ? {} : { isShown }),
          },
        });
        if (isReshaped)
          await transaction.$queryRaw`
            SELECT trigger_reshape(${id}, ${JSON.stringify(shapeToRow(shape))}::jsonb)::text`;
        const stored = await found(transaction, accountId, id);
        return stored && { stored, begins, keepsCount: !isTurned && !isReshaped };
      });
      if (updated === undefined) return undefined;
      const { stored, begins, keepsCount } = updated;
      await onStored?.(stored);
      if (!begins) return stored;
      return await inAccount(prisma, accountId, async (transaction) => {
        await begin(transaction, id, { keepsCount });
        return found(transaction, accountId, id);
      });
    },

    reset: ({ accountId, triggerId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await transaction.$queryRaw`SELECT trigger_reset(${triggerId})::text`;
        return found(transaction, accountId, triggerId);
      }),

    remove: ({ accountId, triggerId: id }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await transaction.usageTrigger.updateMany({
          where: { id, accountId, removedAt: null },
          data: { removedAt: new Date() },
        });
        await begin(transaction, id, { keepsCount: false });
      }),

    firings: ({ accountId, triggerId, cursor, limit }) =>
      inAccount(prisma, accountId, async ({ triggerFiring }) => {
        const rows = await triggerFiring.findMany({
          where: {
            accountId,
            ...(triggerId === undefined ? {} : { triggerId }),
            ...(cursor === undefined ? {} : { id: { lt: cursor } }),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: firingFromRow });
      }),

    countEvents: ({ accountId, type, where, scope, sinceMs }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [row] = await transaction.$queryRaw<{ count: bigint }[]>`
          SELECT trigger_events_since(${accountId}, ${type}, ${JSON.stringify(where)}::jsonb, ${scope === 'descendants'},
            ${new Date(sinceMs)}) AS count`;
        return row?.count ?? 0n;
      }),
  };
}

/** What the platform knows of itself: the function of the database decides nothing, whoever asks it does. */
export const readMeasures = async (prisma: PrismaClient): Promise<ReadonlyMap<string, number>> => {
  const rows = await prisma.$queryRaw<{ name: string; reading: number }[]>`
    SELECT name, reading::float8 AS reading FROM platform_measures()`;
  return new Map(rows.map(({ name, reading }) => [name, reading]));
};

/** What triggers may be about. */
export function triggerTargets(prisma: PrismaClient): Pick<TriggersPorts['targets'], 'find' | 'named'> {
  return {
    named: ({ accountId, scope, endpointId, sessionId }) =>
      inAccount(prisma, accountId, async ({ endpoint, session, sessionLeg }) => {
        // In its scope an account sees what is below it as well.
        const whose = scope === 'own' ? { accountId } : {};
        const named: { endpointId?: string; isSessionKnown: boolean } = { isSessionKnown: true };
        if (endpointId !== undefined) {
          const where = isId('end', endpointId) ? { id: endpointId } : { identifier: endpointId };
          const found = await endpoint.findFirst({
            where: { ...where, ...whose, restsUntil: null },
            select: { identifier: true },
          });
          if (found !== null) named.endpointId = found.identifier;
        }
        if (sessionId !== undefined) {
          const own = await session.findFirst({ where: { id: sessionId, ...whose }, select: { id: true } });
          const leg =
            own ?? (await sessionLeg.findFirst({ where: { sessionId, ...whose }, select: { id: true } }));
          named.isSessionKnown = leg !== null;
        }
        return named;
      }),

    find: ({ scopeId, accountId, applicationId }) =>
      inAccount(prisma, scopeId, async ({ account, application }) => {
        const row = await account.findUnique({
          where: { id: accountId },
          select: { timeZone: true, parentId: true, isTest: true },
        });
        if (row === null) return undefined;
        if (applicationId !== undefined) {
          const named = await application.findFirst({
            where: { id: applicationId, accountId },
            select: { id: true },
          });
          if (named === null) return undefined;
        }
        return { timeZone: row.timeZone, isPlatform: row.parentId === null && !row.isTest };
      }),
  };
}

async function found(
  transaction: ScopedTransaction,
  accountId: string,
  triggerId: string,
): Promise<TriggerRecord | undefined> {
  const [row] = await transaction.$queryRaw<{ item: CountedTriggerRow }[]>`
    SELECT item FROM trigger_list(${accountId}, ${triggerId}, NULL, 1)`;
  return row && recordFromRow(row.item);
}

/** Begins a counter, or lets it fire again with what it counted. */
async function begin(
  transaction: ScopedTransaction,
  id: string,
  { keepsCount }: { readonly keepsCount: boolean },
): Promise<void> {
  await transaction.$queryRaw`SELECT trigger_begin(${id}, ${keepsCount})::text`;
}

function firingFromRow(row: Prisma.TriggerFiringGetPayload<object>): FiringRecord {
  return {
    id: row.id,
    triggerId: row.triggerId,
    firedAt: row.firedAt,
    value: row.value.toFixed(),
    limit: Number(row.limitValue),
    windowStart: row.windowStart,
    targetAccountId: row.targetId,
    // It was checked when the trigger was set.
    action: row.action as FiringRecord['action'],
    // A check on the column holds it to these.
    state: row.state as FiringRecord['state'],
    outcome: row.outcome ?? undefined,
  };
}
