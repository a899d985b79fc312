import { defineDomain } from '@patchbay/kit/definition';
import { idSchema } from '@patchbay/kit/ids';
import { z } from 'zod';
import { policyLevelNames } from '../policy/policy-level.ts';
import { ALLOW_LIST_LENGTH_MAX, networkSchema } from '../policy/settings.ts';
import { AUTHENTICATING_PER_TREE_MAX } from './authenticating.ts';

/** What a service is enabled for. */
export const declaredUses = [
  'audio',
  'video',
  'screen',
  'data',
  'recording',
  'transcription',
  'broadcast',
  'telephony',
  'other',
] as const;

const networks = z.array(networkSchema).max(ALLOW_LIST_LENGTH_MAX);
const entry = { network: networkSchema, label: z.string().trim().max(100).default('') };
/** What comes from the network without a credential counts as this account, at relays. */
const authenticates = z.boolean().default(false);
const listOf = <Entry extends z.ZodType>(of: Entry) => z.array(of).max(ALLOW_LIST_LENGTH_MAX);

const allowLists = z.object({
  /** Where keys may be used from, as the account itself says. Empty: anywhere, as far as this account says. */
  keys: listOf(z.object(entry)),
  /** Where credentials may be used from, at relays and signaling, as the account itself says. */
  credentials: listOf(z.object({ ...entry, authenticates })),
  /**
   * What each account above set for this one, the farthest first: each of their lists holds besides the account's own. What those set
   * that you do not see is one, and names none.
   */
  fromAbove: z.array(
    z.object({
      setById: z.string().optional(),
      keys: listOf(z.object(entry)),
      credentials: listOf(z.object(entry)),
    }),
  ),
  /** The accounts whose lists the caller may set here by naming them as `from`, the highest first, this one by a role here alone. */
  speakerIds: z.array(z.string()),
  /** What the accounts above say, from the top down: each of their lists holds besides. Of those that you do not see it is one. */
  inherited: z.array(z.object({ accountId: z.string().optional(), keys: networks, credentials: networks })),
});

/** The name of a service, such as `signaling`. */
const service = z.string().regex(/^[a-z][a-z-]{0,63}$/);

const declaredUse = {
  uses: z.array(z.enum(declaredUses)).min(1).max(declaredUses.length),
  sessionsPerDay: z.int().min(0).max(100_000_000),
  /** Of one session, on average. */
  minutesPerSession: z.int().min(0).max(525_600),
};

/**
 * Whose word it is: one of `speakerIds`. Absent: that of the highest account above at which the caller may turn services on and off,
 * else of the account itself.
 */
const from = { from: idSchema('acc').optional() };

/** What was said of a service last. */
const said = z.object({
  state: z.enum(['enabled', 'disabled']),
  uses: z.array(z.enum(declaredUses)),
  sessionsPerDay: z.int().optional(),
  minutesPerSession: z.int().optional(),
  changedAt: z.iso.datetime(),
});

const serviceAccess = z.object({
  service,
  title: z.string(),
  isOn: z.boolean(),
  /** `default`: nobody asks for it to be enabled. */
  reason: z.enum(['default', 'enabled', 'not_enabled', 'disabled']),
  /** The level that made it so; of an account that the caller does not see, its kind alone. */
  origin: z
    .object({
      level: z.enum(policyLevelNames),
      accountId: z.string().optional(),
      by: z.enum(['above', 'self']).optional(),
      setById: z.string().optional(),
      planId: z.string().optional(),
    })
    .optional(),
  /** What this account itself said of it last. */
  own: said.optional(),
  /**
   * What each account above said of it for this one, the farthest first; off by one of them, it stays off. What those said that the
   * caller does not see is one, and names none.
   */
  fromAbove: z.array(said.extend({ setById: z.string().optional() })),
  /** The accounts whose word the caller may set here by naming them as `from`, the highest first, this one by a role here alone. */
  speakerIds: z.array(z.string()),
});

export const access = defineDomain({
  name: 'access',
  title: 'Access',
  summary: 'Where keys and credentials may be used from, and which services an account turned on, for what.',
  events: {
    'allow-list.changed': z.object({
      keyCount: z.int(),
      credentialCount: z.int(),
      /** Of these, how many count as the account by themselves. */
      authenticatingCount: z.int(),
    }),
    'service.enabled': z.object({
      service,
      uses: z.array(z.enum(declaredUses)),
      sessionsPerDay: z.int(),
      minutesPerSession: z.int(),
    }),
    'service.disabled': z.object({ service }),
  },
  errors: {
    locks_out: {
      status: 422,
      title: 'The account’s own list would refuse the very key that sets it.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Add the address that `detail` names to `keys`. To lock this key out all the same, send `force: true`: somebody signed in to the dashboard can undo it. Lists that accounts above set hold besides: a key that one of those refuses gets `policy.refused`, which says whose list it is, and only they change it.',
    },
    address_not_allowed: {
      status: 422,
      title: 'This network cannot authenticate by itself.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Name single addresses of yours, or networks no wider than `detail` says. Addresses of private networks count where the operator of the platform lets them.',
    },
    address_unproved: {
      status: 422,
      title: 'Nobody has shown that the address is the account’s.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Send the same request from that address, with a key of the account. Of an address that cannot send one, such as that of a trunk, the operator of the platform sets it.',
    },
    address_taken: {
      status: 409,
      title: 'The address counts as another account.',
      owner: 'client',
      retry: 'never',
      remedy:
        'One address counts as one account alone. Take it off the other account’s list first; if that is not yours, ask the operator of the platform.',
    },
    too_many_addresses: {
      status: 409,
      title: 'The tree of accounts has as many addresses that authenticate as it may.',
      owner: 'client',
      retry: 'never',
      remedy: `Name networks instead of single addresses, or remove some: a tree of accounts has ${AUTHENTICATING_PER_TREE_MAX} at most.`,
    },
  },
  resources: {
    allowList: {
      title: 'Allow-lists',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/allow-list',
          summary:
            'Read where keys and credentials may be used from: the lists of this account and those above.',
          access: 'read',
          request: z.object({}),
          response: allowLists,
          errors: [],
        },
        set: {
          method: 'PUT',
          path: '/allow-list',
          summary:
            'Set both lists anew. They hold for this account and all below it, for what runs within 5 seconds, beside those that accounts above set for it. Nobody who signs in is bound by them.',
          access: 'administer',
          replaces: 'get',
          request: z.strictObject({
            keys: listOf(z.strictObject(entry)),
            credentials: listOf(z.strictObject({ ...entry, authenticates })),
            /**
             * Whose lists they are: one of `speakerIds`. Absent: those of the highest account above at which the caller may set them, else
             * of the account itself. Entries that authenticate are the account's own, whoever sets them.
             */
            from: idSchema('acc').optional(),
            /** Also where it would refuse the key that asks for it. */
            force: z.boolean().default(false),
          }),
          response: allowLists,
          errors: [
            'request.invalid',
            'access.locks_out',
            'access.address_not_allowed',
            'access.address_unproved',
            'access.address_taken',
            'access.too_many_addresses',
            'resource.unknown',
          ],
        },
      },
    },
    services: {
      title: 'Services turned on and off',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/service-access',
          summary: 'Read which services are on for this account, and why.',
          access: 'read',
          request: z.object({}),
          response: z.object({ items: z.array(serviceAccess) }),
          errors: [],
        },
        enable: {
          method: 'PUT',
          path: '/service-access/{service}',
          summary:
            'Turn a service on, for this account and all below it, and say what for. From above, it takes back what those below the speaker turned off here.',
          access: 'administer',
          request: z.strictObject({ service, ...from, ...declaredUse }),
          response: serviceAccess,
          errors: ['resource.unknown'],
        },
        disable: {
          method: 'DELETE',
          path: '/service-access/{service}',
          summary: 'Turn a service off, for this account and all below it. Its running sessions end.',
          access: 'administer',
          request: z.object({ service, ...from }),
          response: serviceAccess,
          errors: ['resource.unknown'],
        },
      },
    },
  },
});
