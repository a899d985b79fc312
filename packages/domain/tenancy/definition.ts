import { defineDomain } from '@patchbay/kit/definition';
import { idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';

export const roles = ['owner', 'admin', 'developer', 'billing', 'viewer'] as const;
export const accountStates = ['active', 'suspended', 'closed'] as const;

const accountId = idSchema('acc');
const applicationId = idSchema('app');
const keyId = idSchema('key');
const organisationId = idSchema('org');
const userId = idSchema('usr');
/** On one line, in one direction: a name stands in lists, logs and sentences about others, and must not rearrange them. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(
    /^[^\p{Cc}\p{Bidi_Control}]*$/u,
    'A name has no line breaks and nothing that turns the direction of text.',
  );
const externalId = z.string().trim().min(1).max(200);
/** ISO 4217, e.g. EUR. One currency a tree, fixed at its top account. */
const currency = z.string().regex(/^[A-Z]{3}$/);
const timeZone = z.string().min(1).max(64);
const dateTime = z.iso.datetime();
const password = z.string().min(10).max(200);
const scope = z
  .string()
  .regex(/^(\*|[a-z][a-z-]*:(\*|read|[a-zA-Z]+))$/, 'A scope is *, name:*, name:read or name:operation.');

const account = z.object({
  id: accountId,
  /** Absent for the top of what the caller may see. */
  parentId: accountId.optional(),
  name: z.string(),
  externalId: externalId.optional(),
  /** What was set here. */
  state: z.enum(accountStates),
  /** What holds, with every level above taken into account. */
  effectiveState: z.enum(accountStates),
  currency,
  timeZone,
  depth: z.int().min(0),
  childCount: z.int().min(0),
  createdAt: dateTime,
});

const application = z.object({
  id: applicationId,
  name: z.string(),
  instanceTypes: z
    .array(
      z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,31}$/, 'Use small letters, digits and hyphens, and a letter first.'),
    )
    .max(16),
  createdAt: dateTime,
});

const key = z.object({
  id: keyId,
  name: z.string(),
  /** The first characters of the secret, enough to recognise it by. */
  display: z.string(),
  mode: z.enum(['live', 'test']),
  scopes: z.array(scope),
  createdAt: dateTime,
  expiresAt: dateTime.optional(),
  lastUsedAt: dateTime.optional(),
  revokedAt: dateTime.optional(),
  /** The key that took its place when it was rotated: until `expiresAt`, both work. */
  replacedBy: keyId.optional(),
});

const member = z.object({
  userId,
  name: z.string(),
  email: z.email(),
  role: z.enum(roles),
  /** One who is invited reaches nothing until they take the role with the link of their invitation. */
  state: z.enum(['invited', 'active']),
  /** The account at which the role was given: it reaches down from there. */
  accountId,
});

const organisation = z.object({
  id: organisationId,
  name: z.string(),
  /** Its top account, below which all of its others are. */
  accountId,
  accountCount: z.int().min(1),
  /** Whoever holds a role at any of its accounts, or is invited to one. */
  personCount: z.int().min(0),
  createdAt: dateTime,
});

const person = z.object({
  userId,
  name: z.string(),
  email: z.email(),
  roles: z.array(
    z.object({
      accountId,
      accountName: z.string(),
      role: z.enum(roles),
      state: z.enum(['invited', 'active']),
    }),
  ),
});

const reachableAccount = z.object({ id: accountId, name: z.string(), role: z.enum(roles) });

export const tenancy = defineDomain({
  name: 'tenancy',
  title: 'Accounts',
  summary: 'Organisations, users and their roles; accounts nested to any depth; applications and keys.',
  events: {
    'account.created': z.object({ accountId, parentId: accountId }),
    'account.state-changed': z.object({ accountId, state: z.enum(accountStates) }),
    'application.changed': z.object({ applicationId }),
    'key.created': z.object({ keyId }),
    'key.rotated': z.object({ keyId, replacedBy: keyId }),
    'key.revoked': z.object({ keyId }),
    'credential.revoked': z.object({ prefixId: z.string() }),
  },
  errors: {
    email_taken: {
      status: 409,
      title: 'Somebody signed up with this address already.',
      owner: 'client',
      retry: 'never',
      remedy: 'Sign in, or use another address.',
    },
    external_id_taken: {
      status: 409,
      title: 'Another account below the same parent has this external id.',
      owner: 'client',
      retry: 'never',
      remedy: 'Look the account up by its externalId, or choose another.',
    },
    account_closed: {
      status: 409,
      title: 'A closed account stays closed.',
      owner: 'client',
      retry: 'never',
      remedy: 'Create a new account.',
    },
    last_owner: {
      status: 409,
      title: 'An account keeps at least one owner.',
      owner: 'client',
      retry: 'never',
      remedy: 'Make somebody else an owner first.',
    },
    scope_too_wide: {
      status: 403,
      title: 'A key cannot be given more than its maker has.',
      owner: 'client',
      retry: 'never',
      remedy: 'Leave out the scopes that `detail` names.',
    },
    key_over: {
      status: 409,
      title: 'This key cannot be rotated any more.',
      owner: 'client',
      retry: 'never',
      remedy: 'Create a new key: this one is revoked, has expired, or was rotated already.',
    },
    overlap_too_long: {
      status: 422,
      title: 'An old key ends within 30 days, and not in the past.',
      owner: 'client',
      retry: 'never',
      remedy: 'Choose an earlier `endsAt`, or leave it out for 24 hours from now.',
    },
    time_zone_unknown: {
      status: 422,
      title: 'There is no such time zone.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use a name of the IANA database, such as Europe/Berlin.',
    },
    currency_not_offered: {
      status: 422,
      title: 'The platform has no prices in this currency.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use one that enrolment.offer lists, or leave it out.',
    },
    credential_refused: {
      status: 422,
      title: 'This is not a credential of this account.',
      owner: 'client',
      retry: 'never',
      remedy: 'Send the username of a credential that a key of this account minted.',
    },
  },
  resources: {
    enrolment: {
      title: 'Signing up',
      mount: 'platform',
      authentication: 'none',
      operations: {
        offer: {
          method: 'GET',
          path: '/sign-up',
          summary:
            'Read the currencies that an account can be made in: those in which the platform has prices.',
          access: 'read',
          request: z.strictObject({}),
          /** The one to suggest first. */
          response: z.object({ currencies: z.array(currency) }),
          errors: [],
        },
        signUp: {
          method: 'POST',
          path: '/sign-up',
          summary: 'Create a user, an organisation and its first account.',
          access: 'own',
          request: z.strictObject({
            email: z.email().max(254),
            password,
            name,
            organisationName: name,
            /** Default: the first that is offered. It cannot be changed later. */
            currency: currency.optional(),
            timeZone: timeZone.default('UTC'),
          }),
          response: z.object({ userId, accountId }),
          errors: ['tenancy.email_taken', 'tenancy.time_zone_unknown', 'tenancy.currency_not_offered'],
        },
      },
    },
    me: {
      title: 'The caller',
      mount: 'platform',
      operations: {
        get: {
          method: 'GET',
          path: '/me',
          summary: 'Read who is asking, and the accounts and organisations within reach.',
          access: 'read',
          request: z.object({}),
          response: z.object({
            kind: z.enum(['user', 'key', 'credential']),
            userId: userId.optional(),
            name: z.string().optional(),
            email: z.email().optional(),
            /** Of a user. Until the address is proved, each of their roles may look and change nothing. */
            isEmailVerified: z.boolean().optional(),
            accounts: z.array(reachableAccount),
            /** Those whose top account a user holds a role at. */
            organisations: z.array(z.object({ id: organisationId, name: z.string(), accountId })),
          }),
          errors: [],
        },
      },
    },
    accounts: {
      title: 'Accounts',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '',
          summary: 'Read one account.',
          access: 'read',
          request: z.object({}),
          response: account.extend({ ancestors: z.array(z.object({ id: accountId, name: z.string() })) }),
          errors: [],
        },
        list: {
          method: 'GET',
          path: '/accounts',
          summary: 'Read the accounts below this one, in the order of their creation.',
          access: 'read',
          request: pageRequest.extend({
            depth: z.enum(['children', 'descendants']).default('children'),
            externalId: externalId.optional(),
          }),
          response: pageOf(account),
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/accounts',
          summary: 'Create an account below this one. It has the currency of its tree.',
          access: 'administer',
          request: z.strictObject({
            name,
            externalId: externalId.optional(),
            timeZone: timeZone.default('UTC'),
          }),
          response: account,
          errors: ['tenancy.external_id_taken', 'tenancy.time_zone_unknown'],
        },
        update: {
          method: 'PATCH',
          path: '',
          summary: 'Rename an account, or suspend, resume or close it. Its running sessions end with it.',
          access: 'administer',
          request: z.strictObject({
            name: name.optional(),
            externalId: externalId.optional(),
            timeZone: timeZone.optional(),
            state: z.enum(accountStates).optional(),
          }),
          response: account,
          errors: ['tenancy.external_id_taken', 'tenancy.time_zone_unknown', 'tenancy.account_closed'],
        },
      },
    },
    organisation: {
      title: 'Organisation',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/organisation',
          summary: 'Read the organisation of this account. Only who reaches its top account sees it.',
          access: 'read',
          request: z.object({}),
          response: organisation,
          errors: [],
        },
        update: {
          method: 'PATCH',
          path: '/organisation',
          summary: 'Rename the organisation. Its accounts keep their own names.',
          access: 'administer',
          request: z.strictObject({ name }),
          response: organisation,
          errors: ['auth.scope'],
        },
        people: {
          method: 'GET',
          path: '/organisation/people',
          summary: 'Read everybody who holds a role at an account of the organisation, with all their roles.',
          access: 'read',
          request: pageRequest,
          response: pageOf(person),
          errors: [],
        },
      },
    },
    applications: {
      title: 'Applications',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/applications',
          summary: 'Read the applications of this account.',
          access: 'read',
          request: pageRequest,
          response: pageOf(application),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/applications/{applicationId}',
          summary: 'Read one application.',
          access: 'read',
          request: z.object({ applicationId }),
          response: application,
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/applications',
          summary: 'Create an application, with its instance types.',
          access: 'develop',
          request: z.strictObject({ name, instanceTypes: application.shape.instanceTypes.default([]) }),
          response: application,
          errors: [],
        },
        update: {
          method: 'PATCH',
          path: '/applications/{applicationId}',
          summary: 'Rename an application or change its instance types.',
          access: 'develop',
          request: z.strictObject({
            applicationId,
            name: name.optional(),
            instanceTypes: application.shape.instanceTypes.optional(),
          }),
          response: application,
          errors: [],
        },
        remove: {
          method: 'DELETE',
          path: '/applications/{applicationId}',
          summary: 'Remove an application. Its past usage keeps its id.',
          access: 'develop',
          request: z.object({ applicationId }),
          response: z.object({ id: applicationId }),
          errors: [],
        },
      },
    },
    keys: {
      title: 'API keys',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/keys',
          summary: 'Read the keys of this account, the revoked ones too.',
          access: 'develop',
          request: pageRequest,
          response: pageOf(key),
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/keys',
          summary: 'Create a key. Its secret is in this answer and nowhere else.',
          access: 'develop',
          request: z.strictObject({
            name: name.default('API key'),
            mode: z.enum(['live', 'test']).default('live'),
            scopes: z.array(scope).min(1).max(64).default(['*']),
            expiresAt: dateTime.optional(),
          }),
          response: key.extend({ secret: z.string() }),
          errors: ['tenancy.scope_too_wide'],
        },
        rotate: {
          method: 'POST',
          path: '/keys/{keyId}/rotate',
          summary:
            'Make a new key like this one. Until `endsAt`, at most 30 days from now, both work. The new secret is in this answer and nowhere else.',
          access: 'develop',
          request: z.strictObject({
            keyId,
            /** When the old key ends. Default: 24 hours from now. */
            endsAt: dateTime.optional(),
          }),
          response: key.extend({ secret: z.string(), replaced: key }),
          errors: ['tenancy.scope_too_wide', 'tenancy.key_over', 'tenancy.overlap_too_long'],
        },
        revoke: {
          method: 'DELETE',
          path: '/keys/{keyId}',
          summary:
            'Revoke a key at once. Credentials it minted end within 2 seconds, live sessions included.',
          access: 'develop',
          request: z.object({ keyId }),
          response: key,
          errors: [],
        },
      },
    },
    credentials: {
      title: 'Ephemeral credentials',
      mount: 'account',
      operations: {
        revoke: {
          method: 'POST',
          path: '/credentials/revocations',
          summary:
            'Revoke a credential, and all that were narrowed from it. Live sessions end within 2 seconds.',
          access: 'develop',
          request: z.strictObject({ username: z.string().min(1).max(508) }),
          response: z.object({ prefixId: z.string() }),
          errors: ['tenancy.credential_refused'],
        },
      },
    },
    team: {
      title: 'Team',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/team',
          summary: 'Read who holds a role here, roles from levels above included.',
          access: 'read',
          request: pageRequest,
          response: pageOf(member),
          errors: [],
        },
        add: {
          method: 'POST',
          path: '/team',
          summary: 'Give somebody a role. They take it with a link that works once, which is mailed to them.',
          access: 'administer',
          request: z.strictObject({ email: z.email().max(254), name, role: z.enum(roles) }),
          response: member.extend({ setUpPath: z.string().optional() }),
          errors: ['auth.scope', 'tenancy.last_owner'],
        },
        remove: {
          method: 'DELETE',
          path: '/team/{userId}',
          summary: 'Take the role that somebody was given at this account.',
          access: 'administer',
          request: z.object({ userId }),
          response: z.object({ userId }),
          errors: ['tenancy.last_owner', 'auth.scope'],
        },
      },
    },
  },
});
