import { type DomainHandlers, prepared } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { isChanged } from '@patchbay/kit/is-changed';
import type { z } from 'zod';
import type { hooks } from './definition.ts';
import { endpointHealth } from './endpoint-health.ts';
import {
  batchBodyOf,
  bodyOf,
  cursorOf,
  type EventCursors,
  type PlacedPlatformEvent,
  positionOf,
  toEnvelope,
} from './envelope.ts';
import { countsOf } from './flows.ts';
import {
  type AttemptRecord,
  type DeliveryRecord,
  type FlowRecord,
  type HooksPorts,
  type ReplayRecord,
  WEBHOOK_COUNT_MAX,
  type WebhookChange,
  type WebhookRecord,
} from './ports.ts';
import { isServiceTarget } from './service-target.ts';
import { firingType, isEventPattern } from './subscription.ts';

type Json = z.core.util.JSONType;
interface Refusing<Code extends string> {
  readonly error: (code: Code, detail: string) => Error;
}

const unknown = (webhookId: string) => `This account has no webhook ${webhookId}.`;
const unknownDelivery = (deliveryId: string) => `The webhook has no delivery ${deliveryId}.`;

const toAnswer = (webhook: WebhookRecord, nowMs: number) => ({
  id: webhook.id,
  url: webhook.url,
  ...(webhook.fallbackUrl === undefined ? {} : { fallbackUrl: webhook.fallbackUrl }),
  description: webhook.description,
  eventTypes: webhook.triggerId === undefined ? [...webhook.eventTypes] : [firingType],
  scope: webhook.scope,
  ...(webhook.applicationId === undefined ? {} : { applicationId: webhook.applicationId }),
  ...(webhook.instanceType === undefined ? {} : { instanceType: webhook.instanceType }),
  ...(webhook.service === undefined ? {} : { service: webhook.service }),
  ...(webhook.endpointId === undefined ? {} : { endpointId: webhook.endpointId }),
  ...(webhook.triggerId === undefined ? {} : { triggerId: webhook.triggerId }),
  batchEventsMax: webhook.batchEventsMax,
  batchWaitMs: webhook.batchWaitMs,
  state: webhook.state,
  ...(webhook.disabledReason === undefined ? {} : { disabledReason: webhook.disabledReason }),
  ...(webhook.disabledAt === undefined ? {} : { disabledAt: webhook.disabledAt.toISOString() }),
  health: healthOf(webhook, nowMs),
  ...(webhook.failingSince === undefined ? {} : { failingSince: webhook.failingSince.toISOString() }),
  ...(healthOf(webhook, nowMs) !== 'fallback' || webhook.fallbackSince === undefined
    ? {}
    : { fallbackSince: webhook.fallbackSince.toISOString() }),
  ...(webhook.succeededAt === undefined ? {} : { succeededAt: webhook.succeededAt.toISOString() }),
  ...(webhook.previousEndsAt === undefined || webhook.previousEndsAt.getTime() <= nowMs
    ? {}
    : { previousSecretEndsAt: webhook.previousEndsAt.toISOString() }),
  createdAt: webhook.createdAt.toISOString(),
});

function flowAnswer({ webhook, counts, countedSince }: FlowRecord, nowMs: number) {
  const { id, url, eventTypes, state, health } = toAnswer(webhook, nowMs);
  const { fallbackUrl, service, applicationId, instanceType, endpointId } = webhook;
  return {
    webhookId: id,
    url,
    ...(fallbackUrl === undefined ? {} : { fallbackUrl }),
    ...(service === undefined ? {} : { service }),
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(endpointId === undefined ? {} : { endpointId }),
    ...{ state, health, eventTypes, counts: countsOf(counts) },
    ...(countedSince === undefined ? {} : { countedSince: countedSince.toISOString() }),
  };
}

/** One that the platform disabled is not well, whatever it did before: a receiver that is gone says so at once. */
function healthOf(
  { failedCount, failingSince, fallbackSince, fallbackUrl, disabledReason }: WebhookRecord,
  nowMs: number,
): 'ok' | 'fallback' | 'failing' {
  const did = endpointHealth({ failedCount, failingSinceMs: failingSince?.getTime() }, nowMs);
  if (disabledReason !== undefined || did !== 'ok') return 'failing';
  // Whoever took the fallback away leans on it no more.
  return fallbackSince === undefined || fallbackUrl === undefined ? 'ok' : 'fallback';
}

const outcomeAnswer = ({ status, latencyMs, error }: AttemptRecord) => ({
  ...(status === undefined ? {} : { status }),
  ...(latencyMs === undefined ? {} : { latencyMs }),
  ...(error === undefined ? {} : { error }),
});

const attemptAnswer = (attempt: AttemptRecord) => ({
  number: attempt.number,
  target: attempt.target,
  startedAt: attempt.startedAt.toISOString(),
  ...(attempt.url === undefined ? {} : { url: attempt.url }),
  ...(attempt.requestHeaders === undefined ? {} : { requestHeaders: attempt.requestHeaders }),
  ...outcomeAnswer(attempt),
  ...(attempt.responseHeaders === undefined ? {} : { responseHeaders: attempt.responseHeaders }),
  ...(attempt.response === undefined ? {} : { response: attempt.response }),
  ...(attempt.batchId === undefined ? {} : { batchId: attempt.batchId }),
});

const deliveryAnswer = ({ event, ...delivery }: DeliveryRecord, cursors: EventCursors) => ({
  id: delivery.id,
  webhookId: delivery.webhookId,
  eventId: event.id,
  eventType: event.type,
  cursor: cursorOf(event.position, cursors),
  ...(event.sessionId === undefined ? {} : { sessionId: event.sessionId }),
  ...(event.sessionSequence === undefined ? {} : { sessionSequence: event.sessionSequence }),
  state: delivery.state,
  ...(delivery.replayId === undefined ? {} : { replayId: delivery.replayId }),
  ...(delivery.lastAttempt?.batchId === undefined ? {} : { batchId: delivery.lastAttempt.batchId }),
  attempts: delivery.attemptCount,
  ...(delivery.nextAttemptAt === undefined ? {} : { nextAttemptAt: delivery.nextAttemptAt.toISOString() }),
  createdAt: delivery.createdAt.toISOString(),
  ...(delivery.endedAt === undefined ? {} : { endedAt: delivery.endedAt.toISOString() }),
  ...(delivery.lastAttempt === undefined ? {} : outcomeAnswer(delivery.lastAttempt)),
});

const replayAnswer = (
  { counts, ...replay }: ReplayRecord,
  { webhookId, cursors }: { readonly webhookId: string; readonly cursors: EventCursors },
) => ({
  id: replay.id,
  webhookId,
  state: replay.state,
  fromCursor: cursorOf(replay.from, cursors),
  untilCursor: cursorOf(replay.until, cursors),
  cursor: cursorOf(replay.next, cursors),
  percentDone: percentOf(replay),
  waitingCount: counts.waiting,
  deliveredCount: counts.delivered,
  failedCount: counts.failed,
  startedAt: replay.startedAt.toISOString(),
  ...(replay.endedAt === undefined ? {} : { endedAt: replay.endedAt.toISOString() }),
});

const percentOf = ({ from, until, next }: Pick<ReplayRecord, 'from' | 'until' | 'next'>): number =>
  until <= from ? 100 : Number(((next - from) * 100n) / (until - from));

/** Where to go on. A cursor that we did not write is refused: it would go on anywhere. */
function placeOf(cursor: string, cursors: EventCursors): bigint {
  const position = positionOf(cursor, cursors);
  if (position === undefined) throw platformError('request.invalid', '/cursor: It is none of an event.');
  return position;
}

const eventAnswer = (event: PlacedPlatformEvent, cursors: EventCursors) => {
  const envelope = toEnvelope(event, cursors);
  // What the store holds came out of JSON, so it is JSON.
  return { ...envelope, data: envelope.data as Record<string, Json> };
};

function refuseUnknownTypes(
  context: Refusing<'hooks.event_type_unknown'>,
  patterns: readonly string[],
  { catalogue }: HooksPorts,
): void {
  const wrong = patterns.find((pattern) => !isEventPattern(pattern, catalogue.eventTypes));
  if (wrong !== undefined) throw context.error('hooks.event_type_unknown', `No event is called ${wrong}.`);
}

/**
 * A callback hears of what its service tells, for the entity whose configuration names it, and of nothing else (HKS-1); that of
 * a trigger of what this trigger tells (TRG-2).
 */
function refuseBeyondCallback(
  context: Refusing<'hooks.callback_bound'>,
  { id, service, triggerId, url, fallbackUrl = url }: WebhookRecord,
  { eventTypes = [], scope }: Pick<WebhookChange, 'eventTypes' | 'scope'>,
): void {
  if (service === undefined && triggerId === undefined) return;
  // Whether an operation takes them, and whether they lead back to themselves, is asked where callbacks are set (HKS-4).
  if (eventTypes.length > 0 && [url, fallbackUrl].some(isServiceTarget))
    throw context.error(
      'hooks.callback_bound',
      `/eventTypes: ${id} names an operation of a service: set its events with the callbacks of ${service}.`,
    );
  if (scope !== undefined && scope !== 'own')
    throw context.error('hooks.callback_bound', `/scope: ${id} is a callback of one account.`);
  const other = triggerId === undefined ? undefined : eventTypes.find((type) => type !== firingType);
  if (other !== undefined)
    throw context.error(
      'hooks.callback_bound',
      `/eventTypes: ${id} is called by ${triggerId}, and hears of nothing else.`,
    );
  if (service === undefined) return;
  const wrong = eventTypes.find((type) => !type.startsWith(`${service}.`) || type.endsWith('*'));
  if (wrong !== undefined)
    throw context.error(
      'hooks.callback_bound',
      `/eventTypes: ${id} is a callback of ${service}, not ${wrong}.`,
    );
}

async function refuseAddresses(
  context: Refusing<'hooks.address_forbidden'>,
  urls: readonly (string | null | undefined)[],
  { endpoints }: HooksPorts,
): Promise<void> {
  for (const url of urls) {
    const refusal = url == null ? undefined : await endpoints.refusalOf(url);
    if (refusal !== undefined) throw context.error('hooks.address_forbidden', `${url}: ${refusal}.`);
  }
}

export const handlers: DomainHandlers<typeof hooks, HooksPorts> = {
  webhooks: {
    async list(context, request, ports) {
      const { accountId } = context.entity;
      const { items, nextCursor } = await ports.webhooks.list({ accountId, ...request });
      return {
        items: items.map((webhook) => toAnswer(webhook, context.nowMs())),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async get(context, { webhookId }, ports) {
      const webhook = await ports.webhooks.find({ accountId: context.entity.accountId, webhookId });
      if (webhook === undefined) throw context.error('resource.unknown', unknown(webhookId));
      return toAnswer(webhook, context.nowMs());
    },

    // A name server of somebody's is asked: that may take long, and holds no connection.
    create: prepared(async (context, request, ports) => {
      const { accountId } = context.entity;
      const { applicationId } = request;
      refuseUnknownTypes(context, request.eventTypes, ports);
      if (applicationId !== undefined && !(await ports.applications.find({ accountId, applicationId })))
        throw context.error('resource.unknown', `This account has no application ${applicationId}.`);
      await refuseAddresses(context, [request.url, request.fallbackUrl], ports);
      return async () => {
        const created = await ports.webhooks.create({ accountId, ...request });
        if (created === undefined)
          throw context.error('hooks.webhook_count', `An account has at most ${WEBHOOK_COUNT_MAX} webhooks.`);
        const answer = toAnswer(created.webhook, context.nowMs());
        context.audit({ target: answer.id, after: answer });
        await context.emit('webhook.created', { webhookId: answer.id });
        return { ...answer, secret: created.secret };
      };
    }),

    update: prepared(async (context, request, ports) => {
      const { accountId } = context.entity;
      const { webhookId, ...change } = request;
      refuseUnknownTypes(context, change.eventTypes ?? [], ports);
      await refuseAddresses(context, [change.url, change.fallbackUrl], ports);
      return async () => {
        const before = await ports.webhooks.find({ accountId, webhookId });
        if (before !== undefined) refuseBeyondCallback(context, before, change);
        // What a trigger calls, the firing names: its webhook subscribes to nothing.
        const kept = before?.triggerId === undefined ? change : { ...change, eventTypes: undefined };
        const after = before && (await ports.webhooks.update({ accountId, webhookId, change: kept }));
        if (after === undefined) throw context.error('resource.unknown', unknown(webhookId));
        const answer = toAnswer(after, context.nowMs());
        const was = toAnswer(before ?? after, context.nowMs());
        context.audit({ target: webhookId, before: was, after: answer });
        if (isChanged(was, answer)) await context.emit('webhook.changed', { webhookId, state: answer.state });
        return answer;
      };
    }),

    async remove(context, { webhookId }, ports) {
      const { accountId } = context.entity;
      const before = await ports.webhooks.find({ accountId, webhookId });
      if (before === undefined) throw context.error('resource.unknown', unknown(webhookId));
      const outcome = await ports.webhooks.remove({ accountId, webhookId });
      if (outcome === 'unknown') throw context.error('resource.unknown', unknown(webhookId));
      if (outcome !== 'removed') {
        const callers = [...outcome].map(([id, name]) => `${name} (${id})`).join(', ');
        throw context.error('hooks.webhook_called', `${webhookId} is called by ${callers}.`);
      }
      context.audit({ target: webhookId, before: toAnswer(before, context.nowMs()) });
      await context.emit('webhook.removed', { webhookId });
      return { id: webhookId };
    },

    async rotateSecret(context, { webhookId, overlapSeconds, force }, ports) {
      const { accountId } = context.entity;
      const now = new Date(context.nowMs());
      const previousEndsAt = new Date(now.getTime() + overlapSeconds * 1_000);
      const unlessSignedAt = force ? undefined : now;
      const rotated = await ports.webhooks.rotate({ accountId, webhookId, previousEndsAt, unlessSignedAt });
      const webhook = rotated && (await ports.webhooks.find({ accountId, webhookId }));
      if (!rotated || !webhook) throw context.error('resource.unknown', unknown(webhookId));
      if ('signsUntil' in rotated)
        throw context.error(
          'hooks.secret_overlap',
          `The secret before the present one signs until ${rotated.signsUntil.toISOString()}: another would end it now.`,
        );
      const { secret } = rotated;
      const previousSecretEndsAt = previousEndsAt.toISOString();
      context.audit({ target: webhookId, after: { previousSecretEndsAt, ...(force ? { force } : {}) } });
      await context.emit('webhook.secret-rotated', { webhookId, previousSecretEndsAt });
      return { ...toAnswer(webhook, context.nowMs()), secret };
    },

    async sendTest(context, { webhookId }, ports) {
      const webhook = await ports.webhooks.find({ accountId: context.entity.accountId, webhookId });
      if (webhook === undefined) throw context.error('resource.unknown', unknown(webhookId));
      if (webhook.state !== 'active')
        throw context.error('hooks.webhook_disabled', 'Nothing is sent to a disabled webhook.');
      await context.emit('webhook.tested', { webhookId });
      context.audit({ target: webhookId });
      return toAnswer(webhook, context.nowMs());
    },
  },

  flows: {
    async list(context, { applicationId, instanceType, ...page }, ports) {
      if (instanceType !== undefined && applicationId === undefined)
        throw context.error('request.invalid', 'Give the applicationId of /instanceType.');
      const nowMs = context.nowMs();
      const { accountId } = context.entity;
      const place = { applicationId, instanceType, now: new Date(nowMs) };
      const { items, nextCursor } = await ports.flows.list({ accountId, ...page, ...place });
      return {
        items: items.map((item) => flowAnswer(item, nowMs)),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },
  },

  deliveries: {
    async list(context, request, ports) {
      const { accountId } = context.entity;
      const { webhookId } = request;
      if (!(await ports.webhooks.find({ accountId, webhookId })))
        throw context.error('resource.unknown', unknown(webhookId));
      const { items, nextCursor } = await ports.deliveries.list({ accountId, ...request });
      return {
        items: items.map((delivery) => deliveryAnswer(delivery, ports.cursors)),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async get(context, { webhookId, deliveryId }, ports) {
      const key = { accountId: context.entity.accountId, webhookId, deliveryId };
      const delivery = await ports.deliveries.find(key);
      if (delivery === undefined) throw context.error('resource.unknown', unknownDelivery(deliveryId));
      const log = (await ports.deliveries.attempts(key)).map(attemptAnswer);
      const batchId = delivery.lastAttempt?.batchId;
      const body =
        batchId === undefined
          ? bodyOf(delivery.event, ports.cursors)
          : batchBodyOf(await ports.deliveries.batch({ ...key, batchId }), ports.cursors);
      return { ...deliveryAnswer(delivery, ports.cursors), body, log };
    },

    async resend(context, { webhookId, deliveryId }, ports) {
      const key = { accountId: context.entity.accountId, webhookId, deliveryId };
      const webhook = await ports.webhooks.find(key);
      if (webhook === undefined) throw context.error('resource.unknown', unknown(webhookId));
      if (webhook.state !== 'active')
        throw context.error('hooks.webhook_disabled', 'Nothing is sent to a disabled webhook.');
      const isSent = (await ports.deliveries.find(key)) !== undefined && (await ports.deliveries.resend(key));
      const delivery = isSent ? await ports.deliveries.find(key) : undefined;
      if (delivery === undefined) throw context.error('resource.unknown', unknownDelivery(deliveryId));
      context.audit({ target: deliveryId });
      return deliveryAnswer(delivery, ports.cursors);
    },
  },

  replays: {
    async start(context, { webhookId, cursor, since }, ports) {
      const { accountId } = context.entity;
      if (cursor !== undefined && since !== undefined)
        throw context.error('request.invalid', 'Give cursor or since: a replay begins at one place.');
      const webhook = await ports.webhooks.find({ accountId, webhookId });
      if (webhook === undefined) throw context.error('resource.unknown', unknown(webhookId));
      if (webhook.state !== 'active')
        throw context.error('hooks.webhook_disabled', 'Nothing is sent to a disabled webhook.');
      const { scope } = webhook;
      const after =
        since === undefined
          ? placeOf(cursor ?? '0', ports.cursors)
          : await ports.replays.positionOf({ accountId, scope, since: new Date(since) });
      const replayId = createId('rpl', context.nowMs());
      const isStarted = await ports.replays.start({ accountId, webhookId, replayId, after });
      const replay = isStarted ? await ports.replays.find({ accountId, webhookId }) : undefined;
      if (replay === undefined)
        throw context.error('hooks.replay_running', 'A webhook has one replay at a time.');
      const answer = replayAnswer(replay, { webhookId, cursors: ports.cursors });
      context.audit({ target: webhookId, after: answer });
      await context.emit('replay.started', { webhookId, replayId });
      return answer;
    },

    async get(context, { webhookId }, ports) {
      const key = { accountId: context.entity.accountId, webhookId };
      if ((await ports.webhooks.find(key)) === undefined)
        throw context.error('resource.unknown', unknown(webhookId));
      const replay = await ports.replays.find(key);
      return replay === undefined
        ? {}
        : { replay: replayAnswer(replay, { webhookId, cursors: ports.cursors }) };
    },

    async cancel(context, { webhookId }, ports) {
      const key = { accountId: context.entity.accountId, webhookId };
      if ((await ports.webhooks.find(key)) === undefined)
        throw context.error('resource.unknown', unknown(webhookId));
      const before = await ports.replays.find(key);
      const isCancelled = before !== undefined && (await ports.replays.cancel(key));
      const after = isCancelled ? await ports.replays.find(key) : undefined;
      if (before === undefined || after === undefined)
        throw context.error('hooks.replay_none', 'There is nothing to cancel.');
      const answer = replayAnswer(after, { webhookId, cursors: ports.cursors });
      context.audit({
        target: webhookId,
        before: replayAnswer(before, { webhookId, cursors: ports.cursors }),
        after: answer,
      });
      await context.emit('replay.cancelled', { webhookId, replayId: after.id });
      return answer;
    },
  },

  events: {
    async list(context, { cursor = '0', limit, types, scope }, ports) {
      const patterns = types.split(',').map((pattern) => pattern.trim());
      refuseUnknownTypes(context, patterns, ports);
      const { accountId } = context.entity;
      const after = placeOf(cursor, ports.cursors);
      const items = await ports.events.list({ accountId, scope, after, types: patterns, limit });
      const last = items.at(-1);
      return {
        items: items.map((event) => eventAnswer(event, ports.cursors)),
        ...(last === undefined || items.length < limit
          ? {}
          : { nextCursor: cursorOf(last.position, ports.cursors) }),
      };
    },

    async latest(_context, _request, ports) {
      return { cursor: cursorOf(await ports.events.lastPosition(), ports.cursors) };
    },
  },
};
