import { z } from 'zod';
import { NOTE_LENGTH_MAX, presenceStates, saidStates } from './presence.ts';
import {
  goneSchema,
  PLACES_MAX,
  placeSchema,
  REGISTRATIONS_MAX,
  registrationSchema,
} from './registration.ts';

const id = z.string().min(1).max(200);
const identity = z.string().min(1).max(256);
/** Identities that one client watches. */
const WATCHED_MAX = 100;

/** What signaling tells and asks the control plane about where endpoints are connected. */
export const presenceCalls = {
  /** Said again, it changes nothing. Of one connection the last word counts. */
  registerEndpoints: {
    method: 'POST',
    path: '/registrations',
    request: z.object({
      /** The run of the node: what is registered by it is gone when it is over. */
      boot: z.string().max(32),
      here: z.array(registrationSchema).max(REGISTRATIONS_MAX),
      gone: z.array(goneSchema).max(REGISTRATIONS_MAX),
    }),
    response: z.object({}),
  },
  /** Where an endpoint is connected, at other nodes than the one that asks. */
  findRegistrations: {
    method: 'POST',
    path: '/registrations/finds',
    request: z.object({ accountId: id, identity: z.string().min(1).max(256) }),
    response: z.object({ items: z.array(placeSchema).max(PLACES_MAX) }),
  },
  /** How identities of an account are, as one of them may see it; and, before that, what somebody says of themselves. */
  askPresence: {
    method: 'POST',
    path: '/presences',
    request: z.object({
      accountId: id,
      identities: z.array(identity).max(WATCHED_MAX),
      viewer: identity,
      says: z
        .object({
          identity,
          state: z.enum(saidStates).exactOptional(),
          note: z.string().max(NOTE_LENGTH_MAX).exactOptional(),
        })
        .exactOptional(),
    }),
    response: z.object({
      items: z.array(
        z.object({
          identity,
          state: z.enum([...presenceStates, 'hidden']),
          note: z.string().exactOptional(),
          isInCall: z.boolean(),
          lastSeenAtMs: z.int().exactOptional(),
        }),
      ),
    }),
  },
} as const;
