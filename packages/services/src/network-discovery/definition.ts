import { defineService } from '@patchbay/kit/definition';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import { bandwidthClasses } from '@patchbay/protocol/turn/bandwidth-class';
import { z } from 'zod';
import { limitShape, mintingErrors } from '../credential-request.ts';

/** How a client and its relay reach each other. 'none': its credential declares no class. Pictures in the class of sound count as the least class that pictures have. */
const path = {
  transport: ['udp'],
  addressFamily: ['ipv4', 'ipv6'],
  bandwidthClass: [...bandwidthClasses, 'none'],
} as const;
const direction = ['in', 'out'] as const;

const iceServer = z.object({
  urls: z.array(z.string()),
  username: z.string().optional(),
  credential: z.string().optional(),
});

export const networkDiscovery = defineService({
  name: 'network-discovery',
  title: 'Network discovery',
  summary:
    'STUN and TURN: finds the address a client has, and relays its packets where no direct path exists.',
  features: {
    relay: 'Relays packets. Without it clients are told of their addresses alone.',
    'relay-ipv6': 'Relays from IPv6 addresses too. Without it a relay gives IPv4 addresses alone.',
  },
  timing: 'sync',
  media: 'immutable',
  config: z.object({
    credentialTtlSecondsMax: z
      .int()
      .min(10)
      .max(LIFETIME_SECONDS_MAX)
      .default(86_400)
      .describe('The longest time that a credential may live, however it was minted.'),
    bitsPerSecondMax: z
      .int()
      .min(8_000)
      .max(1_000_000_000)
      .optional()
      .describe('The bit rate of one allocation, both ways together, unless the credential says less.'),
  }),
  merge: { credentialTtlSecondsMax: 'narrowest', bitsPerSecondMax: 'narrowest' },
  meters: {
    attempts: {
      unit: 'count',
      summary: 'Attempts to discover an address or to allocate a relay.',
      dimensions: { kind: ['discovery', 'relay'], outcome: ['succeeded', 'refused'] },
    },
    allocations: { unit: 'count', summary: 'Relay allocations that began.', dimensions: path },
    allocationMs: {
      unit: 'millisecond',
      summary: 'Time for which allocations stood, from the first media that they carried.',
      dimensions: path,
    },
    packets: { unit: 'packet', summary: 'Packets relayed.', dimensions: { ...path, direction } },
    bytes: {
      unit: 'byte',
      summary: 'Payload relayed between client and relay, TURN headers excluded.',
      dimensions: { ...path, direction },
    },
    /** Counted apart, so that nobody pays for finding a way (QUE-5). */
    checkBytes: {
      unit: 'byte',
      summary: 'Connectivity checks relayed: they carry no media and have no price.',
      dimensions: { direction },
      isPriced: false,
    },
  },
  events: {
    'allocation.started': z.object({ allocationId: z.string(), sessionId: z.string() }),
    'allocation.ended': z.object({
      allocationId: z.string(),
      sessionId: z.string(),
      reason: z.string(),
      bytes: z.string(),
    }),
    'limit.reached': z.object({
      allocationId: z.string(),
      sessionId: z.string(),
      limit: z.string(),
      outcome: z.string(),
      /** Of a limit of policies: the setting that is used up. */
      rule: z.string().optional(),
    }),
    /** It carries what its credential did not declare, such as pictures in the class of sound. */
    'media.undeclared': z.object({
      allocationId: z.string(),
      sessionId: z.string(),
      declared: z.string(),
      observed: z.string(),
    }),
  },
  errors: {
    no_relay: {
      status: 503,
      title: 'No relay is in service.',
      owner: 'capacity',
      retry: 'after',
      remedy: 'Wait for the time in Retry-After and ask again.',
    },
    ...mintingErrors('credential', 'credentialTtlSecondsMax'),
  },
  operations: {
    createIceServers: {
      method: 'POST',
      path: '/ice-servers',
      summary: 'Mint a credential and answer it as ICE servers, ready for RTCPeerConnection.',
      access: 'develop',
      feature: 'relay',
      isMinting: true,
      /** `ttlSeconds`: by default 3,600, or what is configured where that is less. `limitScope`: by default in total. */
      request: z.strictObject(limitShape),
      response: z.object({ iceServers: z.array(iceServer), expiresAt: z.iso.datetime() }),
      errors: [
        'network-discovery.no_relay',
        'network-discovery.no_key',
        'network-discovery.ttl_too_long',
        'request.invalid',
      ],
    },
  },
});
