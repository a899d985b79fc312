import type { CredentialStore } from '@patchbay/adapters/prisma/credential-store';
import type { AccountSnapshot, KeySnapshot, Snapshots } from '@patchbay/adapters/prisma/snapshots';
import { type Known, nothingKnown } from '@patchbay/domain/decisions/known';
import type { CredentialStanding, DecisionsPorts } from '@patchbay/domain/decisions/ports';
import { policyValuesOf, settingsOf } from '@patchbay/domain/decisions/settings';
import { capsOfCredential, lifetimeSecondsMaxOf } from '@patchbay/domain/fleet/credential-caps';
import type { CapsByService } from '@patchbay/domain/fleet/internal-api';
import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import { credentialUses, decideUse, isAskedForChannels } from '@patchbay/domain/policy/credential-use';
import { refusalText, type SpentBudget } from '@patchbay/domain/policy/decide';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import { levelText, type PolicyChain } from '@patchbay/domain/policy/policy-level';
import { inactiveLevel } from '@patchbay/domain/tenancy/account-state';
import { servicesMintedWith } from '@patchbay/faces/minting-scopes';
import { check, type Effective } from '@patchbay/protocol/credential/effective';
import { refusalOfUnenforced } from '@patchbay/protocol/credential/enforcement';
import { networkDiscovery } from '@patchbay/services/network-discovery/definition';
import { notification } from '@patchbay/services/notification/definition';
import { signaling } from '@patchbay/services/signaling/definition';
import { credentialCapsOf, endpointCapsOf } from './credential-caps.ts';
import { readUsername } from './read-username.ts';
import type { SpentNow } from './spent-now.ts';

interface Totals {
  readonly prefixId: string;
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface StandingPorts {
  readonly snapshots: Snapshots;
  readonly credentials: Pick<CredentialStore, 'isRevoked'>;
  /** What was used with levels of a credential. */
  readonly consumed: (credential: {
    readonly accountId: string;
    readonly prefixIds: readonly string[];
  }) => Promise<readonly Totals[]>;
  readonly spent: SpentNow;
  readonly nowMs: () => number;
}

type Refusal = NonNullable<CredentialStanding['refusal']>;

/**
 * How a credential stands: what relays and signaling would say of it now, in the order in which they look (POL-4). Where
 * it is used from, and what else runs at the same time, is not known here: lists of addresses, regions and numbers of
 * sessions are told and not judged. The password is not asked for: whoever asks sees the key's account, and so what its key may do
 * anyway.
 */
export function credentialStanding(ports: StandingPorts): DecisionsPorts['credentials'] {
  return {
    standing: async ({ accountId, username, visibleIds }) => {
      const read = readUsername(username);
      if (read === undefined) return undefined;
      const key = await ports.snapshots.keySnapshot(read.keyId);
      // Of the key of an account above, or beside, nothing is told: anybody can write its id into a username.
      if (key === undefined || !key.chain.some(({ id }) => id === accountId)) return undefined;
      const chain = key.chain.map(({ id, state }) => ({ accountId: id, state }));
      const known: Known = { ...nothingKnown, chain, scopes: [...key.scopes], caveats: [...read.caveats] };
      const found = { accountId: key.accountId, prefixIds: read.prefixIds };
      const { effective } = read;
      if (effective === undefined) {
        const refusal = refusalOfKey(key, ports.nowMs()) ?? contradicting;
        return { ...found, name: read.name, refusal, known };
      }
      const judged = await judge({ effective, key, ports, visibleIds });
      return { ...found, ...judged, name: read.name, known: { ...known, ...judged.known } };
    },
  };
}

interface Judged {
  readonly effective: Effective;
  readonly key: KeySnapshot;
  readonly ports: StandingPorts;
  /** The accounts that whoever asks may see. */
  readonly visibleIds: readonly string[];
}

async function judge({ effective, key, ports, visibleIds }: Judged): Promise<{
  readonly refusal: Refusal | undefined;
  readonly partly?: CredentialStanding['partly'];
  readonly known: Partial<Known>;
}> {
  const nowMs = ports.nowMs();
  const actingId = effective.accountId ?? key.accountId;
  const acting = await ports.snapshots.accountSnapshot(actingId);
  const isBelow = acting?.chain.some(({ id }) => id === key.accountId) === true;
  const chain = acting !== undefined && isBelow ? acting.chain : key.chain;
  const limits = isBelow ? await limitsOf(effective, key, ports) : [];
  const { applicationId, instanceType, identity, prefixIds } = effective;
  const endpoint = identity === undefined ? undefined : userEndpointId(identity);
  const accountChain = chain.map(({ id }) => id);
  const configured = await configuredOf(effective, { acting: isBelow ? acting : undefined, ports });
  const policy = isBelow
    ? policyChain(
        { chain: accountChain, applicationId, instanceType, endpoint, prefixIds },
        acting?.policies ?? [],
      )
    : [];
  const known: Partial<Known> = {
    chain: chain.map(({ id, state }) => ({ accountId: id, state })),
    limits,
    policy: [...policyValuesOf(policy, visibleIds), ...configured.settings],
  };
  const stopped = inactiveLevel(chain);
  // The id stands in a username that anybody can write: of an account out of reach nothing is read.
  const spent = isBelow ? await ports.spent(actingId, policy) : [];
  const byNodes = judgedByNodes({
    ...{
      effective,
      key,
      nowMs,
      accountId: actingId,
      accountChain,
      caps: configured.caps,
      policy,
      spent,
      visibleIds,
    },
  });
  const refusals = [
    refusalOfKey(key, nowMs),
    isBelow ? undefined : refusalAs('credential.account_not_allowed', `Its key does not reach ${actingId}.`),
    stopped && refusalOfState(stopped),
    configured.refusal,
    (await ports.credentials.isRevoked({ accountId: key.accountId, prefixIds: effective.prefixIds }))
      ? refusalAs('credential.revoked', 'It, or a credential that it was narrowed from, was revoked.')
      : undefined,
    byNodes.refusal,
    refusalOfLimits(limits),
  ];
  const refusal = refusals.find((one) => one !== undefined);
  return { refusal, ...(refusal === undefined ? { partly: byNodes.partly } : {}), known };
}

const refusalAs = (code: string, detail: string): Refusal => ({ code, detail });

const contradicting = refusalAs(
  'credential.malformed',
  'Its caveats contradict each other, and so allow nothing.',
);

const refusalOfState = ({
  code,
  level: { id, state },
}: NonNullable<ReturnType<typeof inactiveLevel<KeySnapshot['chain'][number]>>>): Refusal => ({
  ...refusalAs(code, `Account ${id} is ${state}.`),
  rule: 'account.state',
  level: id,
});

function refusalOfKey(key: KeySnapshot, nowMs: number): Refusal | undefined {
  if (key.state === 'revoked') return refusalAs('credential.revoked', `Its key ${key.keyId} was revoked.`);
  if (nowMs >= (key.expiresAtMs ?? Infinity))
    return refusalAs('credential.revoked', `Its key ${key.keyId} has expired.`);
  const stopped = inactiveLevel(key.chain);
  return stopped && refusalOfState(stopped);
}

interface Configured {
  readonly caps: CapsByService;
  /** What is told of it. */
  readonly settings: Known['policy'];
  /** Why it is refused where there is no such application or instance type. */
  readonly refusal?: Refusal | undefined;
}

/** What the configuration of a credential's account, application and endpoint makes of it. */
async function configuredOf(
  effective: Effective,
  { acting, ports }: { readonly acting: AccountSnapshot | undefined; readonly ports: StandingPorts },
): Promise<Configured> {
  if (acting === undefined) return { caps: {}, settings: [] };
  const { applicationId, instanceType, identity } = effective;
  const chain = acting.chain.map(({ id }) => id);
  const application = await applicationOf(effective, acting.accountId, ports);
  const endpoint = identity === undefined ? undefined : userEndpointId(identity);
  const ofEndpoint = acting.endpointConfigs.filter(({ identifier }) => identifier === endpoint);
  const caps = {
    ofAccount: credentialCapsOf({ chain }, acting.configs),
    ofApplication:
      application.configs && credentialCapsOf({ chain, applicationId, instanceType }, application.configs),
    byEndpoint: endpointCapsOf(chain, acting.configs, ofEndpoint),
  };
  const entity = { chain, applicationId, instanceType, endpointId: ofEndpoint[0]?.endpointId };
  const stored = [...(application.configs ?? acting.configs), ...ofEndpoint];
  return {
    caps: capsOfCredential(caps, effective),
    settings: [networkDiscovery, signaling, notification].flatMap((service) =>
      settingsOf(service, entity, stored),
    ),
    refusal: application.refusal,
  };
}

/** What is set for the application of a credential, with what is set for its account and those above. */
async function applicationOf(
  { applicationId, instanceType }: Effective,
  accountId: string,
  { snapshots }: StandingPorts,
): Promise<{ readonly configs?: readonly StoredConfig[]; readonly refusal?: Refusal }> {
  const none = (detail: string) => ({
    refusal: refusalAs('credential.application_not_allowed', detail),
  });
  if (applicationId === undefined)
    return instanceType === undefined
      ? {}
      : none('It names an instance type and no application that has one.');
  const application = await snapshots.applicationSnapshot({ accountId, applicationId });
  if (application === undefined) return none(`Account ${accountId} has no ${applicationId}.`);
  return instanceType === undefined || application.instanceTypes.includes(instanceType)
    ? { configs: application.configs }
    : none(`Account ${accountId} has no ${instanceType} of ${applicationId}.`);
}

interface Use {
  readonly effective: Effective;
  readonly key: KeySnapshot;
  readonly nowMs: number;
  readonly accountId: string;
  readonly accountChain: readonly string[];
  readonly caps: CapsByService;
  readonly policy: PolicyChain;
  readonly spent: readonly SpentBudget[];
  readonly visibleIds: readonly string[];
}

type NodeUse = (typeof credentialUses)[keyof typeof credentialUses];

/**
 * What the nodes say. A credential that one of them takes is a good one; where a policy has another refuse it, that is told
 * besides. Where none takes it, a policy is the reason to name: it is asked last, of what is good in itself.
 */
function judgedByNodes(asked: Use): Pick<CredentialStanding, 'refusal' | 'partly'> {
  const { relay, signaling: calls, channels } = credentialUses;
  const forCalls = refusalAt(calls, asked);
  const isLetIn = forCalls === undefined || isAskedForChannels(forCalls);
  const judged = [
    { use: relay, refusal: refusalAt(relay, asked) },
    { use: calls, refusal: forCalls },
    { use: channels, refusal: isLetIn ? refusalAt(channels, asked) : forCalls },
  ];
  const refused = judged.flatMap(({ use: { service }, refusal }) =>
    refusal === undefined ? [] : [{ ...refusal, service }],
  );
  const byPolicy = refused.find(({ rule }) => rule !== undefined);
  if (refused.length < judged.length) return { refusal: undefined, partly: byPolicy };
  // That it is not for a service at all is no answer to whoever uses it for another.
  const ofOthers = refused.find(({ code }) => code !== refusalOfNone.code);
  const { service: _, ...refusal } = byPolicy ?? ofOthers ?? refused[0] ?? refusalOfNone;
  return { refusal };
}

const refusalOfNone = { ...refusalAs('credential.service_not_allowed', 'No service takes it.'), service: '' };

function refusalAt(use: NodeUse, asked: Use): Refusal | undefined {
  const { effective, key, nowMs, accountChain, caps } = asked;
  const { verifier, service } = use;
  if (!servicesMintedWith(key.scopes).includes(service))
    return refusalAs('credential.service_not_allowed', `The scopes of its key do not cover ${service}.`);
  const { sourceCidrs: _addresses, regions: _regions, ...placeless } = effective;
  const lifetimeSecondsMax = lifetimeSecondsMaxOf(caps, effective, service);
  const wanted = {
    nowMs,
    service,
    ...('feature' in use ? { feature: use.feature } : {}),
    sourceIp: '',
    region: '',
    accountChain,
    ...(lifetimeSecondsMax === undefined ? {} : { lifetimeSecondsMax }),
  };
  const refused = check(placeless, wanted) ?? refusalOfUnenforced(effective, verifier);
  if (refused !== undefined) return refusalAs(refused.code, refused.detail);
  const byPolicy = refusalOfPolicy(use, asked);
  if (byPolicy !== undefined) return byPolicy;
  return verifier === 'signaling' && effective.identity === undefined
    ? refusalAs('credential.identity_missing', 'A token for signaling names an identity.')
    : undefined;
}

function refusalOfPolicy(
  use: NodeUse,
  { effective: word, nowMs, policy: levels, accountId, spent, visibleIds, key }: Use,
): Refusal | undefined {
  const credentialId = word.prefixIds.at(-1) ?? key.keyId;
  const { decision } = decideUse({ levels, word, accountId, credentialId, spent }, { ...use, atMs: nowMs });
  if (decision.kind === 'allowed') return undefined;
  const { code, setting: rule, origin } = decision;
  return { code, detail: refusalText(decision, visibleIds), rule, level: levelText(origin, visibleIds) };
}

const nothingUsed = { bytes: 0, milliseconds: 0 };

/** Each limit that counts in total, with what has been used of it: the others count in a session, each anew. */
async function limitsOf(
  { limits, prefixIds, accountId }: Effective,
  key: KeySnapshot,
  { consumed }: StandingPorts,
): Promise<Known['limits']> {
  const needsTotals = limits.some(({ counts, kind }) => counts === 'total' && kind !== 'uses');
  const totals = needsTotals ? await consumed({ accountId: accountId ?? key.accountId, prefixIds }) : [];
  return limits.map(({ kind, max, counts, prefixId }) => {
    const name =
      kind === 'uses'
        ? 'credential.used_up'
        : `limit.${counts === 'session' ? 'session' : 'credential'}_${kind}`;
    if (counts === 'session' || kind === 'uses') return { name, max };
    // Of one that no node has met, nothing is used.
    const { bytes, milliseconds } = totals.find((total) => total.prefixId === prefixId) ?? nothingUsed;
    return { name, max, used: kind === 'bytes' ? bytes : Math.floor(milliseconds / 1_000) };
  });
}

function refusalOfLimits(limits: Known['limits']): Refusal | undefined {
  const spent = limits.find(({ used, max }) => used !== undefined && used >= max);
  return spent && refusalAs(spent.name, `Of ${spent.max}, ${spent.used} have been used.`);
}
