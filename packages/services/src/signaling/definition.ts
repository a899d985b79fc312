import {
  DEVICE_CHOICES_MAX,
  deviceChoiceSchema,
  ringStrategies,
  TURN_SECONDS_MAX,
  TURN_SECONDS_MIN,
} from '@patchbay/domain/presence/ringing';
import { defineService } from '@patchbay/kit/definition';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import { z } from 'zod';
import { limitShape, mintingErrors, noSignalingNode } from '../credential-request.ts';
import { frameErrors } from './errors.ts';

/** Between a client and a node. */
const transport = ['websocket'] as const;

export const signaling = defineService({
  name: 'signaling',
  title: 'Signaling',
  summary:
    'Sessions between endpoints: offers, answers and candidates carried, state kept, media re-established.',
  features: {
    'place-calls': 'Calls others.',
    'answer-calls': 'Is called. Without it no device rings.',
    'change-media': 'Begins and ends to send sound, pictures or a screen while a call runs.',
  },
  timing: 'sync',
  media: 'none',
  config: z.object({
    mode: z
      .enum(['auto', 'relay'])
      .default('auto')
      .describe('auto: try the direct path, use a relay when it fails. relay: always through a relay.'),
    sessionSecondsMax: z
      .int()
      .min(1)
      .max(31_536_000)
      .optional()
      .describe('The longest that a session may last.'),
    tokenTtlSecondsMax: z
      .int()
      .min(10)
      .max(LIFETIME_SECONDS_MAX)
      .default(86_400)
      .describe('The longest time that a token may live, however it was minted.'),
    ringDevices: z
      .array(deviceChoiceSchema)
      .min(1)
      .max(DEVICE_CHOICES_MAX)
      .optional()
      .describe(
        'Devices that ring, the most wanted first: kind:mobile, name:Desk phone or id:… Default: all.',
      ),
    ringStrategy: z
      .enum(ringStrategies)
      .optional()
      .describe('together: all devices ring at once. in-turn: one after the other. Default: together.'),
    ringTurnSeconds: z
      .int()
      .min(TURN_SECONDS_MIN)
      .max(TURN_SECONDS_MAX)
      .optional()
      .describe('How long each device rings in turn. Default: 15.'),
  }),
  merge: {
    mode: { narrowestOf: ['auto', 'relay'] },
    sessionSecondsMax: 'narrowest',
    tokenTtlSecondsMax: 'narrowest',
    ringDevices: 'nearest',
    ringStrategy: 'nearest',
    ringTurnSeconds: 'nearest',
  },
  meters: {
    sessions: { unit: 'count', summary: 'Sessions begun.', dimensions: { kind: ['call'] } },
    messages: { unit: 'count', summary: 'Messages carried from clients.', dimensions: { transport } },
    connectedMs: {
      unit: 'millisecond',
      summary: 'Time for which clients were connected.',
      dimensions: { transport },
    },
    mediaMs: {
      unit: 'millisecond',
      summary: 'Time for which a media node carried a call of two, counted once, for whose call it is.',
      dimensions: { transport },
    },
  },
  events: {
    'session.started': z.object({ sessionId: z.string() }),
    /** Told to the account whose leg it is: the other parties' accounts hear of their own (LIV-0). */
    'participant.joined': z.object({
      sessionId: z.string(),
      legId: z.string(),
      identity: z.string().optional(),
    }),
    'participant.left': z.object({ sessionId: z.string(), legId: z.string(), reason: z.string() }),
    'session.connected': z.object({ sessionId: z.string(), mode: z.string() }),
    /** Its media goes another way than before, by an order or because the way before was lost. */
    'session.moved': z.object({ sessionId: z.string(), mode: z.string(), previousMode: z.string() }),
    /** By the word of somebody of the account, as all that name `by`: who that is, or `an account above`. */
    'session.paused': z.object({ sessionId: z.string(), by: z.string() }),
    'session.resumed': z.object({ sessionId: z.string(), by: z.string() }),
    /** The limits that were set while it ran, as they are now. */
    'session.limited': z.object({
      sessionId: z.string(),
      by: z.string(),
      endsAt: z.iso.datetime().optional(),
      bitsPerSecondMax: z.int().optional(),
    }),
    /** Told to the account whose logic goes on with another document. */
    'session.redirected': z.object({ sessionId: z.string(), by: z.string(), url: z.string() }),
    /** Whoever was called left, and this endpoint rings. */
    'session.transferred': z.object({ sessionId: z.string(), by: z.string(), to: z.string() }),
    /** What a party may not send now. Told, as what follows, to the account whose leg it is. */
    'participant.muted': z.object({
      sessionId: z.string(),
      legId: z.string(),
      by: z.string(),
      muted: z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() }),
    }),
    'participant.removed': z.object({ sessionId: z.string(), legId: z.string(), by: z.string() }),
    'session.ended': z.object({ sessionId: z.string(), code: z.string() }),
    /** Told to the account whose logic it is. */
    'logic.failed': z.object({ sessionId: z.string(), code: z.string(), detail: z.string() }),
    'limit.reached': z.object({
      sessionId: z.string(),
      limit: z.string(),
      outcome: z.string(),
      /** Of a limit of policies: the setting that is used up. */
      rule: z.string().optional(),
    }),
  },
  errors: {
    ...frameErrors,
    ...mintingErrors('token', 'tokenTtlSecondsMax'),
    no_node: noSignalingNode,
  },
  operations: {
    createToken: {
      method: 'POST',
      path: '/tokens',
      summary: 'Mint a token with which a browser connects as an identity of this account.',
      access: 'develop',
      isMinting: true,
      /**
       * `ttlSeconds`: by default 3,600, or what is configured where that is less. `limitScope`: by default each session,
       * as a token is made for several calls.
       */
      request: z.strictObject({ ...limitShape, identity: limitShape.identity.unwrap() }),
      response: z.object({ token: z.string(), signalUrl: z.string(), expiresAt: z.iso.datetime() }),
      errors: ['signaling.no_node', 'signaling.no_key', 'signaling.ttl_too_long', 'request.invalid'],
    },
  },
});
