import { defineDomain } from '@patchbay/kit/definition';
import { idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { accountStates, dateTime, name, password, scope } from './fields.ts';
import { keyResources } from './key-operations.ts';
import { movePreview } from './move-preview.ts';
import { roleRef, roleResources, view } from './role-operations.ts';
import { tenancyEvents } from './told-events.ts';

const accountId = idSchema('acc');
const applicationId = idSchema('app');
const keyId = idSchema('key');
const organisationId = idSchema('org');
const userId = idSchema('usr');
const externalId = z.string().trim().min(1).max(200);
/** ISO 4217, e.g. EUR. One currency a tree, fixed at its top account. */
const currency = z.string().regex(/^[A-Z]{3}$/);
const timeZone = z.string().min(1).max(64);
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
  /** Of one that is suspended, where it is read or changed: neither who did it is told, nor how many. */
  suspension: z
    .object({
      /** Whether any account above it did. */
      isFromAbove: z.boolean(),
      /** Whether it is your word as well: that of the account for which you speak. */
      isYours: z.boolean(),
      /** Whether you can make it active. */
      mayResume: z.boolean(),
    })
    .optional(),
  currency,
  timeZone,
  /** Levels below the highest account that you see: 0 for that one. */
  depth: z.int().min(0),
  childCount: z.int().min(0),
  createdAt: dateTime,
  /** Test keys work on such accounts, and on no others. */
  isTest: z.boolean(),
  /** Of a test account: the live account whose twin it is. */
  liveAccountId: accountId.optional(),
  /** Of a live account: its twin, once it has one. */
  testAccountId: accountId.optional(),
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

/** As they are set: those that were stored before may have one twice. */
const distinctInstanceTypes = application.shape.instanceTypes.refine(
  (names) => new Set(names).size === names.length,
  'Name each instance type once.',
);

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
      role: roleRef,
      roleName: z.string(),
      state: z.enum(['invited', 'active']),
    }),
  ),
});

const reachableAccount = z.object({
  id: accountId,
  name: z.string(),
  role: roleRef,
  roleName: z.string(),
  /** Of a role that the account defined, and of a key that may not do everything: all that it allows. */
  scopes: z.array(scope).optional(),
  /** The role was given at the live account, and holds at its test account, too. */
  isTest: z.boolean(),
});

export const tenancy = defineDomain({
  name: 'tenancy',
  title: 'Accounts',
  summary: 'Organisations, users and their roles; accounts nested to any depth; applications and keys.',
  events: tenancyEvents,
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
      title: 'Another account below the same parent, which is not closed, has this external id.',
      owner: 'client',
      retry: 'never',
      remedy: 'Look the account up by its externalId, choose another, or set that account’s to null.',
    },
    people_at_live: {
      status: 409,
      title: 'The people of a test account are those of the live account.',
      owner: 'client',
      retry: 'never',
      remedy: 'Give or take the role at the live account: it holds at its test account, too.',
    },
    account_closed: {
      status: 403,
      title: 'The account, or one above it, is closed.',
      owner: 'client',
      retry: 'never',
      remedy:
        'A closed account stays closed: create a new one. It can be read by whoever signs in and from above; what may still be changed is in the guide to accounts. Its keys are refused everything.',
    },
    suspended_above: {
      status: 403,
      title: 'An account above yours keeps this one suspended.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Ask the account above yours: only who suspended an account, or somebody above them, makes it active.',
    },
    stops_itself: {
      status: 422,
      title: 'An account that stops itself cannot start itself again.',
      owner: 'client',
      retry: 'never',
      remedy: 'Have somebody of an account above do it, or send `force: true` if you mean it.',
    },
    move_impossible: {
      status: 409,
      title: 'The account cannot stand there.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Choose an account of the same tree that is neither the account itself, nor below it, nor its parent.',
    },
    move_held: {
      status: 403,
      title: 'An account above yours has said something that the account would be out of reach of.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Ask the account above yours: whoever said it, or somebody above them, takes it back or makes the move.',
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
      title: 'Nobody can give a key or a role more than they have.',
      owner: 'client',
      retry: 'never',
      remedy: 'Leave out the scopes that `detail` names.',
    },
    key_stronger: {
      status: 403,
      title: 'A key renames and revokes none that may do more than it.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Send a key that has the scopes that `detail` names as well, or have somebody who signed in do it: people may by their role.',
    },
    role_name_taken: {
      status: 409,
      title: 'The account has another role of this name.',
      owner: 'client',
      retry: 'never',
      remedy: 'Choose another name, or change the role that has it.',
    },
    too_many_roles: {
      status: 409,
      title: 'The account has as many roles of its own as it may.',
      owner: 'client',
      retry: 'never',
      remedy: 'Remove one that nobody holds.',
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
            /** The caller looks as an account below theirs does, and changes nothing. */
            view: view.optional(),
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
          response: account.extend({
            /** Those above it that you see, from the highest down. */
            ancestors: z.array(z.object({ id: accountId, name: z.string() })),
            /** Whether it is the platform's own account, above all others. */
            isPlatform: z.boolean(),
            /** The highest account of its tree, whose organisation it belongs to. Absent where you do not see it. */
            topAccountId: accountId.optional(),
          }),
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
          summary:
            'Rename an account, or suspend, resume or close it. Its running sessions end with it. It is active once nobody above you keeps it suspended.',
          access: 'administer',
          isAllowedAtClosed: true,
          request: z.strictObject({
            name: name.optional(),
            /** `null` takes it away. */
            externalId: externalId.nullable().optional(),
            timeZone: timeZone.optional(),
            state: z.enum(accountStates).optional(),
            /** Suspend or close it although you act from within it, and cannot take that back. */
            force: z.boolean().optional(),
          }),
          response: account,
          errors: [
            'tenancy.external_id_taken',
            'tenancy.time_zone_unknown',
            'tenancy.account_closed',
            'tenancy.suspended_above',
            'tenancy.stops_itself',
          ],
        },
        openTest: {
          method: 'POST',
          path: '/test-account',
          summary: 'Read the test account of this one, which is made if there is none: test keys work there.',
          access: 'develop',
          request: z.strictObject({}),
          response: account,
          errors: [],
        },
        previewMove: {
          method: 'GET',
          path: '/move',
          summary: 'Read what would change, and for whom, if the account moved under another.',
          access: 'administer',
          authority: 'ancestor',
          request: z.object({ parentId: accountId }),
          response: movePreview,
          errors: ['tenancy.move_impossible', 'auth.scope'],
        },
        move: {
          method: 'POST',
          path: '/move',
          summary:
            'Move an account, with all below it, under another of its tree. Rights and policies follow at once, usage from the next whole minute on.',
          access: 'administer',
          isAllowedAtClosed: true,
          authority: 'ancestor',
          request: z.strictObject({ parentId: accountId }),
          response: account.extend({ startsAt: dateTime }),
          errors: ['tenancy.move_impossible', 'tenancy.move_held', 'tenancy.external_id_taken', 'auth.scope'],
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
          request: z.strictObject({ name, instanceTypes: distinctInstanceTypes.default([]) }),
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
            instanceTypes: distinctInstanceTypes.optional(),
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
    ...keyResources,
    ...roleResources,
  },
});
