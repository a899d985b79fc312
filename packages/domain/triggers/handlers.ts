import { type AuditedChange, type DomainHandlers, prepared } from '@patchbay/kit/definition';
import { readDimensionFilter } from '@patchbay/kit/dimension-filter';
import { platformError } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { isChanged } from '@patchbay/kit/is-changed';
import { throughMinute } from '../metering/counted-range.ts';
import { type RightsContext, refuseBeyond, refuseLifting, refuseOwnStop } from './action-rights.ts';
import { refuseCallback, settledAction } from './callback.ts';
import { namedTarget, refuseCounter } from './counted.ts';
import { type Counter, type RequestedAction, TRIGGER_COUNT_MAX, type triggers } from './definition.ts';
import { measures } from './measures.ts';
import type { TriggersPorts } from './ports.ts';
import {
  type FiringRecord,
  heldOf,
  isHold,
  isWholeAccount,
  partOf,
  refuseAction,
  type Target,
  type TriggerRecord,
  withoutAddress,
} from './trigger.ts';
import { periodOf, windowOf } from './window.ts';

/** Rows of one preview: a meter has one for all of its dimensions that are not asked apart. */
const PREVIEW_ROW_COUNT_MAX = 1_000;

const iso = (atMs: number): string => new Date(atMs).toISOString();

interface Reading {
  readonly entity: { readonly accountId: string };
  /** The accounts above that the reader sees, and the account. */
  readonly visibleIds?: readonly string[] | undefined;
}

function toAnswer(record: TriggerRecord, { entity: { accountId: readerId }, visibleIds = [] }: Reading) {
  const { id, name, counter, target, condition, action, isEnabled, isShown, timeZone } = record;
  const window = windowOf(condition, timeZone, record.windowStart.getTime());
  return {
    id,
    name,
    isFromAbove: record.accountId !== readerId,
    counter,
    target,
    condition,
    action: [readerId, ...visibleIds].includes(record.accountId) ? action : withoutAddress(action),
    isEnabled,
    isShown,
    timeZone,
    countedFrom: record.countedFrom.toISOString(),
    value: record.value,
    ...(condition.kind === 'threshold'
      ? {}
      : { windowStart: iso(window.fromMs), windowEnd: iso(window.toMs) }),
    hasFired: record.hasFired,
    ...(record.lastFiredAt === undefined ? {} : { lastFiredAt: record.lastFiredAt.toISOString() }),
    createdAt: record.createdAt.toISOString(),
  };
}

const firingAnswer = (firing: FiringRecord) => ({
  id: firing.id,
  triggerId: firing.triggerId,
  at: firing.firedAt.toISOString(),
  value: firing.value,
  limit: firing.limit,
  ...(firing.windowStart.getTime() === 0 ? {} : { windowStart: firing.windowStart.toISOString() }),
  targetAccountId: firing.targetAccountId,
  action: firing.action,
  state: firing.state,
  ...(firing.outcome === undefined ? {} : { outcome: firing.outcome }),
});

const unknown = (triggerId: string) => `This account has no trigger ${triggerId}.`;
const fromAbove = 'This trigger was set by an account above this one.';

export const handlers: DomainHandlers<typeof triggers, TriggersPorts> = {
  measures: {
    async list({ entity: { accountId }, error }, _request, ports) {
      const found = await ports.targets.find({ accountId, scope: 'own', scopeId: accountId });
      // What there is, no customer is told.
      if (found?.isPlatform !== true)
        throw error('resource.unknown', 'The platform tells of itself at its own account alone.');
      const readings = await ports.measures.read();
      return {
        items: Object.entries(measures).map(([name, title]) => ({
          name,
          title,
          value: readings.get(name) ?? 0,
        })),
      };
    },
  },

  triggers: {
    async list(context, request, ports) {
      const { accountId } = context.entity;
      const { items, nextCursor } = await ports.triggers.list({ accountId, ...request });
      return {
        items: items.map((record) => toAnswer(record, context)),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async get(context, { triggerId }, ports) {
      const { accountId } = context.entity;
      const record = await ports.triggers.find({ accountId, triggerId });
      if (record === undefined) throw context.error('resource.unknown', unknown(triggerId));
      return toAnswer(record, context);
    },

    // A name server of somebody's may be asked: that may take long, and holds no connection.
    create: prepared(async (context, request, ports) => {
      await refuseCallback(context, request.action, ports);
      return async () => {
        const { accountId } = context.entity;
        const { target, ...found } = await settledTarget(context, request, ports);
        const undoable = refuseAction(request.action, target, {
          isPlatform: found.isPlatform,
          serviceNames: ports.serviceNames,
          featureNames: ports.featureNames,
        });
        if (undoable !== undefined) throw context.error('triggers.action_unsupported', undoable);
        await refuseBeyond(context, { action: request.action, target }, ports);
        if (request.force !== true) await refuseOwnStop(context, { action: request.action, target }, ports);
        await refuseRecipient(context, request.action, ports);
        await refuseNode(context, request.action, ports);
        if ((await ports.triggers.countForCreate(accountId)) >= TRIGGER_COUNT_MAX)
          throw context.error('triggers.too_many', `An account has at most ${TRIGGER_COUNT_MAX} triggers.`);
        const { name, counter, condition, isShown } = request;
        const id = createId('trg', context.nowMs());
        const { action, secret } = await settledAction(
          context,
          { action: request.action, accountId, triggerId: id },
          ports,
        );
        const record = await ports.triggers.create(
          {
            id,
            accountId,
            name,
            counter,
            target,
            condition,
            action,
            isShown,
            timeZone: found.timeZone,
          },
          () => context.emit('trigger.created', { triggerId: id }),
        );
        const answer = toAnswer(record, context);
        context.audit({ target: record.id, after: { ...settingOf(answer), ...addressOf(request.action) } });
        return secret === undefined ? answer : { ...answer, secret };
      };
    }),

    update: prepared(async (context, { triggerId, action: requested, force, ...change }, ports) => {
      await refuseCallback(context, requested, ports);
      const { limit, condition, target: aimed, ...rest } = change;
      if (limit !== undefined && condition !== undefined)
        throw context.error('request.invalid', '/limit: it stands in the condition.');
      return async () => {
        const { accountId } = context.entity;
        const before = await ports.triggers.find({ accountId, triggerId });
        if (before === undefined) throw context.error('resource.unknown', unknown(triggerId));
        if (before.accountId !== accountId) throw context.error('triggers.set_above', fromAbove);
        const settled = aimed && (await settledTarget(context, { ...before, target: aimed }, ports));
        const { target, timeZone } = settled ?? before;
        if (requested !== undefined || settled !== undefined) {
          const found = settled ?? (await ports.targets.find({ ...target, scopeId: accountId }));
          const undoable = refuseAction(requested ?? before.action, target, {
            isPlatform: found?.isPlatform === true,
            serviceNames: ports.serviceNames,
            featureNames: ports.featureNames,
          });
          if (undoable !== undefined) throw context.error('triggers.action_unsupported', undoable);
        }
        const held = condition ?? { ...before.condition, ...(limit === undefined ? {} : { limit }) };
        const acts = requested ?? before.action;
        const mayFireAnew =
          settled !== undefined ||
          (change.isEnabled === true && !before.isEnabled) ||
          isChanged({ acts, held }, { acts: before.action, held: before.condition });
        if (mayFireAnew) await refuseBeyond(context, { action: acts, target }, ports);
        const isOtherAct = settled !== undefined || isChanged(acts, before.action);
        if (isOtherAct && force !== true) await refuseOwnStop(context, { action: acts, target }, ports);
        if (requested !== undefined) {
          await refuseRecipient(context, requested, ports);
          await refuseNode(context, requested, ports);
        }
        const called =
          requested === undefined
            ? undefined
            : await settledAction(context, { action: requested, accountId, triggerId }, ports);
        const isShaped = (limit ?? condition ?? aimed) !== undefined;
        const shape = isShaped ? { condition: held, target, timeZone } : undefined;
        const changed = { ...rest, action: called?.action, shape };
        const wasHolding = await ports.triggers.isHolding({ accountId, triggerId });
        const was = toAnswer(before, context);
        const address = addressOf(requested);
        const after = await ports.triggers.update({ accountId, triggerId }, changed, async (stored) => {
          const isOther = isChanged(settingOf(was), settingOf(toAnswer(stored, context)));
          if (isOther || 'callback' in address) await context.emit('trigger.changed', { triggerId });
        });
        if (after === undefined) throw context.error('resource.unknown', unknown(triggerId));
        await lift(context, { before, wasHolding }, ports);
        const answer = toAnswer(after, context);
        context.audit({
          target: triggerId,
          before: settingOf(was),
          after: { ...settingOf(answer), ...address },
        });
        return called?.secret === undefined ? answer : { ...answer, secret: called.secret };
      };
    }),

    async reset(context, { triggerId }, ports) {
      const { accountId } = context.entity;
      const before = await ports.triggers.find({ accountId, triggerId });
      if (before === undefined) throw context.error('resource.unknown', unknown(triggerId));
      if (before.accountId !== accountId) throw context.error('triggers.set_above', fromAbove);
      const wasHolding = await ports.triggers.isHolding({ accountId, triggerId });
      const after = await ports.triggers.reset({ accountId, triggerId });
      if (after === undefined) throw context.error('resource.unknown', unknown(triggerId));
      await lift(context, { before, wasHolding }, ports);
      context.audit({ target: triggerId, before: { value: before.value }, after: { value: after.value } });
      await context.emit('trigger.reset', { triggerId });
      return toAnswer(after, context);
    },

    async remove(context, { triggerId }, ports) {
      const { accountId } = context.entity;
      const before = await ports.triggers.find({ accountId, triggerId });
      if (before === undefined) throw context.error('resource.unknown', unknown(triggerId));
      if (before.accountId !== accountId) throw context.error('triggers.set_above', fromAbove);
      const wasHolding = await ports.triggers.isHolding({ accountId, triggerId });
      await ports.triggers.remove({ accountId, triggerId });
      await ports.callbacks.remove({ accountId, triggerId });
      await lift(context, { before, wasHolding }, ports);
      context.audit({ target: triggerId, before: settingOf(toAnswer(before, context)) });
      await context.emit('trigger.removed', { triggerId });
      return { id: triggerId };
    },

    async preview(context, { meter, event, where = '', targetAccountId, scope, per }, ports) {
      const { accountId } = context.entity;
      if ((meter === undefined) === (event === undefined))
        throw platformError('request.invalid', '/meter: name either a meter or an event.');
      const filter = readDimensionFilter(where);
      if (typeof filter === 'string') throw platformError('request.invalid', `/where: ${filter}`);
      const target: Target = { accountId: targetAccountId ?? accountId, scope };
      const found = await ports.targets.find({ ...target, scopeId: accountId });
      if (found === undefined)
        throw context.error('resource.unknown', '/targetAccountId: there is no such account here.');
      const counter: Exclude<Counter, { measure: string }> =
        event === undefined ? { meter: meter ?? '', where: filter } : { event, where: filter };
      const uncounted = refuseCounter(counter, target, { ...ports, ...found });
      if (uncounted !== undefined) throw context.error('triggers.counter_unknown', uncounted);
      const window = periodOf(per, found.timeZone, context.nowMs());
      const value =
        'event' in counter
          ? await ports.triggers.countEvents({
              accountId: target.accountId,
              type: counter.event,
              where: filter,
              scope,
              sinceMs: window.fromMs,
            })
          : await usedIn({ ...window, counter, target, ports });
      return { value: value.toString(), windowStart: iso(window.fromMs), windowEnd: iso(window.toMs) };
    },

    async listFirings(context, request, ports) {
      const { accountId } = context.entity;
      const { items, nextCursor } = await ports.triggers.firings({ accountId, ...request });
      return { items: items.map(firingAnswer), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
  },
};

interface TargetContext {
  readonly entity: { readonly accountId: string };
  readonly error: (code: 'resource.unknown' | 'triggers.counter_unknown', publicDetail: string) => Error;
}

interface Aimed {
  readonly counter: Counter;
  readonly target?: (Omit<Target, 'accountId'> & { readonly accountId?: string | undefined }) | undefined;
}

/** A target as it is kept, which has something that the counter counts: of the account itself where no other is named. */
async function settledTarget(
  { entity: { accountId: scopeId }, error }: TargetContext,
  { counter, target: asked }: Aimed,
  ports: TriggersPorts,
): Promise<{ readonly target: Target; readonly timeZone: string; readonly isPlatform: boolean }> {
  const whose: Target = { scope: 'descendants', ...asked, accountId: asked?.accountId ?? scopeId };
  const found = await ports.targets.find({ ...whose, scopeId });
  if (found === undefined)
    throw error('resource.unknown', '/target: there is no such account or application here.');
  const target = await namedTarget(whose, ports);
  if (typeof target === 'string') throw error('resource.unknown', target);
  const uncounted = refuseCounter(counter, target, { ...ports, ...found });
  if (uncounted !== undefined) throw error('triggers.counter_unknown', uncounted);
  return { ...found, target };
}

interface RecipientContext {
  readonly entity: { readonly accountId: string };
  readonly error: (
    code: 'triggers.email_unavailable' | 'triggers.recipient_unknown',
    publicDetail: string,
  ) => Error;
}

/** A platform that writes to any address that somebody names would be one to send unasked mail with. */
async function refuseRecipient(
  { entity, error }: RecipientContext,
  action: RequestedAction,
  { mails }: TriggersPorts,
): Promise<void> {
  if (action.kind !== 'email') return;
  if (!mails.isAvailable)
    throw error(
      'triggers.email_unavailable',
      'No mail leaves this platform: whoever runs it has not set SMTP_URL.',
    );
  if (!(await mails.isOfTeam({ accountId: entity.accountId, address: action.address })))
    throw error(
      'triggers.recipient_unknown',
      `/action/address: nobody in the team of ${entity.accountId} has proved this address.`,
    );
}

/** A trigger about a node that there is not would end nobody's sessions, and say so only when it is too late (TRG-2). */
async function refuseNode(
  { error }: { readonly error: (code: 'triggers.node_unknown', publicDetail: string) => Error },
  action: RequestedAction,
  { nodes }: TriggersPorts,
): Promise<void> {
  if (action.kind !== 'endSessions' || action.nodeId === undefined) return;
  const node = await nodes.find(action.nodeId);
  if (node === undefined || node.state === 'removed')
    throw error('triggers.node_unknown', `/action/nodeId: the platform has no node ${action.nodeId}.`);
}

/** What somebody set, without what it counted. */
const settingOf = ({
  name,
  counter,
  target,
  condition,
  action,
  isEnabled,
  isShown,
}: ReturnType<typeof toAnswer>) => ({
  name,
  counter,
  target,
  condition,
  action,
  isEnabled,
  isShown,
});

/** Whom a trigger calls from now on: its webhook's id says it to nobody who reads the log later (ACC-8). */
function addressOf(action: RequestedAction | undefined) {
  if (action?.kind !== 'callback' || action.url === undefined) return {};
  const { url, fallbackUrl } = action;
  return { callback: { url, ...(fallbackUrl === undefined ? {} : { fallbackUrl }) } };
}

interface Lifted {
  readonly before: TriggerRecord;
  readonly wasHolding: boolean;
}

/**
 * What held the target may be gone with the change: nodes have to hear of it (POL-5), and its account where it is. In the log of
 * that account it ends as it began, and no trigger of an account above is named there (ACC-8, C1). Whether it is gone, the change
 * alone knows: who may not lift it is refused then, and nothing is left of the change.
 */
async function lift(
  context: RightsContext & { readonly audit: (change: AuditedChange) => void },
  { before, wasHolding }: Lifted,
  { triggers, targets, callerAt }: TriggersPorts,
): Promise<void> {
  const { id: triggerId, accountId, action, target } = before;
  if (isHold(action)) await targets.changed(target.accountId);
  if (!wasHolding || (await triggers.isHolding({ accountId, triggerId }))) return;
  await refuseLifting(context, before, { callerAt });
  await targets.lifted(target);
  const place = { accountId: target.accountId, target: target.accountId };
  context.audit({ ...place, before: { ...partOf(target), ...heldOf(action) }, after: {} });
}

interface PreviewedUse {
  readonly fromMs: number;
  readonly toMs: number;
  readonly counter: Extract<Counter, { meter: string }>;
  readonly target: Target;
  readonly ports: TriggersPorts;
}

async function usedIn({ fromMs, toMs, counter, target, ports }: PreviewedUse): Promise<bigint> {
  const { rows } = await ports.usage.query({
    accountId: target.accountId,
    fromMs,
    toMs: throughMinute(toMs),
    bucket: 'all',
    meter: counter.meter,
    where: counter.where ?? {},
    groupBy: [],
    scope: isWholeAccount(target) ? target.scope : 'own',
    limit: PREVIEW_ROW_COUNT_MAX,
  });
  return rows.reduce((sum, { quantity }) => sum + quantity, 0n);
}
