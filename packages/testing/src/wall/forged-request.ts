import type { z } from 'zod';

/** Of a passkey, as a browser answers for it: of one that is made, and of one that signs. */
const passkeyAnswer = {
  id: 'made',
  rawId: 'made',
  type: 'public-key',
  response: {
    clientDataJSON: 'said',
    attestationObject: 'made',
    authenticatorData: 'seen',
    signature: 'signed',
  },
};

/** One of these fits every field that an operation requires and no id is known for. */
const samples: readonly unknown[] = [
  '2026-11',
  '2026-11-01',
  'EUR',
  'viewer',
  'light',
  'web-push',
  'delivered',
  'mark',
  'mp3',
  '100',
  'ended',
  'cancelled',
  'user:nobody',
  'declined',
  'away',
  'paid',
  'network-discovery',
  'a@b.test',
  'https://b.test/',
  'b.test',
  '2026-11-01T00:00:00.000Z',
  {},
  [],
  ['*'],
  ['audio'],
  'sk_test_1',
  ['whsec_1'],
  true,
  1,
  { meter: 'network-discovery.bytes' },
  { kind: 'threshold', limit: 1 },
  'others',
  passkeyAnswer,
];

/** A request that passes an operation's schema, with the victim's ids wherever a field takes one. */
export function forgedRequest(
  request: z.ZodObject,
  ids: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const entries = Object.entries(request.shape).flatMap(([field, schema]) => {
    const accepts = (value: unknown) => (schema as z.ZodType).safeParse(value).success;
    const known = ids[field];
    // Two services may call their jobs by one name: then it is the id among them all that this one takes.
    const taken = known === undefined || accepts(known) ? known : Object.values(ids).find(accepts);
    if (taken !== undefined) return [[field, taken]];
    return accepts(undefined) ? [] : [[field, samples.find(accepts)]];
  });
  return Object.fromEntries(entries);
}
