import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import { decideUse } from '@patchbay/domain/policy/credential-use';
import {
  budgetsOf,
  type CountedRefusalCode,
  decide,
  endingText,
  type PolicyRefusal,
  refusalText,
} from '@patchbay/domain/policy/decide';
import type { EffectivePolicy, EffectiveSetting } from '@patchbay/domain/policy/effective-policy';
import { levelText, type PolicyOrigin } from '@patchbay/domain/policy/policy-level';
import { type CountedSettingName, type SettingName, settings } from '@patchbay/domain/policy/settings';
import { joinedLevels } from '@patchbay/domain/policy/snapshot-levels';
import { closesAtMs } from '@patchbay/domain/policy/weekly-times';
import type { Effective } from '@patchbay/protocol/credential/effective';
import type { SourceRule } from '@patchbay/protocol/turn/grant';
import type { AccountSnapshot, ApplicationSnapshot } from './snapshots.ts';

/** What the levels above a credential make of it. */
export interface HeldPolicy {
  readonly sessionSecondsMax?: number;
  readonly bitsPerSecondMax?: number;
  readonly burstBytesMax?: number;
  /** Where its clients have to come from, besides its own networks. */
  readonly sourceRules?: readonly SourceRule[];
  /** What a call may carry, and what it is told for anything else. */
  readonly media?: HeldList;
  /** What it may be coded with, and which features it may use: the same. */
  readonly codecs?: HeldList;
  readonly features?: HeldList;
  /** Of the features that it is served without, those that are withheld. */
  readonly withheldFeatures?: Readonly<Record<string, RefusedByPolicy>>;
  readonly participants?: { readonly max: number; readonly refusal: RefusedByPolicy };
  /** When the times end in which it is served. */
  readonly closesAtMs?: number;
  /** Each session is counted over all nodes before it begins. */
  readonly isCounted: boolean;
}

/** What is allowed, and what whoever asks for anything else is told. */
export interface HeldList {
  readonly allowed: readonly string[];
  readonly refusal: RefusedByPolicy;
}

export interface RefusedByPolicy {
  readonly code: PolicyRefusal['code'];
  readonly detail: string;
  readonly rule: string;
  readonly level: string;
  /** When what is used up begins anew. */
  readonly resetsAtMs?: number;
}

interface Subject {
  readonly account: AccountSnapshot;
  readonly application: Pick<ApplicationSnapshot, 'policy' | 'policyByInstanceType'> | undefined;
  readonly effective: Effective;
  readonly credentialId: string;
}

interface Use {
  readonly verifier: 'relay' | 'signaling';
  readonly service: string;
  readonly region: string;
  readonly sourceIp: string | undefined;
  readonly country?: string | undefined;
  readonly feature?: string | undefined;
  /** Features that it is served without, where a policy withholds them. */
  readonly optionalFeatures?: readonly string[] | undefined;
  readonly deviceKind?: string | undefined;
  readonly atMs: number;
}

/** Decides by the levels from the platform down to the credential, as the control plane decides by those above it. */
export function decideCredential(subject: Subject, use: Use): HeldPolicy | RefusedByPolicy {
  const { effective, account, application, credentialId } = subject;
  const { optionalFeatures, ...asked } = use;
  const { identity, instanceType, prefixIds } = effective;
  const endpoint = identity === undefined ? undefined : userEndpointId(identity);
  const { accountId, spent } = account;
  const levels = joinedLevels(account, application, { instanceType, endpoint, prefixIds });
  const of = { levels, word: effective, accountId, credentialId, spent };
  const { chain, request, decision } = decideUse(of, asked);
  if (decision.kind === 'refused') {
    const { retryAfterMs } = decision;
    const refused = toRefused(decision, account.accountId);
    return retryAfterMs === undefined ? refused : { ...refused, resetsAtMs: asked.atMs + retryAfterMs };
  }
  const { policy } = decision;
  const refusedOf = (setting: SettingName) => (origin: PolicyOrigin) =>
    toRefused({ setting, origin, code: 'policy.refused' }, account.accountId);
  const closings = (policy.times?.value ?? []).flatMap((times) => closesAtMs(times, use.atMs) ?? []);
  return {
    ...valueIn('sessionSecondsMax', policy.sessionSecondsMax?.value),
    ...valueIn('bitsPerSecondMax', policy.bitsPerSecondMax?.value),
    ...valueIn('burstBytesMax', policy.burstBytesMax?.value),
    ...sourceRulesOf(policy, account.accountId),
    ...listIn('media', policy.mediaKinds, refusedOf('mediaKinds')),
    ...listIn('codecs', policy.codecs, refusedOf('codecs')),
    ...listIn('features', policy.features, refusedOf('features')),
    ...withheldIn(optionalFeatures, (feature) => {
      const decided = decide(chain, { ...request, features: [...(request.features ?? []), feature] });
      return decided.kind === 'refused' ? toRefused(decided, account.accountId) : undefined;
    }),
    ...participantsOf(policy, refusedOf('participantsMax')),
    ...(closings.length === 0 ? {} : { closesAtMs: Math.min(...closings) }),
    isCounted: budgetsOf(chain).some(({ setting }) => isClaimed(setting)),
  };
}

/** What has to have room, or money, before a session begins. */
const isClaimed = (setting: CountedSettingName) =>
  settings[setting].counts.what === 'sessions' || setting === 'prepaidBalance';

function sourceRulesOf(
  { sourceNetworks, clientAllowList, countries }: EffectivePolicy,
  accountId: string,
): Pick<HeldPolicy, 'sourceRules'> {
  const rules = Object.entries({ sourceNetworks, clientAllowList, countries }).flatMap(([name, held]) => {
    if (held === undefined) return [];
    const setting = name as 'sourceNetworks' | 'clientAllowList' | 'countries';
    const steps = held.steps.map(({ origin, value }) => {
      const { detail: refusal } = toRefused({ setting, origin, code: 'policy.refused' }, accountId);
      return setting === 'countries' ? { countries: value, refusal } : { networks: value, refusal };
    });
    return [{ steps }];
  });
  return rules.length === 0 ? {} : { sourceRules: rules };
}

type RefusedAt = (origin: PolicyOrigin) => RefusedByPolicy;

function listIn<Name extends 'media' | 'codecs' | 'features'>(
  name: Name,
  held: EffectiveSetting<readonly string[]> | undefined,
  refusedAt: RefusedAt,
): { readonly [N in Name]?: HeldList } {
  if (held === undefined) return {};
  return { [name]: { allowed: held.value, refusal: refusedAt(held.origin) } } as {
    readonly [N in Name]: HeldList;
  };
}

function withheldIn(
  optional: readonly string[] = [],
  refusalOf: (feature: string) => RefusedByPolicy | undefined,
): Pick<HeldPolicy, 'withheldFeatures'> {
  const withheld = optional.flatMap((feature) => {
    const refusal = refusalOf(feature);
    return refusal === undefined ? [] : [[feature, refusal] as const];
  });
  return withheld.length === 0 ? {} : { withheldFeatures: Object.fromEntries(withheld) };
}

function participantsOf(
  { participantsMax: held }: EffectivePolicy,
  refusedAt: RefusedAt,
): Pick<HeldPolicy, 'participants'> {
  return held === undefined ? {} : { participants: { max: held.value, refusal: refusedAt(held.origin) } };
}

const valueIn = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };

/** What ends a session that runs when its credential is refused from now on: the code with which a start is refused. */
export function endingOf({ code, detail, resetsAtMs }: RefusedByPolicy): {
  readonly code: 'policy.refused' | CountedRefusalCode;
  readonly detail: string;
} {
  switch (code) {
    case 'limit.exceeded':
    case 'balance.used_up':
      return { code, detail: endingText(detail, resetsAtMs) };
    case 'policy.refused':
    case 'service.not_enabled':
      return { code: 'policy.refused', detail };
  }
}

/** Whoever holds the credential sees the account that it acts for, and of those above it that they are there. */
export const toRefused = (
  { setting, origin, code }: Pick<PolicyRefusal, 'setting' | 'origin' | 'code'>,
  accountId: string,
): RefusedByPolicy => ({
  code,
  detail: refusalText({ setting, origin, code }, [accountId]),
  rule: setting,
  level: levelText(origin, [accountId]),
});
