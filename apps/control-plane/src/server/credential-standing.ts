import type { CredentialStore } from '@patchbay/adapters/prisma/credential-store';
import type { KeySnapshot, Snapshots } from '@patchbay/adapters/prisma/snapshots';
import { type Known, nothingKnown } from '@patchbay/domain/decisions/known';
import type { CredentialStanding, DecisionsPorts } from '@patchbay/domain/decisions/ports';
import { policyValuesOf, settingsOf } from '@patchbay/domain/decisions/settings';
import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import { credentialUses, decideUse } from '@patchbay/domain/policy/credential-use';
import { refusalText, type SpentBudget } from '@patchbay/domain/policy/decide';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import { levelText, type PolicyChain } from '@patchbay/domain/policy/policy-level';
import { servicesMintedWith } from '@patchbay/faces/minting-scopes';
import { parseUsername } from '@patchbay/protocol/credential/credential';
import { check, type Effective, effectiveOf } from '@patchbay/protocol/credential/effective';
import { refusalOfUnenforced } from '@patchbay/protocol/credential/enforcement';
import {
  isTurnRestUsername,
  parseTurnRestUsername,
  turnRestPrefixId,
} from '@patchbay/protocol/credential/turn-rest';
import { networkDiscovery } from '@patchbay/services/network-discovery/definition';
import { signaling } from '@patchbay/services/signaling/definition';
import { credentialCapsOf } from './credential-caps.ts';
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
        const refusal = refusalOfKey(key, ports.nowMs()) ?? refusalOfEnd(read.expiresAtMs, ports.nowMs());
        return { ...found, name: read.name, refusal, known };
      }
      const judged = await judge({ effective, key, ports, visibleIds });
      return { ...found, ...judged, name: read.name, known: { ...known, ...judged.known } };
    },
  };
}

interface ReadUsername {
  readonly keyId: string;
  readonly prefixIds: readonly string[];
  readonly name: string;
  readonly caveats: Known['caveats'];
  readonly expiresAtMs: number;
  /** Absent of the plain form, which has no caveats. */
  readonly effective?: Effective;
}

function readUsername(username: string): ReadUsername | undefined {
  if (isTurnRestUsername(username)) {
    const parsed = parseTurnRestUsername(username);
    if (parsed.type === 'refusal' || parsed.keyId === undefined) return undefined;
    const { keyId, expiresAtMs, name = 'Ephemeral credential' } = parsed;
    const caveats = [{ name: 'notAfter', value: timeText(expiresAtMs) }];
    return { keyId, expiresAtMs, name, caveats, prefixIds: [turnRestPrefixId(username)] };
  }
  const parsed = parseUsername(username);
  if (parsed.type === 'refusal') return undefined;
  const effective = effectiveOf(parsed);
  const caveats = parsed.blocks.flatMap((block) =>
    block.caveats.map(({ type, ...fields }) => ({ name: type, value: caveatValue(fields) })),
  );
  const prefixIds = parsed.blocks.map(({ prefixId }) => prefixId);
  const read = { keyId: parsed.keyId, prefixIds, caveats };
  // Caveats that contradict each other allow nothing, from the first moment on.
  if ('type' in effective) return { ...read, name: 'Ephemeral credential', expiresAtMs: 0 };
  const { identity: name = 'Ephemeral credential', expiresAtMs } = effective;
  return { ...read, name, expiresAtMs, effective };
}

/** The one field of a caveat that has one, with times as text; all of them otherwise. */
function caveatValue(fields: object): Known['caveats'][number]['value'] {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const [first] = entries;
  if (first === undefined) return null;
  if (first[0] === 'atMs') return timeText(Number(first[1]));
  // Caveats are numbers, texts and lists of texts.
  return (entries.length === 1 ? first[1] : Object.fromEntries(entries)) as Known['caveats'][number]['value'];
}

/** Past the year 275760 no date can be written: a credential that says no end has one there. */
const timeText = (timeMs: number): string =>
  timeMs > 8_640_000_000_000_000 || !Number.isFinite(timeMs) ? 'never' : new Date(timeMs).toISOString();

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
  const stored = isBelow ? (acting?.configs ?? []) : [];
  const accountChain = chain.map(({ id }) => id);
  const caps = credentialCapsOf({ chain: accountChain }, stored);
  const { applicationId, instanceType, identity } = effective;
  const endpoint = identity === undefined ? undefined : userEndpointId(identity);
  const policy = isBelow
    ? policyChain({ chain: accountChain, applicationId, instanceType, endpoint }, acting?.policies ?? [])
    : [];
  const known: Partial<Known> = {
    chain: chain.map(({ id, state }) => ({ accountId: id, state })),
    limits,
    policy: [
      ...policyValuesOf(policy, visibleIds),
      ...[networkDiscovery, signaling].flatMap((service) =>
        settingsOf(service, { chain: accountChain }, stored),
      ),
    ],
  };
  const stopped = chain.find(({ state }) => state !== 'active');
  // The id stands in a username that anybody can write: of an account out of reach nothing is read.
  const spent = isBelow ? await ports.spent(actingId, policy) : [];
  const byNodes = judgedByNodes({
    ...{ effective, key, nowMs, accountId: actingId, accountChain, caps, policy, spent, visibleIds },
  });
  const refusals = [
    refusalOfKey(key, nowMs),
    isBelow ? undefined : refusalAs('credential.account_not_allowed', `Its key does not reach ${actingId}.`),
    stopped && refusalOfState(stopped),
    await refusalOfApplication(effective, actingId, ports),
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

const refusalOfState = ({ id, state }: KeySnapshot['chain'][number]): Refusal => ({
  ...refusalAs('account.suspended', `Account ${id} is ${state}.`),
  rule: 'account.state',
  level: id,
});

function refusalOfKey(key: KeySnapshot, nowMs: number): Refusal | undefined {
  if (key.state === 'revoked') return refusalAs('credential.revoked', `Its key ${key.keyId} was revoked.`);
  if (nowMs >= (key.expiresAtMs ?? Infinity))
    return refusalAs('credential.revoked', `Its key ${key.keyId} has expired.`);
  const stopped = key.chain.find(({ state }) => state !== 'active');
  return stopped && refusalOfState(stopped);
}

function refusalOfEnd(expiresAtMs: number, nowMs: number): Refusal | undefined {
  if (expiresAtMs === 0)
    return refusalAs('credential.malformed', 'Its caveats contradict each other, and so allow nothing.');
  return nowMs < expiresAtMs
    ? undefined
    : refusalAs('credential.expired', `It expired at ${timeText(expiresAtMs)}.`);
}

async function refusalOfApplication(
  { applicationId, instanceType }: Effective,
  accountId: string,
  { snapshots }: StandingPorts,
): Promise<Refusal | undefined> {
  if (applicationId === undefined) return undefined;
  const application = await snapshots.applicationSnapshot({ accountId, applicationId });
  const isKnown =
    application !== undefined &&
    (instanceType === undefined || application.instanceTypes.includes(instanceType));
  if (isKnown) return undefined;
  const what = instanceType === undefined ? applicationId : `${instanceType} of ${applicationId}`;
  return refusalAs('credential.application_not_allowed', `Account ${accountId} has no ${what}.`);
}

interface Use {
  readonly effective: Effective;
  readonly key: KeySnapshot;
  readonly nowMs: number;
  readonly accountId: string;
  readonly accountChain: readonly string[];
  readonly caps: ReturnType<typeof credentialCapsOf>;
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
  const judged = Object.values(credentialUses).map((use) => ({ use, refusal: refusalAt(use, asked) }));
  const refused = judged.flatMap(({ use: { service }, refusal }) =>
    refusal === undefined ? [] : [{ ...refusal, service }],
  );
  const byPolicy = refused.find(({ rule }) => rule !== undefined);
  if (refused.length < judged.length) return { refusal: undefined, partly: byPolicy };
  const [first] = refused;
  const { service: _, ...refusal } = byPolicy ?? first ?? refusalOfNone;
  return { refusal };
}

const refusalOfNone = { ...refusalAs('credential.service_not_allowed', 'No service takes it.'), service: '' };

function refusalAt(use: NodeUse, asked: Use): Refusal | undefined {
  const { effective, key, nowMs, accountChain, caps } = asked;
  const { verifier, service } = use;
  if (!servicesMintedWith(key.scopes).includes(service))
    return refusalAs('credential.service_not_allowed', `The scopes of its key do not cover ${service}.`);
  const { sourceCidrs: _addresses, regions: _regions, ...placeless } = effective;
  const lifetimeSecondsMax = caps[service]?.lifetimeSecondsMax;
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
