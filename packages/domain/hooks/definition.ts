import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { configPlace } from '@patchbay/kit/service-resources';
import { z } from 'zod';
import { eventCursorSchema } from './envelope.ts';
import { flow } from './flows.ts';

const webhookId = idSchema('whk');
const deliveryId = idSchema('dlv');
const dateTime = z.iso.datetime();
const url = z.url({ protocol: /^https?$/ }).max(2_048);
const eventTypes = z
  .array(
    z
      .string()
      .max(128)
      .regex(
        /^(\*|[a-z][a-z0-9.-]*(\.\*)?)$/,
        'This is no name of an event: write one, or signaling.*, or *.',
      ),
  )
  .min(1)
  .max(64);
const scope = z.enum(['own', 'descendants']);
const reason = z.enum(['failing', 'gone']);

/** More than one: what happens within `batchWaitMs` goes out in one request, with so many events at most. */
const batchEventsMax = z.int().min(1).max(100);
/** How long an event waits for others to go with it. */
const batchWaitMs = z.int().min(0).max(10_000);

/** Both hold while a receiver takes over the new one: a day by default, a week at most. */
const overlapSeconds = z.int().min(0).max(604_800).default(86_400);

const webhook = z.object({
  id: idField('whk'),
  url: z.string(),
  /** Asked in the same attempt when `url` failed. */
  fallbackUrl: z.string().optional(),
  description: z.string(),
  eventTypes: z.array(z.string()),
  /** `descendants`: events of the accounts below this one too. */
  scope,
  applicationId: idField('app').optional(),
  /** Of a callback, which the configuration of a service names: of events of that service, and of this instance type or endpoint alone. */
  service: z.string().optional(),
  instanceType: z.string().optional(),
  endpointId: idField('end').optional(),
  /** Of one that is called by the action of this trigger, and hears of nothing else. */
  triggerId: idField('trg').optional(),
  /** 1: each event by itself. */
  batchEventsMax: z.int(),
  batchWaitMs: z.int(),
  state: z.enum(['active', 'disabled']),
  /** Why the platform disabled it: `gone`, it answered 410; `failing`, it took nothing for long. Absent when somebody of the account did. */
  disabledReason: reason.optional(),
  /** When it was disabled last. It stays when it is enabled: what happened since is sent by a replay from there. */
  disabledAt: z.iso.datetime().optional(),
  /**
   * `failing`: it took nothing lately, and is asked one event at a time, or the platform disabled it. `fallback`: its address fails, and
   * its fallback takes everything.
   */
  health: z.enum(['ok', 'fallback', 'failing']),
  failingSince: dateTime.optional(),
  fallbackSince: dateTime.optional(),
  succeededAt: dateTime.optional(),
  /** The secret before the present one signs as well until then. */
  previousSecretEndsAt: dateTime.optional(),
  createdAt: dateTime,
});

const secret = z.string();

const delivery = z.object({
  id: idField('dlv'),
  webhookId: idField('whk'),
  eventId: idField('evt'),
  eventType: z.string(),
  /** Of the event in the order of all events: where a replay goes on. */
  cursor: z.string(),
  sessionId: idField('ses').optional(),
  sessionSequence: z.int().optional(),
  state: z.enum(['waiting', 'delivered', 'failed', 'cancelled']),
  /** Of an event that is sent again. */
  replayId: idField('rpl').optional(),
  /** Of the last request, where it carried a batch: all deliveries of it are listed by this. */
  batchId: z.string().optional(),
  attempts: z.int(),
  /** Absent while it waits for an earlier event of its session, and when it is over. */
  nextAttemptAt: dateTime.optional(),
  createdAt: dateTime,
  endedAt: dateTime.optional(),
  /** What the last request led to. */
  status: z.int().optional(),
  error: z.string().optional(),
  latencyMs: z.int().optional(),
});

/** Of an event that was read, or 0: before all of them. */
export const eventCursor = eventCursorSchema.optional();

const attempt = z.object({
  number: z.int(),
  target: z.enum(['main', 'fallback']),
  startedAt: dateTime,
  /** Where it went, whatever the webhook says now. */
  url: z.string().optional(),
  /** What was sent with the body: of each signature the beginning. */
  requestHeaders: z.record(z.string(), z.string()).optional(),
  status: z.int().optional(),
  responseHeaders: z.record(z.string(), z.string()).optional(),
  latencyMs: z.int().optional(),
  /** A code such as `timeout`. Absent with a status of 2xx; with no status either, the attempt runs, or was cut off. */
  error: z.string().optional(),
  /** The beginning of the answer. */
  response: z.string().optional(),
  /** Of a request that carried several events. */
  batchId: z.string().optional(),
});

const replay = z.object({
  id: idField('rpl'),
  webhookId: idField('whk'),
  state: z.enum(['running', 'done', 'cancelled']),
  /** What came after this is sent again, */
  fromCursor: z.string(),
  /** up to this, which was the last event when it began. */
  untilCursor: z.string(),
  /** How far it has come: deliveries up to here are made. */
  cursor: z.string(),
  /** Of what lies between the two. */
  percentDone: z.int().min(0).max(100),
  waitingCount: z.int(),
  deliveredCount: z.int(),
  failedCount: z.int(),
  startedAt: dateTime,
  endedAt: dateTime.optional(),
});

/** An event as webhooks carry it. Its id is the same in each attempt and in a replay: whoever saw it has seen it. */
export const eventEnvelope = z.object({
  id: idField('evt'),
  type: z.string(),
  timestamp: dateTime,
  cursor: z.string(),
  accountId: idField('acc'),
  applicationId: idField('app').optional(),
  /** Of the application, where the session was of one. */
  instanceType: z.string().optional(),
  sessionId: idField('ses').optional(),
  /** Grows with each event of the session; numbers of what is no event are left out. */
  sessionSequence: z.int().optional(),
  data: z.record(z.string(), z.json()),
});

const ofWebhook = { webhookId: idField('whk') };

export const hooks = defineDomain({
  name: 'hooks',
  title: 'Webhooks',
  summary: 'Events of an account, told to its servers in order, and kept for them to read again.',
  events: {
    /** Told to others: its own receiver has no secret yet. */
    'webhook.created': z.object(ofWebhook),
    'webhook.changed': z.object({ ...ofWebhook, state: webhook.shape.state }),
    'webhook.removed': z.object(ofWebhook),
    /** Until the overlap is over, the secret before it signs as well. */
    'webhook.secret-rotated': z.object({ ...ofWebhook, previousSecretEndsAt: dateTime }),
    /** The callbacks that a configuration of a service names, at one place. */
    'callbacks.changed': z.object({ service: z.string(), ...configPlace }),
    'replay.started': z.object({ ...ofWebhook, replayId: idField('rpl') }),
    'replay.cancelled': z.object({ ...ofWebhook, replayId: idField('rpl') }),
    'webhook.tested': z.object(ofWebhook),
    'webhook.failing': z.object(ofWebhook),
    'webhook.disabled': z.object({ ...ofWebhook, reason }),
  },
  errors: {
    address_forbidden: {
      status: 422,
      title: 'Webhooks are not sent to this address.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Use a public http or https address on port 80, 443, 8080 or 8443, without user name or password. While you develop, `patchbay listen` brings events to your machine.',
    },
    event_type_unknown: {
      status: 422,
      title: 'There is no such event.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use a name of the event catalogue, all of one owner such as `signaling.*`, or `*` for all.',
    },
    callback_bound: {
      status: 422,
      title: 'A callback hears of its service or its trigger alone.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Name events of the service whose configuration it is set in, with the scope `own`, and leave those of a trigger as they are; or create a webhook for the others.',
    },
    webhook_count: {
      status: 409,
      title: 'The account has as many webhooks as it may have.',
      owner: 'client',
      retry: 'never',
      remedy: 'Remove one, or have one of them hear of more events.',
    },
    secret_overlap: {
      status: 409,
      title: 'An earlier secret of this webhook still signs.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Wait until it has ended: `detail` says when. Where a secret leaked, send `force: true`: of the secrets there are, only the present one still signs beside the new one, and with `overlapSeconds: 0` none does.',
    },
    replay_running: {
      status: 409,
      title: 'A replay of this webhook is running.',
      owner: 'client',
      retry: 'never',
      remedy: 'Wait until it is done, or cancel it first.',
    },
    replay_none: {
      status: 409,
      title: 'No replay of this webhook is running.',
      owner: 'client',
      retry: 'never',
      remedy: 'Look how far it came: it is done, was cancelled, or was never begun.',
    },
    webhook_called: {
      status: 409,
      title: 'A trigger calls this webhook.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Give the triggers that `detail` names another action, or remove them. A webhook of a trigger’s own goes with it.',
    },
    webhook_disabled: {
      status: 409,
      title: 'The webhook is disabled.',
      owner: 'client',
      retry: 'never',
      remedy: 'Set its state to active first: what still waits for it is sent then.',
    },
  },
  resources: {
    webhooks: {
      title: 'Webhooks',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/webhooks',
          summary: 'Read the webhooks of this account.',
          access: 'read',
          request: pageRequest,
          response: pageOf(webhook),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/webhooks/{webhookId}',
          summary: 'Read one webhook, and how it does.',
          access: 'read',
          request: z.object({ webhookId }),
          response: webhook,
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/webhooks',
          summary: 'Create a webhook. Its secret is in this answer and nowhere else.',
          access: 'develop',
          request: z.strictObject({
            url,
            fallbackUrl: url.optional(),
            description: z.string().max(200).default(''),
            eventTypes: eventTypes.default(['*']),
            scope: scope.default('own'),
            applicationId: idSchema('app').optional(),
            batchEventsMax: batchEventsMax.default(1),
            batchWaitMs: batchWaitMs.default(1_000),
          }),
          response: webhook.extend({ secret }),
          errors: [
            'resource.unknown',
            'hooks.address_forbidden',
            'hooks.event_type_unknown',
            'hooks.webhook_count',
          ],
        },
        update: {
          method: 'PATCH',
          path: '/webhooks/{webhookId}',
          summary:
            'Change a webhook, or disable it and enable it again. What waits for it goes where it says then.',
          access: 'develop',
          request: z.strictObject({
            webhookId,
            url: url.optional(),
            /** Null takes it away. */
            fallbackUrl: url.nullable().optional(),
            description: z.string().max(200).optional(),
            eventTypes: eventTypes.optional(),
            scope: scope.optional(),
            batchEventsMax: batchEventsMax.optional(),
            batchWaitMs: batchWaitMs.optional(),
            state: z.enum(['active', 'disabled']).optional(),
          }),
          response: webhook,
          errors: ['hooks.address_forbidden', 'hooks.event_type_unknown', 'hooks.callback_bound'],
        },
        remove: {
          method: 'DELETE',
          path: '/webhooks/{webhookId}',
          summary: 'Remove a webhook that no trigger calls. What waits for it is not sent any more.',
          access: 'develop',
          request: z.object({ webhookId }),
          response: z.object({ id: idField('whk') }),
          errors: ['hooks.webhook_called'],
        },
        rotateSecret: {
          method: 'POST',
          path: '/webhooks/{webhookId}/secret',
          summary:
            'Make a new secret. The old one signs beside it until the overlap is over; until then no other is made, unless by force.',
          access: 'develop',
          request: z.strictObject({
            webhookId,
            overlapSeconds,
            /** Also while the secret before the present one still signs: that one ends now, as where it leaked. */
            force: z.boolean().default(false),
          }),
          response: webhook.extend({ secret }),
          errors: ['hooks.secret_overlap'],
        },
        sendTest: {
          method: 'POST',
          path: '/webhooks/{webhookId}/tests',
          summary: 'Send an event that is for this webhook alone, to see that it arrives.',
          access: 'develop',
          request: z.strictObject({ webhookId }),
          response: webhook,
          errors: ['hooks.webhook_disabled'],
        },
      },
    },
    flows: {
      title: 'Flows',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/flows',
          summary:
            'Read which events of this account go to which addresses and operations of services, and how many did within an hour and a day.',
          access: 'read',
          request: pageRequest.extend({
            /** Only what hears of this application: what is set for it, for its instance types, and for the account. */
            applicationId: idSchema('app').optional(),
            /** Of the application: only what hears of this instance type. */
            instanceType: z.string().min(1).max(32).optional(),
          }),
          response: pageOf(flow),
          errors: ['request.invalid'],
        },
      },
    },
    deliveries: {
      title: 'Deliveries',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/webhooks/{webhookId}/deliveries',
          summary: 'Read what became of each event at a webhook, newest first.',
          access: 'read',
          request: pageRequest.extend({
            webhookId,
            state: z.enum(['waiting', 'delivered', 'failed', 'cancelled', 'all']).default('all'),
            /** Those that one request carried. */
            batchId: z.string().max(64).optional(),
          }),
          response: pageOf(delivery),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/webhooks/{webhookId}/deliveries/{deliveryId}',
          summary: 'Read one delivery: what is sent, and each attempt with its answer.',
          access: 'read',
          request: z.object({ webhookId, deliveryId }),
          response: delivery.extend({
            /** The body of the last request, byte by byte, with all events of its batch; before the first, of the event alone. */
            body: z.string(),
            log: z.array(attempt),
          }),
          errors: [],
        },
        resend: {
          method: 'POST',
          path: '/webhooks/{webhookId}/deliveries/{deliveryId}/attempts',
          summary: 'Send an event again, with the same id, and repeat it as if it were new.',
          access: 'develop',
          request: z.strictObject({ webhookId, deliveryId }),
          response: delivery,
          errors: ['hooks.webhook_disabled'],
        },
      },
    },
    replays: {
      title: 'Replays',
      mount: 'account',
      operations: {
        start: {
          method: 'POST',
          path: '/webhooks/{webhookId}/replay',
          summary:
            'Send a webhook again what it hears of, from a place on: beside what happens meanwhile, and at a bounded pace.',
          access: 'develop',
          request: z.strictObject({
            webhookId,
            /** What came after this event. Either this or `since`; with neither, all that is kept. */
            cursor: eventCursor,
            /** From the first event on that happened at this time or after it. */
            since: requestTime.optional(),
          }),
          response: replay,
          errors: ['request.invalid', 'hooks.webhook_disabled', 'hooks.replay_running'],
        },
        get: {
          method: 'GET',
          path: '/webhooks/{webhookId}/replay',
          summary: 'Read how far the last replay of a webhook came.',
          access: 'read',
          request: z.object({ webhookId }),
          /** Absent where it was never sent anything again. */
          response: z.object({ replay: replay.optional() }),
          errors: [],
        },
        cancel: {
          method: 'DELETE',
          path: '/webhooks/{webhookId}/replay',
          summary: 'Cancel a replay. What of it waits is not sent any more.',
          access: 'develop',
          request: z.object({ webhookId }),
          response: replay,
          errors: ['hooks.replay_none'],
        },
      },
    },
    events: {
      title: 'Events',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/events',
          summary: 'Read events in order, from a cursor on: of 30 days, each as its webhook carries it.',
          access: 'read',
          request: z.object({
            /** Of an event that was read: what came after it is read. None: from the oldest on. */
            cursor: eventCursor,
            limit: queryInt().min(1).max(100).default(20),
            /** Names as a webhook takes them, with commas between. */
            types: z.string().max(2_048).default('*'),
            scope: scope.default('own'),
          }),
          response: pageOf(eventEnvelope),
          errors: ['hooks.event_type_unknown'],
        },
        latest: {
          method: 'GET',
          path: '/events/latest',
          summary: 'Read the cursor behind which there is no event yet: from here on everything is new.',
          access: 'read',
          request: z.object({}),
          response: z.object({ cursor: z.string() }),
          errors: [],
        },
      },
    },
  },
});
