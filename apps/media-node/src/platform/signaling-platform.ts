import { randomBytes } from 'node:crypto';
import type { Spool } from '@patchbay/adapters/spool/spool';
import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import type { UsageDraft } from '@patchbay/domain/metering/usage-record';
import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import { credentialUses, isAskedForChannels } from '@patchbay/domain/policy/credential-use';
import { countedRefusalCode, refusalText } from '@patchbay/domain/policy/decide';
import { featureName } from '@patchbay/kit/definition';
import { toProblem } from '@patchbay/kit/errors';
import type { LimitOutcome, Restriction } from '@patchbay/protocol/credential/caveats';
import { type Credential, narrow, parseBearerToken } from '@patchbay/protocol/credential/credential';
import type { EffectiveLimit } from '@patchbay/protocol/credential/effective';
import { notification } from '@patchbay/services/notification/definition';
import type { ChannelFeature, ChannelRight } from '../signaling/channel-platform.ts';
import type {
  Authentication,
  AuthenticationContext,
  PlatformNotice,
  SessionClaim,
  SignalingPlatform,
} from '../signaling/platform.ts';
import type { NarrowedTo, Principal, Review, SecondsLimit, SignalingLimits } from '../signaling/principal.ts';
import { createChannelPlatform, problemOf } from './channel-platform.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { endingOf, type HeldList } from './credential-policy.ts';
import type { CredentialResolver, ResolvedCredential } from './credential-resolver.ts';
import type { MediaLines } from './media-line.ts';
import type { LiveRelay } from './node-link.ts';
import { type NodeRefusalCode, nodeRefusal } from './node-refusal.ts';
import type { Registrar } from './registrar.ts';
import type { SessionClaims } from './session-claims.ts';
import type { StateJournal } from './state-journal.ts';

export interface SignalingPlatformOptions {
  readonly resolver: CredentialResolver;
  readonly client: ControlPlaneClient;
  readonly usage: Spool<UsageDraft>;
  readonly events: Spool<SessionEventReport>;
  readonly state: Pick<StateJournal, 'noteSpooled'>;
  readonly claims: Pick<SessionClaims, 'claim' | 'confirm' | 'release'>;
  readonly relays: () => readonly LiveRelay[];
  readonly media: () => Pick<MediaLines, 'free' | 'say'> | undefined;
  readonly peers: Pick<SignalingPlatform, 'locate' | 'hasPeers' | 'toGuest' | 'toHome'>;
  readonly registrar: Pick<Registrar, 'register' | 'unregister'>;
  readonly region: string;
  readonly onFailure: (error: unknown, message: string) => void;
}

type ClientUse = (typeof credentialUses)['signaling' | 'channels'];
type ResolvedOk = Extract<ResolvedCredential, { kind: 'ok' }>;

export interface NotifyingPlatform extends SignalingPlatform {
  /** Holds who is connected to what they may do by now. False when nobody could say it of all of them. */
  review(principals: readonly Principal[]): Promise<boolean>;
  /** Passes on what the bus or a relay said. */
  notify(notice: PlatformNotice): void;
}

/** As long as the control plane asks an address and its fallback, and some more for the way there. */
const LOGIC_MS_MAX = 35_000;

/** Connects signaling to accounts, spool and relays. */
export function createSignalingPlatform(options: SignalingPlatformOptions): NotifyingPlatform {
  const { resolver, client, usage, events, state, claims, relays, media, region, onFailure } = options;
  const { peers, registrar } = options;
  const listeners = new Set<(notice: PlatformNotice) => void>();

  const notify = (notice: PlatformNotice) => {
    for (const listener of listeners) listener(notice);
  };

  /** The outcomes of limits that have no use left, or `used_up` when one of them is the end. */
  async function countUses(
    { accountId, effective }: ResolvedOk,
    use: { clientKey: string; isContinuation: boolean },
  ): Promise<'used_up' | readonly LimitOutcome[]> {
    const reached: LimitOutcome[] = [];
    for (const { kind, prefixId, max, outcome } of effective.limits) {
      if (kind !== 'uses') continue;
      const { isAdmitted } = await client.call('countUse', { accountId, prefixId, usesMax: max, ...use });
      if (isAdmitted) continue;
      if (outcome === 'end') return 'used_up';
      reached.push(outcome);
    }
    return reached;
  }

  /** Connected time at each level of a credential, over all nodes; nothing where no limit needs it. */
  async function usedTimes({
    accountId,
    credentialId,
    effective: { limits, prefixIds },
  }: ResolvedOk): Promise<ReadonlyMap<string, number>> {
    if (!limits.some(({ kind, counts }) => kind === 'seconds' && counts === 'total')) return new Map();
    try {
      const { items } = await client.call('consumed', { accountId, credentialId, prefixIds: [...prefixIds] });
      return new Map(items.map(({ prefixId, milliseconds }) => [prefixId, milliseconds]));
    } catch (error) {
      // The limit goes on from what this node has seen: nobody is cut off because the control plane is away.
      onFailure(error, 'The time that a credential has used elsewhere is not known.');
      return new Map();
    }
  }

  /** Where a room is, or is to be. Where nobody can say, any node answers, and finds out. */
  async function homeOf(
    room: SessionClaim['room'],
    accountId: string,
  ): Promise<{ readonly mediaNodeId?: string }> {
    if (room === undefined) return {};
    try {
      return { mediaNodeId: (await client.call('roomHome', { accountId, ...room })).nodeId };
    } catch (error) {
      onFailure(error, 'The home of a room could not be asked for.');
      return {};
    }
  }

  /** A client is let in by a credential for calls or for channels: what it may do of the other is nothing. */
  async function resolveClient(
    credential: Credential,
    by: { readonly sourceIp: string; readonly deviceKind: AuthenticationContext['deviceKind'] },
  ): Promise<{ use: ClientUse; resolved: ResolvedCredential }> {
    const resolved = await resolver.resolveToken(credential, { ...credentialUses.signaling, ...by });
    if (resolved.kind !== 'refused' || !isAskedForChannels(resolved))
      return { use: credentialUses.signaling, resolved };
    const ofChannels = await resolver.resolveToken(credential, { ...credentialUses.channels, ...by });
    // Where neither is allowed, it is told of the one that the door is for.
    if (ofChannels.kind === 'refused' && ofChannels.code === resolved.code)
      return { use: credentialUses.signaling, resolved };
    return { use: credentialUses.channels, resolved: ofChannels };
  }

  return {
    channels: createChannelPlatform({ client, claims, boot: () => String(usage.boot), onFailure }),

    async authenticate(token, context): Promise<Authentication> {
      const { sourceIp, clientKey, deviceKind, continuesCredentialId } = context;
      const credential = parseBearerToken(token);
      if ('type' in credential) return refuse(credential.code, credential.detail);
      const by = { sourceIp, deviceKind };
      const { use, resolved } = await resolveClient(credential, by);
      if (resolved.kind === 'away') return refuse('platform.unavailable', resolved.detail);
      if (resolved.kind === 'refused') return refuse(resolved.code, resolved.detail);
      const { effective, credentialId } = resolved;
      if (effective.identity === undefined) {
        return refuse('credential.identity_missing', 'A token for signaling names an identity.');
      }
      let usesReached: readonly LimitOutcome[] = [];
      try {
        const isNew = continuesCredentialId !== credentialId;
        const counted = isNew ? await countUses(resolved, { clientKey, isContinuation: false }) : [];
        if (counted === 'used_up')
          return refuse('credential.used_up', 'This credential has been used as often as it may be.');
        usesReached = counted;
      } catch (error) {
        onFailure(error, 'A use of a credential could not be counted.');
        return refuse('platform.unavailable', 'Uses of this credential cannot be counted now.');
      }
      const continueUse = (sessionId: string) => {
        countUses(resolved, { clientKey: `session:${sessionId}`, isContinuation: true }).catch(
          (error: unknown) => onFailure(error, 'A session could not be joined to the use of its credential.'),
        );
      };
      const used = { usedMsOf: await usedTimes(resolved), usesReached };
      const ofUse = (limits: SignalingLimits) =>
        use.service === 'signaling' ? limits : channelsAlone(limits);
      const review = async (): Promise<Review> => {
        const now = await resolver.resolveToken(credential, { ...use, ...by, isRunning: true });
        if (now.kind === 'ok') return { kind: 'holds', limits: ofUse(limitsOf(now, used)) };
        if (now.kind === 'away' || now.byPolicy === undefined) return { kind: now.kind };
        return { kind: 'refused', ending: endingOf(now.byPolicy) };
      };
      const { identity } = effective;
      const mayUseChannels = async (feature: ChannelFeature): Promise<ChannelRight> => {
        const asked = {
          ...credentialUses.channels,
          ...by,
          isRunning: true,
          feature: featureName(notification.name, feature),
        };
        const now = await resolver.resolveToken(credential, asked);
        if (now.kind === 'ok') return rightOf(now.effective);
        const code = now.kind === 'away' ? 'platform.unavailable' : now.code;
        return { ok: false, problem: problemOf(code, now.detail) };
      };
      const limits = ofUse(limitsOf(resolved, used));
      const holder = { credential, identity, continueUse, review, mayUseChannels, limits };
      const country = resolver.countryOf(sourceIp);
      const place = { deviceKind, ...(country === undefined ? {} : { country }) };
      return { ok: true, ...principalOf(resolved, holder), ...place };
    },

    async review(principals) {
      let isAnswered = true;
      for (const { credentialId, review } of principals) {
        const reviewed = await review();
        if (reviewed.kind === 'away') isAnswered = false;
        else if (reviewed.kind === 'refused' && reviewed.ending !== undefined)
          notify({ type: 'policyRefused', credentialId, ...reviewed.ending });
        else if (reviewed.kind === 'refused') notify({ type: 'revokeCredential', credentialId });
        else notify({ type: 'limitsChanged', credentialId, limits: reviewed.limits });
      }
      return isAnswered;
    },

    async claimSession({ sessionId, principal, isRunning, room }) {
      const { accountId, applicationId, instanceType, identity } = principal;
      const endpoint = userEndpointId(identity);
      try {
        const holdId = sessionId;
        const refusal = await claims.claim({
          accountId,
          applicationId,
          instanceType,
          endpoint,
          holdId,
          services: sessionServices,
          isRunning,
        });
        if (refusal === undefined) return { ok: true, ...(await homeOf(room, accountId)) };
        const code = countedRefusalCode(refusal.setting);
        return { ok: false, code, detail: refusalText({ ...refusal, code }, [accountId]) };
      } catch (error) {
        onFailure(error, 'A session could not be counted.');
        return { ok: false, code: 'platform.unavailable', detail: 'Sessions cannot be counted now.' };
      }
    },

    async findLogic(called) {
      try {
        const { standing, url, accountPath } = await client.call('findLogic', called);
        return standing !== 'found'
          ? { standing }
          : url === undefined
            ? { standing: 'away' }
            : { standing, url, ...(accountPath === undefined ? {} : { accountPath }) };
      } catch (error) {
        onFailure(error, 'The logic of an endpoint could not be looked up.');
        return { standing: 'away' };
      }
    },

    async fetchLogic(request) {
      try {
        const timing = { timeoutMs: LOGIC_MS_MAX };
        const { session, variables } = request;
        const asked = {
          ...request,
          session: { ...session, media: { ...session.media } },
          variables: { ...variables },
        };
        const { document, url, failure, detail, attempts } = await client.call('fetchLogic', asked, timing);
        if (document !== undefined && url !== undefined) return { ok: true, document, url, attempts };
        return { ok: false, failure: failure ?? 'unreachable', detail: detail ?? '', attempts };
      } catch (error) {
        onFailure(error, 'A document of application logic could not be asked for.');
        const detail = 'The platform could not ask for the document.';
        return { ok: false, failure: 'unreachable', detail, attempts: [] };
      }
    },

    releaseSession: (sessionId) => claims.release(sessionId),

    placeRelay() {
      const [relay] = relays();
      return relay && { nodeId: relay.nodeId, boot: String(relay.boot), urls: relay.urls };
    },

    placeMedia: (preferredNodeId) => media()?.free(preferredNodeId),
    toMedia: (nodeId, word) => media()?.say(nodeId, word),

    ...peers,
    narrow: ({ username, credential: password }, to) => {
      const caveats = limitCaveats(to);
      const narrowed = narrow({ credential: { username, password }, caveats, random: randomBytes(8) });
      return { username: narrowed.username, credential: narrowed.password };
    },
    async askPresence({ accountId, identities, viewer, says }) {
      try {
        const asked = {
          accountId,
          identities: [...identities],
          viewer,
          ...(says === undefined ? {} : { says }),
        };
        return (await client.call('askPresence', asked)).items;
      } catch (error) {
        onFailure(error, 'Who is there could not be asked for.');
        return undefined;
      }
    },

    register: (registration) => registrar.register(registration),
    unregister: (gone) => registrar.unregister(gone),

    answerOrder(orderId, answer) {
      client
        .call('controlled', { orderId, answer })
        .catch((error: unknown) => onFailure(error, 'What became of an order was not told.'));
    },

    recordUsage({ quantities, ...record }) {
      const copies = quantities.map(({ meter, quantity, dimensions }) => ({
        meter,
        quantity,
        dimensions: { ...dimensions },
      }));
      state.noteSpooled('usage', usage.append({ ...record, quantities: copies }));
    },

    appendSessionEvent(event) {
      const data = JSON.parse(JSON.stringify(event.data)) as SessionEventReport['data'];
      if (event.type === 'session.created') claims.confirm(event.sessionId);
      if (event.type === 'session.ended') claims.release(event.sessionId);
      const report = { ...event, region, data };
      state.noteSpooled('events', events.append(report));
    },

    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    notify,
  };
}

/** A call may need a relay at any time: what it may cost is both together. */
const sessionServices = ['signaling', 'network-discovery'];

function refuse(code: NodeRefusalCode, publicDetail: string): Authentication {
  const { type, title, status, detail } = toProblem(nodeRefusal(code, publicDetail));
  return { ok: false, problem: { type, code, title, status, detail } };
}

interface Holder {
  readonly credential: Credential;
  readonly identity: string;
  readonly continueUse: (sessionId: string) => void;
  readonly review: () => Promise<Review>;
  readonly mayUseChannels: Principal['mayUseChannels'];
  readonly limits: SignalingLimits;
}

/** What is said of calls alone would be held by nobody in a channel. */
function rightOf({ session, limits }: ResolvedOk['effective']): ChannelRight {
  if (session !== undefined)
    return {
      ok: false,
      problem: problemOf('credential.session_not_allowed', 'It is for one session, and for no channel.'),
    };
  const held = limits.find(({ kind, isOfPolicy }) => kind !== 'uses' && isOfPolicy !== true);
  if (held === undefined) return { ok: true };
  const detail = `Its caveat ${held.kind} would not be held in channels.`;
  return { ok: false, problem: problemOf('credential.caveat_unenforced', detail) };
}

/** Of a credential that is not for calls: no call is placed or answered with it, whatever else it may. */
const channelsAlone = (limits: SignalingLimits): SignalingLimits => ({
  ...limits,
  features: { allowed: [], detail: 'The credential is for channels, and not for calls.' },
});

/** What of a credential was used before its client connected. */
interface Used {
  /** By prefix. */
  readonly usedMsOf: ReadonlyMap<string, number>;
  readonly usesReached: readonly LimitOutcome[];
}

function limitsOf(
  { effective, key, isRelayOnly, ringing, hasLogicNear, pagesUrl, policy }: ResolvedOk,
  { usedMsOf, usesReached }: Used,
): SignalingLimits {
  const { mediaKinds, session } = effective;
  const { media, codecs, features, participants, closesAtMs, isCounted } = policy;
  return {
    expiresAtMs: Math.min(effective.expiresAtMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY),
    seconds: effective.limits.filter(({ kind }) => kind === 'seconds').map(toSecondsLimit(usedMsOf)),
    ...(isRelayOnly ? { isRelayOnly } : {}),
    ...(ringing === undefined ? {} : { ringing }),
    ...(hasLogicNear === true ? { hasLogicNear } : {}),
    ...(pagesUrl === undefined ? {} : { pagesUrl }),
    ...(usesReached.length === 0 ? {} : { usesReached }),
    ...(mediaKinds === undefined ? {} : { mediaKinds }),
    ...(media === undefined ? {} : { media: { kinds: media.allowed, detail: media.refusal.detail } }),
    ...(codecs === undefined ? {} : { codecs: namesIn(codecs) }),
    ...(features === undefined ? {} : { features: namesIn(features) }),
    ...(participants === undefined
      ? {}
      : { participants: { max: participants.max, detail: participants.refusal.detail } }),
    ...(closesAtMs === undefined ? {} : { closesAtMs }),
    ...(isCounted ? { isCounted } : {}),
    ...(session?.startsWith('ses_') ? { sessionId: session } : {}),
  };
}

const namesIn = ({ allowed, refusal }: HeldList) => ({ allowed, detail: refusal.detail });

function principalOf(
  { effective, key, accountId, chain, credentialId }: ResolvedOk,
  { credential, identity, continueUse, review, mayUseChannels, limits }: Holder,
) {
  const { applicationId, instanceType, prefixIds } = effective;
  return {
    accountId,
    accountPath: [...chain].reverse(),
    keyId: key.keyId,
    credentialId,
    prefixIds,
    identity,
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(instanceType === undefined ? {} : { instanceType }),
    limits,
    review,
    mayUseChannels,
    narrow(to: NarrowedTo) {
      const { sessionId } = to;
      continueUse(sessionId);
      const caveats: Restriction[] = [{ type: 'session', session: sessionId }, ...limitCaveats(to)];
      const { username, password } = narrow({ credential, caveats, random: randomBytes(8) });
      return { username, credential: password };
    },
  };
}

/** What is said of the leg besides which session it is of. */
function limitCaveats({ bytesMax, bitsPerSecondMax, region }: NarrowedTo): readonly Restriction[] {
  return [
    ...(bytesMax === undefined ? [] : [{ type: 'bytes', max: bytesMax, counts: 'session' } as const]),
    ...(bitsPerSecondMax === undefined
      ? []
      : [
          {
            type: 'bitRate',
            bitsPerSecond: bitsPerSecondMax,
            burstBytes: Math.ceil(bitsPerSecondMax / 8),
          } as const,
        ]),
    ...(region === undefined ? [] : [{ type: 'regions', regions: [region] } as const]),
  ];
}

const toSecondsLimit =
  (usedMsOf: ReadonlyMap<string, number>) =>
  ({ prefixId, max, counts, outcome }: EffectiveLimit): SecondsLimit => ({
    prefixId,
    seconds: max,
    usedMs: usedMsOf.get(prefixId) ?? 0,
    counts,
    outcome,
  });
