import { boundedRecord } from '@patchbay/kit/bounded-record';
import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';

/** Triggers that one account may have set at a time: each is looked at for every use that it may count. */
export const TRIGGER_COUNT_MAX = 100;
/** A counter counts whole units, and its limit is a number that JavaScript holds exactly. */
const limit = z.int().min(1);
const triggerId = idSchema('trg');
const dateTime = z.iso.datetime();
const word = z.string().min(1).max(200);

export const periods = ['hour', 'day', 'month'] as const;

const WHERE_COUNT_MAX = 32;

/** Dimensions of a use, or fields of an event, each with the value that counts. */
const where = boundedRecord(z.string().min(1).max(64), z.string().max(200), WHERE_COUNT_MAX);

const counter = z.union([
  /** Adds up the quantities of a meter: `network-discovery.bytes`. */
  z.strictObject({ meter: word, where: where.optional() }),
  /** Counts events, and so errors and warnings: `signaling.session.ended` where `code` is one. */
  z.strictObject({ event: word, where: where.optional() }),
  /** For operators: the highest reading of a measure of the platform itself, which its own account alone may count. */
  z.strictObject({ measure: word, where: z.strictObject({}).optional() }),
]);

/** Whose use is counted, and what the action is done to. Without an account it is the one that sets the trigger. */
const target = {
  /** 'descendants': with all below it. */
  scope: z.enum(['own', 'descendants']).default('descendants'),
  applicationId: idSchema('app').optional(),
  /** As usage names it: `user:bob`. */
  endpointId: word.optional(),
  credentialId: word.optional(),
  sessionId: idSchema('ses').optional(),
};

const condition = z.discriminatedUnion('kind', [
  /** Once, when the counter reaches the limit since the trigger began. */
  z.strictObject({ kind: z.literal('threshold'), limit }),
  /** Once in each hour, day or month of the account's time zone. */
  z.strictObject({ kind: z.literal('recurring'), limit, per: z.enum(periods) }),
  /** Once in each span of this many seconds, counted on from 1970, in which the limit is reached. */
  z.strictObject({ kind: z.literal('rate'), limit, seconds: z.int().min(60).max(86_400) }),
]);

const url = z.url({ protocol: /^https?$/ }).max(2_048);

/** Every action also tells of itself: the event `triggers.trigger.fired`. */
const withoutAddress = [
  z.strictObject({ kind: z.literal('notify') }),
  z.strictObject({ kind: z.literal('suspend') }),
  /** With a node, an operator's: of all accounts, those that this node holds. */
  z.strictObject({ kind: z.literal('endSessions'), nodeId: idSchema('nod').optional() }),
  z.strictObject({ kind: z.literal('throttle'), bitsPerSecondMax: z.int().min(8_000).max(1_000_000_000) }),
  /** Nobody is served by it, until the window ends or the trigger begins anew; what runs of it ends. */
  z.strictObject({ kind: z.literal('disableService'), service: word }),
  /** The same of one feature, by the name that policies have for it, such as `network-discovery.relay`. */
  z.strictObject({ kind: z.literal('disableFeature'), feature: word }),
] as const;

const email = z.strictObject({ kind: z.literal('email'), address: z.email().max(254) });
const internalActions = [...withoutAddress, email] as const;

/** Tells this webhook of the firing, whatever else it hears of; one that came from an address names the trigger. */
const callback = z.strictObject({ kind: z.literal('callback'), webhookId: idSchema('whk') });

const action = z.discriminatedUnion('kind', [...internalActions, callback]);

/** As it is read: whoever does not see the account that set it is told what is done, and not whom it writes to or calls. */
const toldAction = z.discriminatedUnion('kind', [
  ...withoutAddress,
  email.partial({ address: true }),
  callback.partial({ webhookId: true }),
]);

const requestedAction = z.discriminatedUnion('kind', [
  ...internalActions,
  /** Either a webhook of the account, or an address: the trigger then has a webhook of its own there, with its own secret. */
  z.strictObject({
    kind: z.literal('callback'),
    webhookId: idSchema('whk').optional(),
    url: url.optional(),
    /** Asked in the same attempt when `url` failed. */
    fallbackUrl: url.optional(),
  }),
]);

/** Of a callback to an address, in the answer to the request that made it and nowhere else. */
const secret = z.string().optional();

export type Counter = z.output<typeof counter>;
export type Condition = z.output<typeof condition>;
export type Action = z.output<typeof action>;
export type ToldAction = z.output<typeof toldAction>;
export type RequestedAction = z.output<typeof requestedAction>;

const trigger = z.object({
  id: idField('trg'),
  name: z.string(),
  /** Set by an account above, which lets this one see it. It can be read here and not changed. */
  isFromAbove: z.boolean(),
  counter,
  target: z.object({ ...target, accountId: idField('acc') }),
  condition,
  action: toldAction,
  isEnabled: z.boolean(),
  /** Whether the account that it is about sees it. */
  isShown: z.boolean(),
  /** Of the account that it is about, when the trigger was made. */
  timeZone: z.string(),
  /** What happened before does not count. */
  countedFrom: dateTime,
  /** Of the window that runs. */
  value: z.string(),
  windowStart: dateTime.optional(),
  windowEnd: dateTime.optional(),
  /** In the window that runs. */
  hasFired: z.boolean(),
  lastFiredAt: dateTime.optional(),
  createdAt: dateTime,
});

const firing = z.object({
  id: idField('fir'),
  triggerId: idField('trg'),
  at: dateTime,
  /** What the counter stood at. */
  value: z.string(),
  limit: z.int(),
  windowStart: dateTime.optional(),
  targetAccountId: idField('acc'),
  action,
  /** 'skipped': there was nothing to do any more. 'failed': it was tried for half an hour. */
  state: z.enum(['pending', 'done', 'skipped', 'failed']),
  outcome: z.string().optional(),
});

const changeable = {
  name: z.string().trim().min(1).max(100),
  action: requestedAction,
  isShown: z.boolean(),
};

/** Have the account suspend itself although you act from within it, and cannot take that back. */
const force = z.boolean().optional();

const requestedTarget = z.strictObject({ ...target, accountId: idSchema('acc').optional() });

export const triggers = defineDomain({
  name: 'triggers',
  time: 'books',
  title: 'Triggers',
  summary: 'Counters with a limit, and what is done when it is reached: within a second, and once (TRG).',
  events: {
    'trigger.created': z.object({ triggerId: idField('trg') }),
    'trigger.changed': z.object({ triggerId: idField('trg') }),
    /** Its counter began anew. */
    'trigger.reset': z.object({ triggerId: idField('trg') }),
    'trigger.removed': z.object({ triggerId: idField('trg') }),
    'trigger.fired': z.object({
      firingId: z.string(),
      triggerId: z.string(),
      name: z.string(),
      targetAccountId: z.string(),
      value: z.string(),
      limit: z.int(),
      action: z.string(),
      /** Which the action calls. */
      webhookId: z.string().optional(),
      windowStart: z.string().optional(),
    }),
  },
  errors: {
    counter_unknown: {
      status: 422,
      title: 'Nothing counts what this trigger names.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name a meter or event, and dimensions or fields of it, that `detail` lists.',
    },
    action_unsupported: {
      status: 422,
      title: 'This action cannot be done to this target.',
      owner: 'client',
      retry: 'never',
      remedy: 'Choose another action, or the account as the target.',
    },
    node_unknown: {
      status: 422,
      title: 'The platform has no such node.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Take the id from where the sessions are shown, or from the log of a node that began: `nod_…`. A node that joins anew has a new one.',
    },
    webhook_unknown: {
      status: 422,
      title: 'The trigger cannot call this webhook.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Name a webhook of the account that sets the trigger, or give `url`, and the trigger has one of its own. The callback of a service or of another trigger is called by nothing else.',
    },
    recipient_unknown: {
      status: 422,
      title: 'A trigger writes to the team of its account, and to nobody else.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name the proved address of somebody in the team of the account that sets the trigger.',
    },
    email_unavailable: {
      status: 422,
      title: 'This platform sends no e-mail.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Use notify: the event triggers.trigger.fired reaches your own server, which may write to anybody.',
    },
    too_many: {
      status: 409,
      title: 'The account has as many triggers as it may have.',
      owner: 'client',
      retry: 'never',
      remedy: 'Remove one that is no longer needed.',
    },
    stops_itself: {
      status: 422,
      title: 'An account that has itself suspended cannot start itself again.',
      owner: 'client',
      retry: 'never',
      remedy: 'Have an account above set the trigger, or send `force: true` if you mean it.',
    },
    set_above: {
      status: 403,
      title: 'This trigger was set by an account above.',
      owner: 'config',
      retry: 'never',
      remedy: 'Ask who runs the account above this one to change it.',
    },
  },
  resources: {
    measures: {
      title: 'Measures',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/measures',
          summary:
            'Read what the platform knows of itself now: at its own account alone, for whoever runs it.',
          access: 'administer',
          request: z.object({}),
          response: z.object({
            items: z.array(z.object({ name: z.string(), title: z.string(), value: z.number() })),
          }),
          errors: ['resource.unknown'],
        },
      },
    },
    triggers: {
      title: 'Triggers',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/triggers',
          summary:
            'Read the triggers that this account set, with their counters, and those from above that it may see.',
          access: 'read',
          request: pageRequest,
          response: pageOf(trigger),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/triggers/{triggerId}',
          summary: 'Read one trigger with its counter.',
          access: 'read',
          request: z.object({ triggerId }),
          response: trigger,
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/triggers',
          summary:
            'Set a trigger for this account or for anything below it. Where its limit is passed already, it fires at once. Its action needs the right to do the same by hand.',
          access: 'administer',
          request: z.strictObject({
            ...changeable,
            counter,
            target: requestedTarget.optional(),
            condition,
            action: requestedAction.default({ kind: 'notify' }),
            isShown: z.boolean().default(false),
            force,
          }),
          response: trigger.extend({ secret }),
          errors: [
            'request.invalid',
            'auth.scope',
            'callback.address_forbidden',
            'triggers.counter_unknown',
            'triggers.action_unsupported',
            'triggers.stops_itself',
            'triggers.node_unknown',
            'triggers.webhook_unknown',
            'triggers.email_unavailable',
            'triggers.recipient_unknown',
            'triggers.too_many',
          ],
        },
        update: {
          method: 'PATCH',
          path: '/triggers/{triggerId}',
          summary:
            'Change a trigger, or turn it off or on. With a new limit or action it goes on counting and may fire again; with another window or target, or on again, it begins anew. A callback to the same address keeps its secret.',
          access: 'administer',
          request: z.strictObject({
            triggerId,
            name: changeable.name.optional(),
            /** Of the condition that it has. Either this or `condition`. What it counted stays: a limit that is passed already fires at once. */
            limit: limit.optional(),
            /**
             * In place of the one that it has. With another kind, period or span it begins anew, as if it were set now: one that
             * recurs and counts a whole account knows the window that runs, and fires at once where that is past the limit already.
             */
            condition: condition.optional(),
            /** In place of the one that it has, and it begins anew. What it held its target to before is lifted. */
            target: requestedTarget.optional(),
            action: requestedAction.optional(),
            isEnabled: z.boolean().optional(),
            isShown: z.boolean().optional(),
            force,
          }),
          response: trigger.extend({ secret }),
          errors: [
            'request.invalid',
            'auth.scope',
            'callback.address_forbidden',
            'triggers.counter_unknown',
            'triggers.action_unsupported',
            'triggers.stops_itself',
            'triggers.node_unknown',
            'triggers.webhook_unknown',
            'triggers.email_unavailable',
            'triggers.recipient_unknown',
            'triggers.set_above',
          ],
        },
        reset: {
          method: 'POST',
          path: '/triggers/{triggerId}/resets',
          summary:
            'Begin the counter anew. What the trigger holds its target to is lifted, and it may fire again.',
          access: 'administer',
          request: z.strictObject({ triggerId }),
          response: trigger,
          errors: ['auth.scope', 'triggers.set_above'],
        },
        remove: {
          method: 'DELETE',
          path: '/triggers/{triggerId}',
          summary: 'Remove a trigger, and lift what it holds its target to. Its firings can still be read.',
          access: 'administer',
          request: z.object({ triggerId }),
          response: z.object({ id: idField('trg') }),
          errors: ['auth.scope', 'triggers.set_above'],
        },
        preview: {
          method: 'GET',
          path: '/trigger-preview',
          summary: 'Read what a counter stands at in the window that runs, before a trigger is set for it.',
          access: 'read',
          request: z.object({
            meter: word.optional(),
            event: word.optional(),
            /** `direction:in,region:local`. */
            where: z.string().max(1_000).optional(),
            targetAccountId: idSchema('acc').optional(),
            scope: target.scope,
            per: z.enum(periods).default('day'),
          }),
          response: z.object({ value: z.string(), windowStart: dateTime, windowEnd: dateTime }),
          errors: ['triggers.counter_unknown'],
        },
        listFirings: {
          method: 'GET',
          path: '/trigger-firings',
          summary: 'Read when the triggers of this account fired, newest first, and what came of it.',
          access: 'read',
          request: pageRequest.extend({ triggerId: triggerId.optional() }),
          response: pageOf(firing),
          errors: [],
        },
      },
    },
  },
});
