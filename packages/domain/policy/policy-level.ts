import { z } from 'zod';
import { levelValuesShape, overridableShape, type SettingName, settingNames } from './settings.ts';

/**
 * Levels of a policy, from the top down. Plan, account, access, spending and region stand at every account of the chain.
 * `access`: the account's lists of addresses, and the services that it turned on or off (ACC-9, ACC-10). `spending`: what may
 * be spent, and that what is used is prepaid (BIL-5).
 */
export const policyLevelNames = [
  'platform',
  'plan',
  'account',
  'access',
  'spending',
  'region',
  'application',
  'instanceType',
  'endpoint',
  'credential',
] as const;
export type PolicyLevelName = (typeof policyLevelNames)[number];

const id = z.string().min(1).max(200);
const ofAccount = { accountId: id };
const ofApplication = { ...ofAccount, applicationId: id };

/**
 * What holds a place for as long as its cause does, and takes nothing back but its end: a trigger of `accountId` that fired, of
 * which others hear where `isShown`, or an invoice of the account that is overdue.
 */
export const policyHoldSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('trigger'), triggerId: id, ...ofAccount, isShown: z.boolean() }),
  z.object({ kind: z.literal('overdue') }),
]);
export type PolicyHold = z.output<typeof policyHoldSchema>;
export type PolicyHoldKind = PolicyHold['kind'];
export const policyHoldKinds = ['trigger', 'overdue'] as const satisfies readonly PolicyHoldKind[];
/** Absent: somebody set it at the level. */
const held = { heldBy: policyHoldSchema.optional() };
/** The account above that set it at a place of this one. Absent: nobody above did, or a control plane of before told of it. */
const set = { setById: id.optional() };

/** Where something was set. */
export const policyOriginSchema = z.discriminatedUnion('level', [
  z.object({ level: z.literal('platform'), ...ofAccount, ...held }),
  /** `accountId` is the account that has the plan; `setById` the one above it whose plan it is. */
  z.object({ level: z.literal('plan'), ...ofAccount, planId: id, ...set }),
  /** 'above': the account `setById` above set it for this one, which cannot take it back. 'self': it did so itself. */
  z.object({ level: z.literal('account'), ...ofAccount, by: z.enum(['above', 'self']), ...set, ...held }),
  z.object({ level: z.literal('access'), ...ofAccount, ...set }),
  z.object({ level: z.literal('spending'), ...ofAccount }),
  z.object({ level: z.literal('region'), ...ofAccount, region: id, ...set }),
  z.object({ level: z.literal('application'), ...ofApplication, ...set, ...held }),
  z.object({ level: z.literal('instanceType'), ...ofApplication, instanceType: id, ...set }),
  /** Such as `user:bob`. */
  z.object({ level: z.literal('endpoint'), ...ofAccount, endpoint: id, ...set, ...held }),
  z.object({ level: z.literal('credential'), ...ofAccount, credentialId: id, ...held }),
]);
export type PolicyOrigin = z.output<typeof policyOriginSchema>;

/** What one level says: of what it does not name, it says nothing. */
export const policyWordSchema = z.object({
  values: z.object(levelValuesShape),
  /** What no level below may say anything of. */
  locked: z.array(z.enum(settingNames)).max(settingNames.length),
  /** How far a level below may widen again what this one says. */
  overridable: z.object(overridableShape),
  /** Services that an account turned on or off: of the level `access` alone. */
  enabling: z.object({ enabled: z.array(id), disabled: z.array(id) }).optional(),
});
export type PolicyWord = z.output<typeof policyWordSchema>;

/** One level of a chain. */
export const policyLevelSchema = policyWordSchema.extend({
  origin: policyOriginSchema,
  /** Of the account at which it is set: its days and times are those of this zone. */
  timeZone: z.string().min(1).max(64),
  /**
   * How far below the platform the account stands whose word it is: of a plan and of a word from above, less than its place.
   * Absent: a control plane of before each account above had a word of its own told of it.
   */
  speakerDepth: z.int().min(0).optional(),
});
export type PolicyLevel = z.output<typeof policyLevelSchema>;

/** From the top down. The last is the narrowest to whom the policy applies. */
export type PolicyChain = readonly PolicyLevel[];

/** A lock binds whoever stands below the account that set it, and that account itself; never one above it (POL-2). */
export const isBoundBy = (level: PolicyLevel, lock: PolicyLevel): boolean =>
  level.speakerDepth === undefined ||
  lock.speakerDepth === undefined ||
  lock.speakerDepth <= level.speakerDepth;

export const silent: PolicyWord = { values: {}, locked: [], overridable: {} };

export const saysNothing = ({ values, locked }: PolicyWord): boolean =>
  locked.length === 0 && Object.values(values).every((value) => value === undefined);

/** What is counted together: everything at and below an account, an application, or one of the others. */
export function scopeOf(origin: PolicyOrigin): string {
  switch (origin.level) {
    case 'platform':
    case 'plan':
    case 'account':
    case 'access':
    case 'spending':
      return origin.accountId;
    case 'region':
      return `${origin.accountId}@${origin.region}`;
    case 'application':
      return `${origin.accountId}/${origin.applicationId}`;
    case 'instanceType':
      return `${origin.accountId}/${origin.applicationId}/${origin.instanceType}`;
    case 'endpoint':
      return `${origin.accountId} ${origin.endpoint}`;
    case 'credential':
      return `${origin.accountId}#${origin.credentialId}`;
  }
}

/** Whether it was set by an account above that whoever reads it does not see (C1). */
export const isSetterHidden = (origin: PolicyOrigin, visibleIds: readonly string[]): boolean =>
  'setById' in origin && origin.setById !== undefined && !visibleIds.includes(origin.setById);

const isOfAccount = ({ level }: PolicyOrigin) => level === 'access' || level === 'spending';

/** What a level is called in a refusal: its id, or only its kind for who may not see it (C1). */
export function levelText(origin: PolicyOrigin, visibleIds: readonly string[]): string {
  // Of what an account above keeps for itself no more is told than that there is one.
  if (!visibleIds.includes(origin.accountId)) return isOfAccount(origin) ? 'account' : origin.level;
  switch (origin.level) {
    case 'plan':
      return isSetterHidden(origin, visibleIds) ? origin.level : origin.planId;
    case 'region':
      return `${origin.accountId}@${origin.region}`;
    case 'application':
      return origin.applicationId;
    case 'instanceType':
      return `${origin.applicationId}/${origin.instanceType}`;
    case 'endpoint':
      return origin.endpoint;
    case 'credential':
      return origin.credentialId;
    case 'platform':
    case 'account':
    case 'access':
    case 'spending':
      return origin.accountId;
  }
}

/** Of whom nothing is told but that they stand above. */
const UNSEEN = 'an account above';

/** Who above set it at a place that is seen, as told to who sees `visibleIds`. Undefined: the account that has the place (POL-2, C1). */
export function setterText(origin: PolicyOrigin, visibleIds: readonly string[]): string | undefined {
  if (origin.level === 'plan' || !visibleIds.includes(origin.accountId)) return undefined;
  const setById = 'setById' in origin ? origin.setById : undefined;
  if (setById === undefined) return 'by' in origin && origin.by === 'above' ? UNSEEN : undefined;
  return visibleIds.includes(setById) ? setById : UNSEEN;
}

/** What holds a level, if anything does. */
export const holdOf = (origin: PolicyOrigin): PolicyHold | undefined =>
  'heldBy' in origin ? origin.heldBy : undefined;

/** The trigger that holds a level, for who sees its account, or sees the level where the trigger is shown (TRG-2, C1). */
export function visibleTriggerId(origin: PolicyOrigin, visibleIds: readonly string[]): string | undefined {
  const hold = holdOf(origin);
  if (hold?.kind !== 'trigger') return undefined;
  const isVisible =
    visibleIds.includes(hold.accountId) || (hold.isShown && visibleIds.includes(origin.accountId));
  return isVisible ? hold.triggerId : undefined;
}

/** Names of settings that a word says something of. */
export const saidNames = ({ values }: Pick<PolicyWord, 'values'>): readonly SettingName[] =>
  settingNames.filter((name) => values[name] !== undefined);
