import {
  NOTE_LENGTH_MAX,
  PRESENCE_SECONDS_MAX,
  presenceStates,
  saidStates,
  visibilities,
} from '@patchbay/domain/presence/presence';
import { DEVICE_NAME_LENGTH_MAX } from '@patchbay/domain/presence/registration';
import { defineService } from '@patchbay/kit/definition';
import { deviceKinds } from '@patchbay/kit/device-kind';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { presenceErrors } from './errors.ts';

const named = {
  identity: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^\s/]+$/)
    .describe('As somebody signs in: bob of user:bob.'),
};
const shown = z.object({
  identity: z.string(),
  state: z.enum(presenceStates),
  note: z.string().optional(),
  /** Of somebody who is there. */
  isInCall: z.boolean(),
  /** Of somebody who is not there, and was. */
  lastSeenAt: z.iso.datetime().optional(),
  /** Those that are connected, at whatever node. */
  devices: z.array(
    z.object({
      id: z.string().optional(),
      name: z.string().max(DEVICE_NAME_LENGTH_MAX).optional(),
      kind: z.enum(deviceKinds),
      since: z.iso.datetime(),
    }),
  ),
});

export const presence = defineService({
  name: 'presence',
  title: 'Presence',
  summary: 'Who is there, on which devices, in a call or not, and what they say of themselves.',
  timing: 'sync',
  media: 'none',
  config: z.object({
    visibleTo: z
      .enum(visibilities)
      .default('account')
      .describe(
        'Who of the account sees how others are. account: everybody. listed: whom visibleToIdentities names. nobody: keys alone.',
      ),
    visibleToIdentities: z
      .array(z.string().min(1).max(256))
      .max(100)
      .optional()
      .describe('Those who see everybody where visibleTo is listed, as they sign in.'),
    noteLengthMax: z
      .int()
      .min(0)
      .max(NOTE_LENGTH_MAX)
      .default(NOTE_LENGTH_MAX)
      .describe('The longest note that somebody may leave, in characters.'),
  }),
  merge: {
    visibleTo: { narrowestOf: ['account', 'listed', 'nobody'] },
    visibleToIdentities: 'nearest',
    noteLengthMax: 'narrowest',
  },
  meters: {
    lookups: { unit: 'count', summary: 'Presences that were read, each of one identity.', dimensions: {} },
    updates: { unit: 'count', summary: 'Words that identities said of themselves.', dimensions: {} },
  },
  events: {
    /** Somebody came or went, by the nodes at which they are connected. A connection that is resumed in time is no change. */
    'identity.changed': z.object({ identity: z.string(), isOnline: z.boolean() }),
    /** Somebody says something else of themselves. */
    'identity.said': z.object({
      identity: z.string(),
      state: z.enum(saidStates).optional(),
      note: z.string().optional(),
    }),
  },
  errors: presenceErrors,
  operations: {
    list: {
      method: 'GET',
      path: '/identities',
      summary: 'List who is there, and who was.',
      access: 'read',
      request: pageRequest.extend({ standing: z.enum(['online', 'offline']).optional() }),
      response: pageOf(shown),
      errors: [],
    },
    get: {
      method: 'GET',
      path: '/identities/{identity}',
      summary: 'Read whether somebody is there, on which devices, and what they say of themselves.',
      access: 'read',
      request: z.object(named),
      response: shown,
      errors: [],
    },
    set: {
      method: 'PUT',
      path: '/identities/{identity}',
      summary:
        'Say what others see of somebody while they are there, until it is taken back or its time is over.',
      access: 'develop',
      request: z.strictObject({
        ...named,
        state: z.enum(saidStates),
        note: z.string().min(1).max(NOTE_LENGTH_MAX).optional(),
        lastsSeconds: z.int().min(1).max(PRESENCE_SECONDS_MAX).optional(),
      }),
      response: shown,
      errors: ['presence.note_too_long'],
    },
    clear: {
      method: 'DELETE',
      path: '/identities/{identity}',
      summary: 'Take back what was said of somebody: others see what the platform sees.',
      access: 'develop',
      request: z.object(named),
      response: shown,
      errors: [],
    },
  },
});
