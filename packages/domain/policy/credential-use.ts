import { featureName } from '@patchbay/kit/definition';
import { type Decision, decide, type PolicyRequest, type SpentBudget } from './decide.ts';
import type { PolicyChain, PolicyLevel } from './policy-level.ts';

/**
 * Who takes credentials at nodes, and what each asks a policy for with the credential alone, before its client has asked
 * for anything more: nodes decide by it, and so does whoever says what they would decide.
 */
export const credentialUses = {
  relay: {
    verifier: 'relay',
    service: 'network-discovery',
    feature: featureName('network-discovery', 'relay'),
  },
  signaling: { verifier: 'signaling', service: 'signaling' },
  /** At the same door: a client is let in for calls, or where its credential is for none at all, for channels alone. */
  channels: { verifier: 'signaling', service: 'notification' },
} as const;

/** Whether signaling asks by a credential that it refused for calls if it lets its client in for channels. */
export const isAskedForChannels = (refusal: { readonly code: string }): boolean =>
  refusal.code === 'credential.service_not_allowed';

/** What a credential says of itself, as its caveats fold. */
export interface CredentialWord {
  readonly services?: readonly string[] | undefined;
  readonly features?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly countries?: readonly string[] | undefined;
  readonly deviceKinds?: readonly string[] | undefined;
  readonly mediaKinds?: readonly string[] | undefined;
  readonly bitRate?: { readonly bitsPerSecond: number; readonly burstBytes: number } | undefined;
  readonly session?: string | undefined;
}

interface Subject {
  /** Above the credential: of its account and those above that, of its application and its endpoint. */
  readonly levels: PolicyChain;
  readonly word: CredentialWord;
  readonly accountId: string;
  readonly credentialId: string;
  readonly spent: readonly SpentBudget[];
}

type Use = Omit<PolicyRequest, 'features' | 'isOfCall' | 'spent'> & { readonly feature?: string | undefined };

/** Decides by the levels from the platform down to the credential; `chain` and `request` for whoever decides more by them. */
export function decideUse(
  { levels, word, accountId, credentialId, spent }: Subject,
  { feature, ...use }: Use,
): { readonly chain: PolicyChain; readonly request: PolicyRequest; readonly decision: Decision } {
  const chain = [...levels, ...levelOfCredential(word, { accountId, credentialId })];
  const isOfCall = word.session?.startsWith('ses_') === true;
  const request = { ...use, isOfCall, spent, features: feature === undefined ? [] : [feature] };
  return { chain, request, decision: decide(chain, request) };
}

/** The caveats of a credential that are settings of policies: it is the last level of its chain (POL-1). */
function levelOfCredential(
  { services, features, regions, countries, deviceKinds, mediaKinds, bitRate }: CredentialWord,
  { accountId, credentialId }: { readonly accountId: string; readonly credentialId: string },
): readonly PolicyLevel[] {
  const values = {
    ...(services === undefined ? {} : { services: [...services] }),
    ...(features === undefined ? {} : { features: [...features] }),
    ...(regions === undefined ? {} : { regions: [...regions] }),
    ...(countries === undefined ? {} : { countries: [...countries] }),
    ...(deviceKinds === undefined ? {} : { deviceKinds: [...deviceKinds] }),
    ...(mediaKinds === undefined ? {} : { mediaKinds: [...mediaKinds] }),
    ...(bitRate === undefined
      ? {}
      : { bitsPerSecondMax: bitRate.bitsPerSecond, burstBytesMax: bitRate.burstBytes }),
  };
  if (Object.keys(values).length === 0) return [];
  const origin = { level: 'credential', accountId, credentialId } as const;
  return [{ origin, timeZone: 'UTC', values, locked: [], overridable: {} }];
}
