import { type DeviceClaim, deviceKindOf } from '@patchbay/kit/device-kind';
import { clientChannelShapes } from '@patchbay/protocol/signaling/channel-messages';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  authenticationTimeoutMs,
  type ClientFrame,
  type ClientMessageOf,
  closeCodes,
  encodeServerFrame,
  isTransient,
  pingIntervalMs,
  protocolVersion,
  protocolVersionOldest,
  resumeWindowMs,
  type ServerMessage,
  type ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import { Calls } from './calls.ts';
import type { ChannelAnswer, ChannelLeave, ChannelQuestion } from './channel-platform.ts';
import { Channels } from './channels.ts';
import { type Client, ClientTable } from './clients.ts';
import { MessageRate } from './message-rate.ts';
import type { CallRefusal } from './party-rules.ts';
import type {
  Authentication,
  AuthenticationContext,
  CalledEndpoint,
  ClaimAnswer,
  FoundLogic,
  LogicAnswer,
  LogicRequest,
  MediaWord,
  PlatformNotice,
  Principal,
  RelayPlacement,
  SessionClaim,
  SessionEvent,
  SessionSnapshot,
  UsageRecord,
} from './platform.ts';
import { type HelpUrl, Reasons } from './reasons.ts';
import { restoredClient, type SavedState, type StateChange } from './saved-state.ts';
import { countOf } from './session-log.ts';
import { StateChanges } from './state-changes.ts';

/** Three pings missed, and half of one for the way. */
export const silenceMsMax = 3.5 * pingIntervalMs;
/** Connections of one identity at once. One more closes the oldest. */
export const clientsPerIdentityMax = 20;
const clientUsageIntervalMs = 5_000;

export type Input =
  | {
      readonly type: 'opened';
      readonly socketId: string;
      readonly sourceIp: string;
      /** What its request says of the device. */
      readonly device?: Omit<DeviceClaim, 'said'>;
    }
  | { readonly type: 'frame'; readonly socketId: string; readonly frame: ClientFrame }
  | {
      readonly type: 'undecodable';
      readonly socketId: string;
      readonly detail: string;
      readonly isFatal: boolean;
    }
  /** `isFinal`: the client said goodbye (RFC 6455 §7.4.1, codes 1000 and 1001) and will not resume. */
  | { readonly type: 'closed'; readonly socketId: string; readonly isFinal: boolean }
  | { readonly type: 'verified'; readonly socketId: string; readonly authentication: Authentication }
  | { readonly type: 'claimed'; readonly claimId: string; readonly answer: ClaimAnswer }
  | { readonly type: 'logicFound'; readonly sessionId: string; readonly found: FoundLogic }
  | { readonly type: 'logicFetched'; readonly sessionId: string; readonly answer: LogicAnswer }
  | { readonly type: 'channelAnswered'; readonly askId: string; readonly answer: ChannelAnswer }
  /** What waits to be written to it is as much as may wait. */
  | { readonly type: 'slow'; readonly socketId: string }
  | { readonly type: 'notice'; readonly notice: PlatformNotice }
  | { readonly type: 'drain' }
  /** The node goes: what is live ends, and is recorded. */
  | { readonly type: 'stop' }
  | { readonly type: 'tick' };

export type Action =
  | {
      readonly type: 'authenticate';
      readonly socketId: string;
      readonly token: string;
      readonly context: AuthenticationContext;
    }
  /** Answer with `claimed`. */
  | { readonly type: 'claim'; readonly claimId: string; readonly claim: SessionClaim }
  /** Answer with `logicFound`. */
  | { readonly type: 'findLogic'; readonly sessionId: string; readonly called: CalledEndpoint }
  /** Answer with `logicFetched`. */
  | { readonly type: 'fetchLogic'; readonly sessionId: string; readonly request: LogicRequest }
  /** Answer with `channelAnswered`. */
  | { readonly type: 'askChannel'; readonly askId: string; readonly question: ChannelQuestion }
  | { readonly type: 'leaveChannel'; readonly leave: ChannelLeave }
  | { readonly type: 'releaseChannels'; readonly connectionId: string }
  | { readonly type: 'release'; readonly sessionId: string }
  | { readonly type: 'toMedia'; readonly nodeId: string; readonly word: MediaWord }
  | { readonly type: 'send'; readonly socketId: string; readonly source: string }
  /** As `send`, unless too much waits for the socket already: then say `slow`. */
  | { readonly type: 'deliver'; readonly socketId: string; readonly source: string }
  | { readonly type: 'close'; readonly socketId: string; readonly code: number; readonly reason: string }
  | { readonly type: 'recordUsage'; readonly record: UsageRecord }
  | { readonly type: 'appendSessionEvent'; readonly event: SessionEvent }
  /** Nothing was done. The reason becomes a metric's label. */
  | { readonly type: 'drop'; readonly reason: string };

export interface MachinePorts {
  readonly region: string;
  readonly helpUrl: HelpUrl;
  /** Of the live state: part of each resume token, so that a client of another one is told why it is not known. */
  readonly lineage: string;
  placeRelay(sessionId: string): RelayPlacement | undefined;
  placeMedia(): { readonly nodeId: string } | undefined;
  /** What another process knew that served these clients before. */
  readonly saved?: SavedState;
  /** Unguessable: a resume token is one. */
  newId(prefix: 'ses' | 'leg' | 'con' | 'res'): string;
}

interface Socket {
  readonly socketId: string;
  readonly sourceIp: string;
  /** The instance that the client says it is; one that says nothing is new with each connection. */
  clientKey: string;
  device: DeviceClaim;
  readonly openedAtMs: number;
  readonly rate: MessageRate;
  /** The frame whose token is being verified. One at a time. */
  verifying: ClientMessageOf<'authenticate'> | ClientMessageOf<'renew'> | undefined;
  client: Client | undefined;
}

/**
 * Signaling without sockets, clock, randomness or keys: inputs and the time go in, actions come out. The shell does
 * what the actions say and decides nothing.
 */
export class SessionMachine {
  readonly #ports: MachinePorts;
  readonly #reasons: Reasons;
  readonly #sockets = new Map<string, Socket>();
  readonly #clients = new ClientTable();
  readonly #calls: Calls;
  readonly #channels: Channels;
  readonly #changes: StateChanges;
  /** When this process took up what another one held. */
  #restoredAtMs: number | undefined;
  #actions: Action[] = [];
  #nowMs = 0;

  constructor(ports: MachinePorts) {
    this.#ports = ports;
    this.#reasons = new Reasons(ports.helpUrl);
    this.#calls = new Calls({
      region: ports.region,
      reasons: this.#reasons,
      clients: this.#clients,
      newId: (prefix) => ports.newId(prefix),
      placeRelay: (sessionId) => ports.placeRelay(sessionId),
      placeMedia: () => ports.placeMedia(),
      toMedia: (nodeId, word) => this.#actions.push({ type: 'toMedia', nodeId, word }),
      claim: (claimId, claim) => this.#actions.push({ type: 'claim', claimId, claim }),
      findLogic: (sessionId, called) => this.#actions.push({ type: 'findLogic', sessionId, called }),
      fetchLogic: (sessionId, request) => this.#actions.push({ type: 'fetchLogic', sessionId, request }),
      release: (sessionId) => this.#actions.push({ type: 'release', sessionId }),
      refuse: (client, refusal, sessionId) => this.#refuse(client, refusal, sessionId),
      send: (client, message) => this.#send(client, message),
      changed: (session) => this.#changes.session(session),
      recordUsage: (record) => this.#actions.push({ type: 'recordUsage', record }),
      appendSessionEvent: (event) => this.#actions.push({ type: 'appendSessionEvent', event }),
    });
    this.#channels = new Channels({
      region: ports.region,
      reasons: this.#reasons,
      send: (client, message) => this.#send(client, message),
      deliver: (client, message) => this.#deliver(client, message),
      ask: (askId, question) => this.#actions.push({ type: 'askChannel', askId, question }),
      leave: (leave) => this.#actions.push({ type: 'leaveChannel', leave }),
      release: (connectionId) => this.#actions.push({ type: 'releaseChannels', connectionId }),
      recordUsage: (record) => this.#actions.push({ type: 'recordUsage', record }),
    });
    this.#changes = new StateChanges({
      // A leg of the platform's own is not taken up again: its node ends it with the line to this process.
      clients: () => this.#clients.all().filter(({ media }) => media === undefined),
      sessions: () => this.#calls.all(),
      hasClient: (connectionId) => this.#clients.byConnection(connectionId) !== undefined,
      hasSession: (sessionId) => this.#calls.has(sessionId),
      usedMsOf: (prefixId) => this.#calls.usedMsOf(prefixId, this.#nowMs),
    });
    if (ports.saved !== undefined) this.#restore(ports.saved);
  }

  #restore(saved: SavedState): void {
    for (const connectionId of saved.clients.keys()) {
      const client = restoredClient(connectionId, saved);
      if (client !== undefined) this.#clients.add(client);
    }
    this.#calls.restore(saved);
  }

  /** What the inputs since the last call changed. Nothing that they brought about may leave before this is kept. */
  takeChanges(): readonly StateChange[] {
    return this.#changes.take();
  }

  /** All of the live state, as changes to nothing. */
  state(): Iterable<StateChange> {
    return this.#changes.all();
  }

  snapshot(): readonly SessionSnapshot[] {
    return this.#calls.snapshot();
  }

  /** Whose clients are here, each credential once. */
  principalsOf(accountId: string): readonly Principal[] {
    const own = [...this.#clients.all()].map(({ principal }) => principal);
    const byCredential = own
      .filter((principal) => principal.accountId === accountId)
      .map((principal) => [principal.credentialId, principal] as const);
    return [...new Map(byCredential).values()];
  }

  get sessionCount(): number {
    return this.#calls.sessionCount;
  }

  handle(input: Input, nowMs: number): readonly Action[] {
    this.#actions = [];
    this.#nowMs = nowMs;
    this.#restoredAtMs ??= this.#ports.saved === undefined ? undefined : nowMs;
    switch (input.type) {
      case 'opened':
        this.#open(input, nowMs);
        break;
      case 'frame':
        this.#receive(input.socketId, input.frame, nowMs);
        break;
      case 'undecodable':
        this.#refuseUndecodable(input);
        break;
      case 'closed':
        this.#closed(input.socketId, input.isFinal, nowMs);
        break;
      case 'verified':
        this.#verified(input.socketId, input.authentication, nowMs);
        break;
      case 'claimed':
        this.#calls.claimed(input.claimId, input.answer, nowMs);
        break;
      case 'logicFound':
        this.#calls.logicFound(input.sessionId, input.found, nowMs);
        break;
      case 'logicFetched':
        this.#calls.logicFetched(input.sessionId, input.answer, nowMs);
        break;
      case 'channelAnswered':
        this.#channels.answered(input.askId, input.answer, nowMs);
        break;
      case 'slow': {
        const slow = this.#sockets.get(input.socketId)?.client;
        if (slow !== undefined) this.#channels.tooSlow(slow, nowMs);
        break;
      }
      case 'notice':
        this.#obey(input.notice, nowMs);
        break;
      case 'drain':
        this.#calls.isDraining = true;
        break;
      case 'stop':
        for (const client of this.#clients.all()) {
          this.#dismiss(client, 'signaling.node_stopped', { code: closeCodes.draining, nowMs });
        }
        this.#calls.stop(nowMs);
        break;
      case 'tick':
        this.#tick(nowMs);
        break;
    }
    this.#channels.rest();
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  // Sockets, and who is behind them.

  #open(
    { socketId, sourceIp, device = {} }: Extract<Input, { readonly type: 'opened' }>,
    openedAtMs: number,
  ): void {
    const rate = new MessageRate();
    this.#sockets.set(socketId, {
      socketId,
      sourceIp,
      clientKey: `connection:${socketId}`,
      device,
      openedAtMs,
      rate,
      verifying: undefined,
      client: undefined,
    });
  }

  #receive(socketId: string, frame: ClientFrame, nowMs: number): void {
    const socket = this.#sockets.get(socketId);
    if (socket === undefined) {
      this.#drop('socket_unknown');
      return;
    }
    if (!socket.rate.admit(nowMs)) {
      this.#close(socket, closeCodes.tooFast, 'signaling.too_fast');
      return;
    }
    const { client } = socket;
    if (client === undefined) {
      const isFirst = frame.type === 'authenticate' && socket.verifying === undefined;
      if (!isFirst) {
        this.#close(socket, closeCodes.unauthenticated, 'The first frame is authenticate.');
        return;
      }
      this.#verify(socket, frame);
      return;
    }
    client.lastHeardAtMs = nowMs;
    if (frame.type === 'renew') {
      this.#verify(socket, frame);
      return;
    }
    if (!client.inbox.admit(frame)) {
      this.#drop('frame_repeated');
      return;
    }
    if (!isTransient(frame.type)) this.#changes.client(client);
    this.#dispatch(client, frame, nowMs);
  }

  #verify(socket: Socket, frame: ClientMessageOf<'authenticate'> | ClientMessageOf<'renew'>): void {
    if (socket.verifying !== undefined) {
      this.#drop('verification_running');
      return;
    }
    socket.verifying = frame;
    if (frame.type === 'authenticate' && frame.instanceId !== undefined)
      socket.clientKey = `client:${frame.instanceId}`;
    if (frame.type === 'authenticate') socket.device = { ...socket.device, said: frame.device };
    const continued =
      frame.type === 'renew' ? socket.client : this.#clients.byResumeToken(frame.resumeToken ?? '');
    const continuesCredentialId = continued?.principal.credentialId;
    this.#actions.push({
      type: 'authenticate',
      socketId: socket.socketId,
      token: frame.token,
      context: {
        sourceIp: socket.sourceIp,
        clientKey: socket.clientKey,
        deviceKind: deviceKindOf(socket.device),
        ...(continuesCredentialId === undefined ? {} : { continuesCredentialId }),
      },
    });
  }

  #verified(socketId: string, authentication: Authentication, nowMs: number): void {
    const socket = this.#sockets.get(socketId);
    const frame = socket?.verifying;
    if (socket === undefined || frame === undefined) {
      this.#drop('socket_gone');
      return;
    }
    socket.verifying = undefined;
    if (frame.type === 'renew') {
      this.#renew(socket, authentication, nowMs);
      return;
    }
    if (!authentication.ok) {
      this.#sendTo(socket, { type: 'error', problem: authentication.problem });
      this.#close(socket, closeCodes.unauthenticated, authentication.problem.code);
      return;
    }
    if (frame.protocolVersion < protocolVersionOldest) {
      const problem = this.#reasons.problem('signaling.version_unsupported');
      this.#sendTo(socket, { type: 'error', problem });
      this.#close(socket, closeCodes.malformed, problem.code);
      return;
    }
    const { ok: _ok, ...principal } = authentication;
    const resumption = this.#resumption(frame, principal, nowMs);
    if ('client' in resumption) this.#resume(socket, { ...resumption, principal }, nowMs);
    else this.#admit(socket, { principal, ...resumption }, nowMs);
  }

  #admit(
    socket: Socket,
    { principal, loss }: { readonly principal: Principal; readonly loss?: EndingCode },
    nowMs: number,
  ): void {
    const peers = this.#clients.ofIdentity(principal.accountId, principal.identity);
    const oldest = peers[0];
    if (oldest !== undefined && peers.length >= clientsPerIdentityMax) {
      this.#dismiss(oldest, 'signaling.connection_lost', { code: closeCodes.replaced, nowMs });
    }
    const client: Client = {
      connectionId: this.#ports.newId('con'),
      resumeToken: `${this.#ports.lineage}:${this.#ports.newId('res')}`,
      outbox: new Outbox<ServerMessage>(encodeServerFrame),
      inbox: new Inbox(),
      sessionIds: new Set(),
      principal,
      socketId: socket.socketId,
      isLeftBehind: false,
      detachedAtMs: 0,
      lastHeardAtMs: nowMs,
      messageCount: 0,
      messagesSinceMs: nowMs,
    };
    socket.client = client;
    this.#clients.add(client);
    this.#changes.client(client);
    this.#welcome(client, principal, {
      resumed: false,
      ...(loss === undefined ? {} : { lossReason: this.#reasons.ending(loss) }),
    });
  }

  /** The earlier connection of the same identity that can be taken up whole, or why the one that is asked for is lost. */
  #resumption(
    { resumeToken, lastSequence = 0 }: ClientMessageOf<'authenticate'>,
    principal: Principal,
    nowMs: number,
  ): Resumption {
    if (resumeToken === undefined) return {};
    const client = this.#clients.byResumeToken(resumeToken);
    if (client === undefined || !isSameIdentity(client.principal, principal)) {
      const isOurs = resumeToken.startsWith(`${this.#ports.lineage}:`);
      return { loss: isOurs ? 'signaling.connection_lost' : 'signaling.node_lost' };
    }
    const missed = client.outbox.after(lastSequence);
    if (missed !== undefined) return { client, missed };
    // Whoever has heard more than was ever said here heard it from a process whose last words were lost with its machine.
    const loss =
      lastSequence > client.outbox.lastSequence ? 'signaling.node_lost' : 'signaling.connection_lost';
    this.#dismiss(client, loss, { code: closeCodes.replaced, nowMs });
    return { loss };
  }

  #resume(
    socket: Socket,
    { client, missed, principal }: { client: Client; missed: readonly string[]; principal: Principal },
    nowMs: number,
  ): void {
    const former = client.socketId === undefined ? undefined : this.#sockets.get(client.socketId);
    if (former !== undefined)
      this.#close(former, closeCodes.replaced, 'Another connection took this one up.');
    this.#calls.resuming(client, nowMs);
    client.socketId = socket.socketId;
    client.isLeftBehind = false;
    client.lastHeardAtMs = nowMs;
    this.#changes.client(client);
    socket.client = client;
    this.#welcome(client, principal, { resumed: true });
    for (const source of missed) this.#actions.push({ type: 'send', socketId: socket.socketId, source });
    this.#adopt(client, principal, nowMs);
  }

  #welcome(
    client: Client,
    { accountId, identity, limits }: Principal,
    resumption: Pick<ServerMessageOf<'authenticated'>, 'resumed' | 'lossReason'>,
  ): void {
    this.#send(client, {
      type: 'authenticated',
      protocolVersion,
      connectionId: client.connectionId,
      identity,
      accountId,
      resumeToken: client.resumeToken,
      ...resumption,
      receivedSequence: client.inbox.lastSequence,
      expiresAtMs: limits.expiresAtMs,
      relayUrls: this.#ports.placeRelay(client.connectionId)?.urls ?? [],
      sessions: this.#calls.resumedSessions(client),
      helpUrl: this.#reasons.pagesUrl,
    });
  }

  #renew(socket: Socket, authentication: Authentication, nowMs: number): void {
    const { client } = socket;
    if (client === undefined) {
      this.#drop('socket_gone');
      return;
    }
    if (!authentication.ok) {
      this.#send(client, { type: 'error', problem: authentication.problem });
      return;
    }
    const { ok: _ok, ...principal } = authentication;
    if (!isSameIdentity(client.principal, principal)) {
      this.#refuse(client, { refusal: 'signaling.identity_changed' });
      return;
    }
    this.#adopt(client, principal, nowMs);
    this.#send(client, { type: 'renewed', expiresAtMs: principal.limits.expiresAtMs });
  }

  #adopt(client: Client, principal: Principal, nowMs: number): void {
    const isSameCredential = client.principal.credentialId === principal.credentialId;
    if (!isSameCredential) {
      this.#calls.flushUsageOf(client, nowMs);
      this.#flushClientUsage(client, nowMs);
    }
    client.principal = principal;
    this.#changes.client(client);
    if (isSameCredential) return;
    this.#calls.renewed(client, nowMs);
    this.#channels.doubt(client);
  }

  #closed(socketId: string, isFinal: boolean, nowMs: number): void {
    const client = this.#sockets.get(socketId)?.client;
    this.#sockets.delete(socketId);
    if (client === undefined || client.socketId !== socketId) return;
    this.#detach(client);
    if (isFinal) this.#dismiss(client, 'signaling.hung_up', { code: closeCodes.replaced, nowMs });
  }

  /** A client goes for good. */
  #dismiss(
    client: Client,
    code: EndingCode,
    { code: closeCode, nowMs }: { code: number; nowMs: number },
  ): void {
    this.#calls.leave(client, code, { nowMs });
    this.#channels.detached(client, nowMs);
    this.#flushClientUsage(client, nowMs);
    const socket = client.socketId === undefined ? undefined : this.#sockets.get(client.socketId);
    if (socket !== undefined) this.#close(socket, closeCode, code);
    this.#clients.remove(client);
    this.#changes.client(client);
  }

  // Frames of a client that is known.

  #dispatch(client: Client, frame: ClientFrame, nowMs: number): void {
    this.#countMessage(client, frame);
    switch (frame.type) {
      case 'ping':
        client.outbox.acknowledge(frame.lastSequence);
        this.#send(client, {
          type: 'pong',
          nonce: frame.nonce,
          receivedSequence: client.inbox.lastSequence,
        });
        break;
      case 'call':
        this.#calls.place(client, frame, nowMs);
        break;
      case 'accept':
        this.#answerRefusal(client, this.#calls.accept(client, frame, nowMs), frame.sessionId);
        break;
      case 'reject':
        this.#answerRefusal(client, this.#calls.reject(client, frame, nowMs), frame.sessionId);
        break;
      case 'hangup':
        this.#answerRefusal(client, this.#calls.hangUp(client, frame, nowMs), frame.sessionId);
        break;
      case 'authenticate':
      case 'renew':
        this.#drop('authenticated_already');
        break;
      case 'subscribe':
        this.#channels.subscribe(client, frame, nowMs);
        break;
      case 'unsubscribe':
        this.#channels.unsubscribe(client, frame, nowMs);
        break;
      case 'publish':
        this.#channels.publish(client, frame);
        break;
      case 'history':
        this.#channels.history(client, frame);
        break;
      case 'members':
        this.#channels.members(client, frame);
        break;
      default:
        this.#dispatchToLeg(client, frame, nowMs);
        break;
    }
  }

  #dispatchToLeg(
    client: Client,
    frame: Extract<ClientFrame, { type: 'signal' | 'connected' | 'quality' | 'media' | 'relayNeeded' }>,
    nowMs: number,
  ): void {
    const party = this.#calls.find(client, frame.sessionId);
    // A frame that crossed the end of its session on the way is nobody's fault.
    if (party === undefined) {
      this.#drop('session_unknown');
      return;
    }
    switch (frame.type) {
      case 'signal':
        this.#calls.signal(party, frame, nowMs);
        break;
      case 'connected':
        this.#calls.connected(party, frame, nowMs);
        break;
      case 'quality':
        this.#calls.quality(party, frame, nowMs);
        break;
      case 'relayNeeded':
        this.#calls.needRelay(party, frame, nowMs);
        break;
      case 'media':
        this.#answerRefusal(client, this.#calls.changeMedia(party, frame, nowMs), frame.sessionId);
        break;
    }
  }

  #answerRefusal(client: Client, refusal: CallRefusal | undefined, sessionId: string): void {
    if (refusal !== undefined) this.#refuse(client, refusal, sessionId);
  }

  #refuse(client: Client, { refusal, detail }: CallRefusal, sessionId?: string): void {
    const problem = this.#reasons.problem(refusal, detail);
    this.#send(client, { type: 'error', problem, ...(sessionId === undefined ? {} : { sessionId }) });
  }

  #refuseUndecodable({
    socketId,
    detail,
    isFatal,
  }: {
    socketId: string;
    detail: string;
    isFatal: boolean;
  }): void {
    const socket = this.#sockets.get(socketId);
    if (socket === undefined) {
      this.#drop('socket_unknown');
      return;
    }
    if (!isFatal) {
      this.#drop('frame_unknown');
      return;
    }
    this.#sendTo(socket, {
      type: 'error',
      problem: this.#reasons.problem('signaling.frame_malformed', detail),
    });
    this.#close(socket, closeCodes.malformed, 'signaling.frame_malformed');
  }

  #countMessage(client: Client, frame: ClientFrame): void {
    // What is said of channels is counted as such.
    if (frame.type === 'ping' || Object.hasOwn(clientChannelShapes, frame.type)) return;
    const isOfLeg = 'sessionId' in frame && this.#calls.countMessage(client, frame.sessionId);
    if (!isOfLeg) client.messageCount += 1;
  }

  // What the platform says, and what time brings.

  #obey(notice: PlatformNotice, nowMs: number): void {
    switch (notice.type) {
      case 'endSession':
        this.#calls.endById(notice.sessionId, notice.reason, nowMs);
        break;
      case 'revokeCredential':
        this.#expel({ code: 'credential.revoked' }, nowMs, ({ prefixIds }) =>
          prefixIds.includes(notice.credentialId),
        );
        break;
      case 'policyRefused':
        this.#expel(
          { code: notice.code, detail: notice.detail },
          nowMs,
          ({ credentialId }) => credentialId === notice.credentialId,
        );
        break;
      case 'revokeKey':
        this.#expel({ code: 'credential.revoked' }, nowMs, ({ keyId }) => keyId === notice.keyId);
        break;
      case 'suspendAccount':
        this.#expel({ code: 'account.suspended' }, nowMs, ({ accountPath }) =>
          accountPath.includes(notice.accountId),
        );
        break;
      case 'limitsChanged':
        for (const client of this.#clients.all()) {
          if (client.principal.credentialId !== notice.credentialId) continue;
          client.principal = { ...client.principal, limits: notice.limits };
          this.#calls.limitsChanged(client, nowMs);
          this.#channels.doubt(client);
        }
        break;
      case 'relayAlive':
        this.#calls.relayAlive(notice.nodeId, notice.boot, nowMs);
        break;
      case 'relayDead':
        this.#calls.relayDead(notice.nodeId, nowMs);
        break;
      case 'relayDraining':
        this.#calls.relayDraining(notice.nodeId, nowMs);
        break;
      case 'allocationEnded':
        this.#calls.allocationEnded(notice, nowMs);
        break;
      case 'relayLine':
        if (this.#calls.relayLine(notice, nowMs) === 'dropped') this.#drop('relay_line_unplaced');
        break;
      case 'channelMessage':
      case 'channelPresence':
      case 'channelsChanged':
      case 'busGap':
        this.#channels.obey(notice, nowMs);
        break;
      case 'mediaFrame':
      case 'mediaSounded':
      case 'mediaLegLost':
      case 'mediaDead':
        this.#calls.mediaSays(notice, nowMs);
        break;
    }
  }

  #expel(
    { code, detail }: { readonly code: EndingCode; readonly detail?: string },
    nowMs: number,
    concerns: (principal: Principal) => boolean,
  ): void {
    for (const client of this.#clients.all()) {
      if (concerns(client.principal)) {
        this.#calls.leave(client, code, { nowMs, detail });
        this.#send(client, { type: 'error', problem: this.#reasons.expulsion(code, detail) });
        this.#dismiss(client, code, { code: closeCodes.credentialEnded, nowMs });
      }
    }
  }

  #tick(nowMs: number): void {
    for (const socket of this.#sockets.values()) {
      if (socket.client === undefined && nowMs - socket.openedAtMs >= authenticationTimeoutMs) {
        this.#close(socket, closeCodes.timedOut, 'No authenticate frame in time.');
      }
    }
    // An ended credential ends its sessions before a limit or a timeout could give them another reason.
    this.#expel({ code: 'credential.expired' }, nowMs, ({ limits }) => nowMs >= limits.expiresAtMs);
    this.#expel(
      { code: 'policy.refused', detail: 'times does not allow it any longer.' },
      nowMs,
      ({ limits }) => limits.closesAtMs !== undefined && nowMs >= limits.closesAtMs,
    );
    for (const client of this.#clients.all()) {
      if (nowMs - client.messagesSinceMs >= clientUsageIntervalMs) this.#flushClientUsage(client, nowMs);
      this.#noticeSilence(client, nowMs);
    }
    this.#calls.tick(nowMs);
    this.#channels.tick(nowMs);
  }

  #noticeSilence(client: Client, nowMs: number): void {
    if (client.media !== undefined) return;
    const socket = client.socketId === undefined ? undefined : this.#sockets.get(client.socketId);
    if (socket === undefined) {
      // While there was no node, nobody could come back to it.
      const absentSinceMs = Math.max(client.detachedAtMs, this.#restoredAtMs ?? 0);
      if (nowMs - absentSinceMs >= resumeWindowMs) {
        const code = client.isLeftBehind ? 'signaling.node_lost' : 'signaling.connection_lost';
        this.#dismiss(client, code, { code: closeCodes.timedOut, nowMs });
      }
    } else if (nowMs - client.lastHeardAtMs >= silenceMsMax) {
      this.#close(socket, closeCodes.timedOut, 'Nothing was heard for too long.');
    }
  }

  #flushClientUsage(client: Client, nowMs: number): void {
    const fromMs = client.messagesSinceMs;
    client.messagesSinceMs = nowMs;
    const quantities = countOf('messages', client.messageCount);
    client.messageCount = 0;
    if (quantities.length === 0) return;
    this.#changes.client(client);
    const { accountId, applicationId, credentialId } = client.principal;
    this.#actions.push({
      type: 'recordUsage',
      record: {
        accountId,
        ...(applicationId === undefined ? {} : { applicationId }),
        credentialId,
        segment: 0,
        service: 'signaling',
        region: this.#ports.region,
        modality: 'data',
        fromMs,
        toMs: nowMs,
        quantities,
      },
    });
  }

  // Ways out.

  #send(client: Client, message: ServerMessage): void {
    if (this.#calls.tellMedia(client, message)) return;
    const source = client.outbox.stamp(message);
    if (!isTransient(message.type))
      this.#changes.frame(client, { sequence: client.outbox.lastSequence, source });
    if (client.socketId !== undefined)
      this.#actions.push({ type: 'send', socketId: client.socketId, source });
  }

  /** What of a channel comes to a client. It is read again when it does not arrive. */
  #deliver(client: Client, message: ServerMessage): void {
    const { socketId } = client;
    if (socketId !== undefined)
      this.#actions.push({ type: 'deliver', socketId, source: client.outbox.stamp(message) });
  }

  /** To a socket behind which there is no client yet. */
  #sendTo(socket: Socket, message: ServerMessage): void {
    if (socket.client !== undefined) {
      this.#send(socket.client, message);
      return;
    }
    const source = encodeServerFrame({ ...message, sequence: 0 });
    this.#actions.push({ type: 'send', socketId: socket.socketId, source });
  }

  #close(socket: Socket, code: number, reason: string): void {
    this.#actions.push({ type: 'close', socketId: socket.socketId, code, reason });
    this.#sockets.delete(socket.socketId);
    const { client } = socket;
    if (client?.socketId === socket.socketId) this.#detach(client);
  }

  #detach(client: Client): void {
    client.socketId = undefined;
    client.detachedAtMs = this.#nowMs;
    this.#channels.detached(client, this.#nowMs);
    this.#changes.client(client);
  }

  #drop(reason: string): void {
    this.#actions.push({ type: 'drop', reason });
  }
}

type Resumption =
  | { readonly client: Client; readonly missed: readonly string[] }
  | { readonly loss?: EndingCode };

function isSameIdentity(one: Principal, other: Principal): boolean {
  return one.accountId === other.accountId && one.identity === other.identity;
}
