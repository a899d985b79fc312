import { z } from 'zod';
import {
  goneSchema,
  PLACES_MAX,
  placeSchema,
  REGISTRATIONS_MAX,
  registrationSchema,
} from './registration.ts';

const id = z.string().min(1).max(200);

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
} as const;
