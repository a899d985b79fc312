import type { Gone, Registration } from '@patchbay/domain/presence/registration';
import type { ControlAnswer } from '@patchbay/domain/sessions/control';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type { ChannelLeave, ChannelPlatform } from '../channel-platform.ts';
import type { CalledUser, FarDevice, GuestWord, HomeWord, SessionCredential } from '../peer-words.ts';
import type {
  Authentication,
  CalledEndpoint,
  ClaimAnswer,
  FoundLogic,
  LogicAnswer,
  LogicRequest,
  MediaWord,
  PlatformNotice,
  RelayPlacement,
  SessionClaim,
  SessionEvent,
  SessionEventType,
  SignalingPlatform,
  UsageRecord,
} from '../platform.ts';
import type { NarrowedTo, Principal, SignalingLimits } from '../principal.ts';

export interface MemoryCredential {
  readonly identity: string;
  readonly accountId?: string;
  readonly accountPath?: readonly string[];
  readonly keyId?: string;
  readonly limits?: Partial<SignalingLimits>;
  readonly deviceKind?: DeviceKind;
}

/** The platform in memory: credentials, relay, spool and log are lists that a test can read and change. */
export class MemoryPlatform implements SignalingPlatform {
  readonly usage: UsageRecord[] = [];
  readonly events: SessionEvent[] = [];
  readonly claims: SessionClaim[] = [];
  readonly released: string[] = [];
  claimAnswer: ClaimAnswer = { ok: true };
  readonly left: ChannelLeave[] = [];
  /** What is asked of channels waits for the test's answer. */
  readonly channels: ChannelPlatform = {
    ask: () => new Promise(() => undefined),
    leave: (leave) => this.left.push(leave),
    release: () => undefined,
  };
  readonly continued: (string | undefined)[] = [];
  relay: RelayPlacement | undefined;
  /** What a relay that is not ours takes, in place of a narrowed credential. */
  relayCredential: { readonly username: string; readonly credential: string } | undefined;
  readonly #principals = new Map<string, Principal>();
  readonly #listeners = new Set<(notice: PlatformNotice) => void>();

  /** Makes a credential and gives its token. */
  token({ identity, accountId = 'acc_a', ...rest }: MemoryCredential): string {
    const credentialId = `crd_${this.#principals.size}`;
    const token = `${Buffer.from(`${identity}/${credentialId}`).toString('base64url')}.secret`;
    this.#principals.set(token, {
      accountId,
      accountPath: rest.accountPath ?? [accountId, 'acc_platform'],
      keyId: rest.keyId ?? 'key_1',
      credentialId,
      prefixIds: ['crd_root', credentialId],
      identity,
      ...(rest.deviceKind === undefined ? {} : { deviceKind: rest.deviceKind }),
      limits: { expiresAtMs: Number.MAX_SAFE_INTEGER, seconds: [], ...rest.limits },
      review: async () => {
        const principal = this.#principals.get(token);
        return principal === undefined ? { kind: 'refused' } : { kind: 'holds', limits: principal.limits };
      },
      mayUseChannels: async () => ({ ok: true }),
      narrow: (narrowed) => {
        this.narrowed.push(narrowed);
        const { sessionId } = narrowed;
        return (
          this.relayCredential ?? { username: `${identity}:${sessionId}`, credential: `mac-${credentialId}` }
        );
      },
    });
    return token;
  }

  verify(token: string): Authentication {
    const principal = this.#principals.get(token);
    if (principal !== undefined) return { ok: true, ...principal };
    const problem = {
      type: '/docs/errors/auth.missing',
      code: 'auth.missing',
      title: 'No credential.',
      status: 401,
    };
    return { ok: false, problem };
  }

  authenticate(token: string, context: { readonly continuesCredentialId?: string }): Promise<Authentication> {
    this.continued.push(context.continuesCredentialId);
    return Promise.resolve(this.verify(token));
  }

  claimSession(claim: SessionClaim): Promise<ClaimAnswer> {
    return Promise.resolve(this.answerOf(claim));
  }

  answerOf(claim: SessionClaim): ClaimAnswer {
    this.claims.push(claim);
    const { room, principal } = claim;
    const home = room && this.homes.get(`${principal.accountId} ${room.name}`);
    return this.claimAnswer.ok && home !== undefined ? { ok: true, mediaNodeId: home } : this.claimAnswer;
  }

  /** Media nodes that are the home of rooms, by account and name. */
  readonly homes = new Map<string, string>();

  /** What the logic of an endpoint is, and what its addresses answer. */
  readonly logicOf = new Map<string, FoundLogic>();
  readonly documents = new Map<string, LogicAnswer>();
  readonly asked: LogicRequest[] = [];
  readonly narrowed: NarrowedTo[] = [];

  logicFor({ accountId, endpoint }: CalledEndpoint): FoundLogic {
    return this.logicOf.get(`${accountId} ${endpoint}`) ?? { standing: 'none' };
  }

  findLogic(called: CalledEndpoint): Promise<FoundLogic> {
    return Promise.resolve(this.logicFor(called));
  }

  documentFor(request: LogicRequest): LogicAnswer | undefined {
    this.asked.push(request);
    return this.documents.get(request.url);
  }

  fetchLogic(request: LogicRequest): Promise<LogicAnswer> {
    const unknown = { ok: false, failure: 'unreachable', detail: 'Nobody is there.', attempts: [] } as const;
    return Promise.resolve(this.documentFor(request) ?? unknown);
  }

  releaseSession(sessionId: string): void {
    this.released.push(sessionId);
  }

  placeRelay(): RelayPlacement | undefined {
    return this.relay;
  }

  /** A media node that takes legs, and what it was told. */
  mediaNodeId: string | undefined;
  readonly toldMedia: MediaWord[] = [];
  onMedia: ((word: MediaWord) => void) | undefined;

  placeMedia(preferredNodeId?: string): { readonly nodeId: string } | undefined {
    return this.mediaNodeId === undefined ? undefined : { nodeId: preferredNodeId ?? this.mediaNodeId };
  }

  toMedia(_nodeId: string, word: MediaWord): void {
    this.toldMedia.push(word);
    this.onMedia?.(word);
  }

  /** Devices of other nodes, and what they and the nodes that hold sessions were told. */
  farDevices: FarDevice[] | undefined;
  readonly toldGuests: { readonly nodeId: string; readonly word: HomeWord }[] = [];
  readonly toldHomes: { readonly nodeId: string; readonly word: GuestWord }[] = [];
  readonly registered = new Map<string, Registration>();

  hasPeers(): boolean {
    return this.farDevices !== undefined;
  }

  locate(called: readonly CalledUser[]): Promise<readonly FarDevice[]> {
    return Promise.resolve(this.foundOf(called));
  }

  foundOf(called: readonly CalledUser[]): readonly FarDevice[] {
    return (this.farDevices ?? []).filter(({ principal }) =>
      called.some((one) => one.accountId === principal.accountId && one.identity === principal.identity),
    );
  }

  toGuest(nodeId: string, word: HomeWord): void {
    this.toldGuests.push({ nodeId, word });
  }

  toHome(nodeId: string, word: GuestWord): void {
    this.toldHomes.push({ nodeId, word });
  }

  narrow(from: SessionCredential): SessionCredential {
    return { username: `${from.username}+`, credential: from.credential };
  }

  askPresence(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  register(registration: Registration): void {
    this.registered.set(registration.connectionId, registration);
  }

  unregister({ connectionId }: Gone): void {
    this.registered.delete(connectionId);
  }

  readonly answers = new Map<string, ControlAnswer>();

  answerOrder(orderId: string, answer: ControlAnswer): void {
    this.answers.set(orderId, answer);
  }

  recordUsage(record: UsageRecord): void {
    this.usage.push(record);
  }

  appendSessionEvent(event: SessionEvent): void {
    this.events.push(event);
  }

  subscribe(listener: (notice: PlatformNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(notice: PlatformNotice): void {
    for (const listener of this.#listeners) listener(notice);
  }

  eventsOf(type: SessionEventType): readonly SessionEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** The sum of one meter, of all accounts or of one. */
  used(meter: 'sessions' | 'messages' | 'connectedMs' | 'mediaMs', accountId?: string): number {
    return this.usage
      .filter(({ service }) => service === 'signaling')
      .filter((record) => accountId === undefined || record.accountId === accountId)
      .flatMap(({ quantities }): readonly { meter: string; quantity: number }[] => quantities)
      .filter((quantity) => quantity.meter === meter)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  }
}
