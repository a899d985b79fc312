import { defineDomain } from '@patchbay/kit/definition';
import { z } from 'zod';

const address = z.object({
  role: z.enum(['api', 'relay', 'signaling']),
  /** `client`: what clients and servers open connections to. `peer`: where relayed media comes from. */
  use: z.enum(['client', 'peer']),
  region: z.string().optional(),
  transport: z.enum(['udp', 'tcp', 'tls']),
  host: z.string(),
  portMin: z.int(),
  portMax: z.int(),
});

export const fleet = defineDomain({
  name: 'fleet',
  title: 'Fleet',
  summary: 'The nodes that serve, and where they are reached.',
  events: {},
  errors: {},
  resources: {
    platform: {
      title: 'Platform',
      mount: 'platform',
      authentication: 'none',
      operations: {
        addresses: {
          method: 'GET',
          path: '/addresses',
          summary:
            'Read the addresses and ports that clients and servers of accounts use now, for firewall rules.',
          access: 'read',
          files: [
            {
              name: 'addressesCsv',
              ending: 'csv',
              mediaType: 'text/csv',
              summary: 'Read the same addresses and ports as CSV (RFC 4180).',
            },
            {
              name: 'addressesText',
              ending: 'txt',
              mediaType: 'text/plain',
              summary: 'Read each host of them once, one on a line.',
            },
          ],
          request: z.object({
            role: address.shape.role.optional(),
            region: z.string().max(64).optional(),
          }),
          response: z.object({ items: z.array(address) }),
          errors: [],
        },
      },
    },
  },
});
