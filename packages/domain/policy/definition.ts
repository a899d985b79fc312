import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { configPlace } from '@patchbay/kit/service-resources';
import { z } from 'zod';
import { policyHoldKinds, policyLevelNames } from './policy-level.ts';
import { overridableShape, policyNames, policyValuesShape, settingNames } from './settings.ts';

/** Which place of the account it is about; nothing: all of it. */
const place = {
  applicationId: idSchema('app').optional(),
  instanceType: z.string().min(1).max(32).optional(),
  region: z.string().min(1).max(64).optional(),
  /** By its identifier, such as `user:bob`, however it is written; whether or not the account holds it. */
  endpoint: z.string().min(1).max(400).optional(),
};

/**
 * Whose word it is: one of `speakerIds`. Absent: that of the highest account above at which the caller may set policies, else of
 * the account itself. What each account above says at a place is a level of its own.
 */
const from = { from: idSchema('acc').optional() };

/** What is said at one level: values by setting, what is locked for all below, and how far they may widen it again. */
const word = {
  ...policyValuesShape,
  locked: z.array(z.enum(policyNames)).max(policyNames.length).optional(),
  overridable: z.strictObject(overridableShape).optional(),
};

/** Ids are of accounts that the caller sees; of others there is the kind of level, and not how many of them there are (C1). */
const origin = z.object({
  level: z.enum(policyLevelNames),
  accountId: z.string().optional(),
  /** 'above' of what is held, too, wherever it stands. */
  by: z.enum(['above', 'self']).optional(),
  /** The account above whose word, or whose plan, it is. */
  setById: z.string().optional(),
  /** Nobody set it there: it holds for as long as its cause does, a trigger that fired or an invoice that is overdue. */
  isHeld: z.boolean().optional(),
  heldBy: z.enum(policyHoldKinds).optional(),
  /** Which trigger, for who sees its account; where the trigger is shown, for who sees the level. */
  triggerId: z.string().optional(),
  planId: z.string().optional(),
  region: z.string().optional(),
  applicationId: z.string().optional(),
  instanceType: z.string().optional(),
  endpoint: z.string().optional(),
});

const times = z.object({ timeZone: z.string(), windows: z.array(z.string()) });
/** A number, a list, or times of which each has to be open. */
const value = z.union([z.number(), z.array(z.string()), z.array(times)]);

const explained = z.object({
  setting: z.enum(settingNames),
  /** What holds here, and the level that it is from. Absent where it is locked and nothing was said. */
  value: value.optional(),
  origin: origin.optional(),
  /** The most that the level asked about could say. Absent where nothing above bounds it. */
  ceiling: value.optional(),
  lockedBy: origin.optional(),
  /** What every level wanted, from the top down. */
  wanted: z.array(
    z.object({
      origin,
      value,
      verdict: z.enum(['held', 'wider', 'locked']),
      isLocking: z.boolean(),
      overridable: value.optional(),
    }),
  ),
});

const policyAnswer = z.object({
  /** The level that was asked about. */
  origin,
  /** What is set at this level. */
  stored: z.object(word),
  /** The accounts whose word the caller may set here by naming them as `from`, the highest first, this one by a role here alone. */
  speakerIds: z.array(z.string()),
  /** What each account above set at this place, the farthest first. Whose it is, for who sees that account. */
  fromAbove: z.array(z.object({ origin, policy: z.object(word) })),
  /** Of every setting of which some level says something. What is not in here is not restricted. */
  effective: z.array(explained),
  /** The plans that it has, of the farthest account above first: of one that the caller does not see, that there is one. */
  plans: z.array(
    z.object({
      planId: z.string().optional(),
      name: z.string().optional(),
      ownerId: z.string().optional(),
    }),
  ),
});

const plan = z.object({
  id: idField('pln'),
  name: z.string(),
  policy: z.object(word),
  /** How many accounts have it. */
  accountCount: z.int().min(0),
  createdAt: z.iso.datetime(),
});

const planName = z.string().trim().min(1).max(60);
const planId = idSchema('pln');
const planWord = z.strictObject(word);

const simulatedDays = z.int().min(1).max(31).default(7);

const simulated = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  /** Sessions that began, or were refused, in this time. */
  requestCount: z.int(),
  /** False: there were more, and these are the newest of them. */
  isComplete: z.boolean(),
  /** Of them, what was refused then. */
  refusedThenCount: z.int(),
  /** What the policy as it is now would refuse of them, and what the changed one would. */
  refusedNowCount: z.int(),
  refusedCount: z.int(),
  /** Of what the changed policy would refuse, by setting and level. */
  bySetting: z.array(z.object({ setting: z.enum(settingNames), origin, count: z.int() })),
  days: z.array(z.object({ day: z.string(), requestCount: z.int(), refusedCount: z.int() })),
  /** Some of them, the newest first: those that would pass by the policy as it is now. */
  examples: z.array(
    z.object({
      sessionId: idField('ses'),
      accountId: idField('acc'),
      at: z.iso.datetime(),
      setting: z.enum(settingNames),
      origin,
    }),
  ),
});

export const policy = defineDomain({
  name: 'policy',
  title: 'Policy',
  summary:
    'What may be used, by level: platform, plan, account, region, application, instance type, endpoint and credential.',
  events: {
    /** What holds at one place of the account, by what somebody set or a trigger holds it to: nothing named is all of it. */
    changed: z.object({
      accountId: idField('acc'),
      applicationId: idField('app').optional(),
      instanceType: z.string().optional(),
      region: z.string().optional(),
      endpoint: z.string().optional(),
      /** Of one that a trigger holds. */
      credentialId: idField('crd').optional(),
    }),
    'plan.created': z.object({ planId: idField('pln') }),
    'plan.changed': z.object({ planId: idField('pln') }),
    'plan.removed': z.object({ planId: idField('pln') }),
    /**
     * To this account, in place of the one of the same account above; or it has none of that one now. Which plan it is, the
     * account's policy says to whoever sees whose it is.
     */
    'plan.assigned': z.object({ hasPlan: z.boolean() }),
    /** What is set for a service at one place: nothing named is the account itself. */
    'config.changed': z.object({ service: z.string(), ...configPlace }),
  },
  errors: {
    wider: {
      status: 422,
      title: 'A policy can only narrow what the levels above it allow.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Set what `rule` names to what `detail` says or less, leave it out, or ask whoever set it: `detail` says who, and `level` where.',
    },
    locked: {
      status: 422,
      title: 'A level above has locked this setting.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Leave the setting out, or ask whoever locked it to unlock it: `detail` says who, and `level` where.',
    },
    bound_invalid: {
      status: 422,
      title: 'A bound for the levels below has to allow what is set here.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Set a value with each bound in `overridable`, and a bound that is as wide as the value or wider.',
    },
    not_at_level: {
      status: 422,
      title: 'This setting is not counted at this level.',
      owner: 'client',
      retry: 'never',
      remedy: 'Set it for the account or in a plan; what is counted, also for a region of the account.',
    },
    data_region_unavailable: {
      status: 422,
      title: 'Data cannot be kept in these regions.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Name every region that `detail` says data are stored in, or leave `dataRegions` out. In which regions its storage is, whoever runs the platform declares.',
    },
    too_many_levels: {
      status: 422,
      title: 'There are policies for as many endpoints and regions of the account as there may be.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Take back some that are not needed: set them with no value. The account can take back its own, and an account above what it set itself.',
    },
    plan_name_taken: {
      status: 409,
      title: 'The account has another plan of this name.',
      owner: 'client',
      retry: 'never',
      remedy: 'Choose another name.',
    },
    plan_in_use: {
      status: 409,
      title: 'Some account has this plan.',
      owner: 'client',
      retry: 'never',
      remedy: 'Give those accounts another plan, or none, first.',
    },
  },
  resources: {
    policy: {
      title: 'Policy',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/policy',
          summary: 'Read what is set here, what holds, and for each value what every level wanted.',
          access: 'read',
          request: z.object({ ...place, ...from }),
          response: policyAnswer,
          errors: ['resource.unknown', 'application.instance_type_unknown'],
        },
        set: {
          method: 'PUT',
          path: '/policy',
          summary:
            'Set the policy of this level: what is left out is not set here. Of an account, what each one above it sets and what it sets itself are levels of their own.',
          access: 'administer',
          replaces: 'get',
          request: z.strictObject({ ...place, ...from, ...word }),
          response: policyAnswer,
          errors: [
            'resource.unknown',
            'application.instance_type_unknown',
            'request.invalid',
            'policy.wider',
            'policy.locked',
            'policy.bound_invalid',
            'policy.not_at_level',
            'policy.data_region_unavailable',
            'policy.too_many_levels',
          ],
        },
        simulate: {
          method: 'POST',
          path: '/policy/simulations',
          summary:
            'Decide the real requests of the last days by a changed policy, before it is set: what would have been refused, by setting and level.',
          access: 'administer',
          isTrial: true,
          request: z.strictObject({ ...place, ...from, ...word, days: simulatedDays }),
          response: simulated,
          errors: [
            'resource.unknown',
            'application.instance_type_unknown',
            'request.invalid',
            'policy.wider',
            'policy.locked',
            'policy.bound_invalid',
            'policy.not_at_level',
            'policy.data_region_unavailable',
          ],
        },
      },
    },
    plans: {
      title: 'Plans',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/plans',
          summary: 'Read the plans that this account gives to those below it.',
          access: 'read',
          request: pageRequest.extend({ limit: queryInt().min(1).max(100).default(100) }),
          response: pageOf(plan),
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/plans',
          summary: 'Make a plan: a policy with a name, for the accounts below this one.',
          access: 'administer',
          request: z.strictObject({ name: planName, policy: planWord }),
          response: plan,
          errors: [
            'policy.plan_name_taken',
            'policy.bound_invalid',
            'policy.data_region_unavailable',
            'request.invalid',
          ],
        },
        get: {
          method: 'GET',
          path: '/plans/{planId}',
          summary: 'Read one plan.',
          access: 'read',
          request: z.object({ planId }),
          response: plan,
          errors: ['resource.unknown'],
        },
        update: {
          method: 'PUT',
          path: '/plans/{planId}',
          summary: 'Change a plan. It holds at once for every account that has it.',
          access: 'administer',
          replaces: 'get',
          request: z.strictObject({ planId, name: planName, policy: planWord }),
          response: plan,
          errors: [
            'resource.unknown',
            'policy.plan_name_taken',
            'policy.bound_invalid',
            'policy.data_region_unavailable',
            'request.invalid',
          ],
        },
        simulate: {
          method: 'POST',
          path: '/plans/{planId}/simulations',
          summary:
            'Decide the real requests of the last days, of all accounts that have a plan, by a changed plan before it is saved.',
          access: 'administer',
          isTrial: true,
          request: z.strictObject({ planId, policy: planWord, days: simulatedDays }),
          response: simulated.extend({
            /** How many accounts have the plan. */
            accountCount: z.int().min(0),
            /** Of them, those whose requests, or those of accounts below them, are among what was decided. */
            triedAccountCount: z.int().min(0),
          }),
          errors: [
            'resource.unknown',
            'policy.bound_invalid',
            'policy.data_region_unavailable',
            'request.invalid',
          ],
        },
        remove: {
          method: 'DELETE',
          path: '/plans/{planId}',
          summary: 'Remove a plan that no account has.',
          access: 'administer',
          request: z.object({ planId }),
          response: z.object({ id: idField('pln') }),
          errors: ['resource.unknown', 'policy.plan_in_use'],
        },
        assign: {
          method: 'PUT',
          path: '/plan',
          summary:
            'Give this account a plan of an account above it, in place of the one of the same account, or with none take that one.',
          access: 'administer',
          authority: 'ancestor',
          request: z.strictObject({
            planId: planId.optional(),
            /** Whose plan it is. Absent: of whoever has the plan; to take one, the highest account that the caller speaks for. */
            from: idSchema('acc').optional(),
          }),
          response: z.object({
            planId: z.string().optional(),
            name: z.string().optional(),
            ownerId: z.string().optional(),
          }),
          errors: ['resource.unknown'],
        },
      },
    },
  },
});
