import { SIGNALING_RECORD_MS_MAX } from '@patchbay/domain/metering/record-span';
import { type ControlAnswer, type ControlOrder, isStale } from '@patchbay/domain/sessions/control';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import type {
  ClientMessageOf,
  EndReason,
  Media,
  ResumedSession,
  ServerMessage,
  SignalData,
} from '@patchbay/protocol/signaling/messages';
import { CallLogic, calledUser, dialledLegId } from './call-logic.ts';
import {
  CallPlacing,
  type CallTarget,
  PARTIES_OF_CALL,
  type Placing,
  sessionsPerClientMax,
} from './call-placing.ts';
import type { CallPorts } from './call-ports.ts';
import { CallRinging } from './call-ringing.ts';
import { CallTransfer } from './call-transfer.ts';
import type { Client } from './clients.ts';
import { CodecAgreement } from './codec-agreement.ts';
import { ConnectedSeconds } from './connected-seconds.ts';
import { iceServersFor } from './ice-servers.ts';
import { MediaBridges } from './media-bridges.ts';
import { MediaLegs } from './media-legs.ts';
import { MediaRecovery } from './media-recovery.ts';
import { nameSeenBy } from './name-seen-by.ts';
import {
  type CallRefusal,
  featureRefusal,
  kindOutside,
  mediaRefusal,
  participantsRefusal,
} from './party-rules.ts';
import type { CalledUser } from './peer-words.ts';
import type {
  AllocationEnded,
  ClaimAnswer,
  FoundLogic,
  LogicAnswer,
  MediaNotice,
  RelayLineNotice,
  SessionSnapshot,
} from './platform.ts';
import type { Principal } from './principal.ts';
import type { Ending } from './reasons.ts';
import { RefusedCalls } from './refused-calls.ts';
import { RelayLines, relayLimitKey } from './relay-lines.ts';
import { restoredSession, type SavedState } from './saved-state.ts';
import {
  dependsOnRelay,
  isBridged,
  isRelayDenied,
  type Leg,
  legOf,
  legsOf,
  modalityOf,
  modeOf,
  newSession,
  type Party,
  peerOf,
  relayDenied,
  type Session,
  snapshotOf,
} from './session.ts';
import { controlOf, SessionControl } from './session-control.ts';
import { ruleIn, SessionLimits } from './session-limits.ts';
import { SessionRecords } from './session-records.ts';

const qualityIntervalMsMin = 900;

/** The rules of calls between clients. Knows no socket and no clock; what it decides leaves by its ports. */
export class Calls {
  readonly #ports: CallPorts;
  readonly #sessions = new Map<string, Session>();
  readonly #seconds = new ConnectedSeconds();
  readonly #records: SessionRecords;
  readonly #refused: RefusedCalls;
  readonly #placing: CallPlacing;
  readonly #logic: CallLogic;
  readonly #ringing: CallRinging;
  readonly #mediaLegs: MediaLegs;
  readonly #bridges: MediaBridges;
  readonly #codecs: CodecAgreement;
  readonly #recovery: MediaRecovery;
  readonly #relayLines: RelayLines;
  readonly #limits: SessionLimits;
  readonly #control: SessionControl;
  readonly #transfer: CallTransfer;
  isDraining = false;

  constructor(ports: CallPorts) {
    this.#ports = ports;
    this.#records = new SessionRecords(ports);
    this.#refused = new RefusedCalls(ports);
    this.#relayLines = new RelayLines(ports);
    const { clients, reasons } = ports;
    const log: SessionRecords['log'] = (session, atMs, line) => this.#records.log(session, atMs, line);
    const send = (client: Client, message: ServerMessage) => ports.send(client, message);
    const end = (session: Session, reason: EndReason, nowMs: number) => this.end(session, reason, nowMs);
    this.#ringing = new CallRinging({
      clients,
      reasons,
      records: this.#records,
      send,
      end,
      refuse: (client, refusal, sessionId) => ports.refuse(client, refusal, sessionId),
      changed: (session) => ports.changed(session),
      logic: () => this.#logic,
      placing: () => this.#placing,
      transfer: () => this.#transfer,
      control: () => this.#control,
      session: (sessionId) => this.#sessions.get(sessionId),
      start: (session, nowMs) => this.#start(session, nowMs),
    });
    this.#codecs = new CodecAgreement({ reasons, log, send, end });
    this.#limits = new SessionLimits({ reasons, seconds: this.#seconds, log, send, end });
    this.#bridges = new MediaBridges({
      placeMedia: () => ports.placeMedia(),
      toMedia: (nodeId, word) => ports.toMedia(nodeId, word),
      changed: (session) => ports.changed(session),
      session: (sessionId) => this.#sessions.get(sessionId),
      sessions: () => this.#sessions.values(),
      say: (session, said, nowMs) => this.#pass(session, said, nowMs),
      controlOf,
      lost: (session, nowMs) => this.#recovery.mediaLost(session, nowMs),
    });
    this.#control = new SessionControl({
      reasons,
      log,
      bridges: this.#bridges,
      send,
      limits: this.#limits,
      changed: (session) => ports.changed(session),
      feed: (session, input, nowMs) => this.#logic.feed(session, input, nowMs),
      recover: (session, why, nowMs) => this.#recovery.recover(session, why, nowMs),
      move: (session, mode, nowMs) => this.#recovery.move(session, mode, nowMs),
      end: (session, ending, nowMs) => this.end(session, ending, nowMs),
      isLive: ({ sessionId }) => this.#sessions.has(sessionId),
      transfer: (session, asked, nowMs) => this.#transfer.begin(session, asked, nowMs),
    });
    this.#recovery = new MediaRecovery({
      reasons,
      log,
      bridges: this.#bridges,
      send,
      end,
      placeRelay: (sessionId) => ports.placeRelay(sessionId),
      changed: (session) => ports.changed(session),
      sessions: () => this.#sessions.values(),
      start: (session, nowMs) => this.#start(session, nowMs),
    });
    this.#placing = new CallPlacing({
      clients,
      reasons,
      send,
      refusedCalls: this.#refused,
      newId: (prefix) => ports.newId(prefix),
      findLogic: (sessionId, called) => ports.findLogic(sessionId, called),
      claim: (claimId, claim) => ports.claim(claimId, claim),
      release: (sessionId) => ports.release(sessionId),
      isDraining: () => this.isDraining,
      locate: (called, nowMs, goOn) => ports.locate(called, nowMs, goOn),
      begin: (placing, target, nowMs) => this.#begin(placing, target, nowMs),
      answerClaimed: (client, { frame, refused, nowMs }) => {
        const refusal = refused ?? this.#ringing.join(client, frame, nowMs);
        if (refusal !== undefined) this.#ringing.refuseAnswer(client, { frame, refusal, nowMs });
      },
    });
    this.#transfer = new CallTransfer({
      clients,
      reasons,
      send,
      seconds: this.#seconds,
      records: this.#records,
      recovery: this.#recovery,
      bridges: this.#bridges,
      newId: (prefix) => ports.newId(prefix),
      changed: (session) => ports.changed(session),
      reach: (client, to) => this.#placing.reach(client, to),
      ring: (session, device, legId) => this.#ringing.ring(session, device, legId),
      stopRinging: (session, device) =>
        this.#ringing.stopRinging(session, device, 'signaling.answered_elsewhere'),
      feed: (session, input, nowMs) => this.#logic.feed(session, input, nowMs),
      end: (session, reason, nowMs) => this.end(session, reason, nowMs),
    });
    this.#mediaLegs = new MediaLegs({
      clients,
      placeMedia: (preferred) => ports.placeMedia(preferred),
      toMedia: (nodeId, word) => ports.toMedia(nodeId, word),
      claim: (claimId, claim) => ports.claim(claimId, claim),
      session: (sessionId) => this.#sessions.get(sessionId),
      feed: (session, input, nowMs) => this.#logic.feed(session, input, nowMs),
      note: (session, note, nowMs) => {
        const { type, data } = note;
        const { callee: leg } = session;
        if (leg === undefined) return;
        if (type === 'room.joined') leg.room = data.room;
        if (type === 'room.left') delete leg.room;
        log(session, nowMs, { type, data, leg });
      },
      join: (session, party, nowMs) =>
        this.#ringing.seat(session, { ...party, legId: session.calleeLegId }, nowMs),
      say: (client, message, nowMs) => this.#hearMedia(client, message, nowMs),
      end: (session, { code, detail }, nowMs) => end(session, reasons.ending(code, detail), nowMs),
    });
    this.#logic = new CallLogic({
      clients,
      reasons,
      log,
      send,
      end,
      newId: (prefix) => ports.newId(prefix),
      ask: (sessionId, request) => ports.fetchLogic(sessionId, request),
      changed: (session) => ports.changed(session),
      locate: (called, nowMs, goOn) => ports.locate(called, nowMs, goOn),
      isLive: ({ sessionId }) => this.#sessions.has(sessionId),
      canRing: (session, device) =>
        device !== session.caller.client &&
        device.sessionIds.size < sessionsPerClientMax &&
        featureRefusal(device.principal.limits, 'answer-calls') === undefined,
      ring: (session, device, legId) => this.#ringing.ring(session, device, legId),
      stopRinging: (session, device, code) => this.#ringing.stopRinging(session, device, code),
      answer: (session, nowMs) => this.#mediaLegs.answer(session, nowMs),
      sound: (session, number, order) => this.#mediaLegs.order(session, number, order),
      announceTrigger: (session, nowMs) =>
        this.#limits.announce(session, { limit: 'logic.trigger', outcome: 'notify' }, nowMs),
    });
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  snapshot(): readonly SessionSnapshot[] {
    return [...this.#sessions.values()].map(snapshotOf);
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  usedMsOf(prefixId: string, nowMs: number): number {
    return this.#seconds.usedMs(prefixId, nowMs);
  }

  /** Takes up the sessions of clients that are restored already. Each waits for its own to come back. */
  restore(saved: SavedState): void {
    const { clients } = this.#ports;
    for (const [sessionId, { totals }] of saved.sessions) {
      const session = restoredSession(sessionId, saved, (connectionId) => clients.byConnection(connectionId));
      if (session === undefined) continue;
      this.#sessions.set(sessionId, session);
      const { relay, ringing } = session;
      // A media node ends what it had from the process before: its parties notice, and it is made anew.
      session.bridge = undefined;
      if (relay !== undefined) this.#recovery.carries(relay);
      for (const client of [...legsOf(session).map((leg) => leg.client), ...ringing])
        client.sessionIds.add(sessionId);
      for (const leg of legsOf(session))
        this.#seconds.restore(sessionId, leg, { totals, savedAtMs: saved.savedAtMs });
    }
  }

  // A call is placed, rings, and is answered.

  place(client: Client, frame: ClientMessageOf<'call'>, nowMs: number): void {
    this.#placing.place(client, frame, nowMs);
  }

  logicFound(sessionId: string, found: FoundLogic, nowMs: number): void {
    this.#placing.logicFound(sessionId, found, nowMs);
  }

  claimed(claimId: string, answer: ClaimAnswer, nowMs: number): void {
    if (!this.#mediaLegs.claimed(claimId, answer, nowMs)) this.#placing.claimed(claimId, answer, nowMs);
  }

  logicFetched(
    { sessionId, documentNumber }: { readonly sessionId: string; readonly documentNumber: number },
    answer: LogicAnswer,
    nowMs: number,
  ): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) this.#logic.fetched(session, { documentNumber, ...answer }, nowMs);
  }

  #begin(
    { client, frame, sessionId: id, logic }: Placing,
    target: CallTarget | undefined,
    nowMs: number,
  ): void {
    const session = newSession(client, frame, {
      sessionId: id,
      callerLegId: this.#ports.newId('leg'),
      calleeLegId: this.#ports.newId('leg'),
      nowMs,
    });
    this.#sessions.set(session.sessionId, session);
    client.sessionIds.add(session.sessionId);
    const { sessionId, caller } = session;
    this.#records.log(session, nowMs, {
      type: 'session.created',
      leg: caller,
      data: {
        to: frame.to,
        media: frame.media,
        mode: session.callMode,
        identity: client.principal.identity,
        ...placeOf(client.principal),
      },
    });
    this.#records.countSession(session, nowMs);
    const { accountId, identity } = client.principal;
    this.#records.log(session, nowMs, {
      type: 'leg.joined',
      leg: caller,
      data: { identity, accountId, media: frame.media },
    });
    this.#ports.send(client, { type: 'ringing', requestId: frame.requestId, sessionId, legId: caller.legId });
    if (logic !== undefined) this.#logic.begin(session, logic, nowMs);
    if (target !== undefined) this.#ringing.begin(session, target, nowMs);
  }

  accept(client: Client, frame: ClientMessageOf<'accept'>, nowMs: number): CallRefusal | undefined {
    return this.#ringing.accept(client, frame, nowMs);
  }

  reject(client: Client, frame: ClientMessageOf<'reject'>, nowMs: number): CallRefusal | undefined {
    return this.#ringing.reject(client, frame, nowMs);
  }

  #start(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    const isRelayNeeded = session.callMode === 'relay';
    if (isRelayNeeded && isRelayDenied(session)) {
      this.end(session, this.#ports.reasons.ending('signaling.no_relay', relayDenied), nowMs);
      return;
    }
    session.relay = this.#recovery.placeRelay(session);
    if (isRelayNeeded && session.relay === undefined) {
      session.waitingForRelay ??= { sinceMs: nowMs, reason: 'start' };
      return;
    }
    session.waitingForRelay = undefined;
    session.isRelayOffered = isRelayNeeded;
    session.startedAtMs = nowMs;
    session.usageSinceMs = nowMs;
    for (const leg of legsOf(session)) {
      this.#seconds.start(session, leg, nowMs);
      const peer = peerOf(session, leg);
      if (peer === undefined) continue;
      this.#ports.send(leg.client, {
        type: 'started',
        sessionId: session.sessionId,
        legId: leg.legId,
        peer: nameSeenBy(leg.client, peer.client),
        media: peer.media,
        initiator: leg.isInitiator,
        generation: session.generation,
        iceServers: iceServersFor(session, leg),
        mode: session.callMode,
      });
    }
    for (const { client } of legsOf(session)) {
      for (const outcome of client.principal.limits.usesReached ?? [])
        this.#limits.announce(session, { limit: 'credential.used_up', outcome }, nowMs);
    }
  }

  // A running call.

  /** The session and leg that a frame of this client is about, or undefined when it is none of its. */
  find(client: Client, sessionId: string): Party | undefined {
    const session = this.#sessions.get(sessionId);
    const leg = session === undefined ? undefined : legOf(session, client);
    if (session === undefined || leg === undefined) return undefined;
    this.#ports.changed(session);
    return { session, leg };
  }

  /** Whether the client is a party or one of the ringing devices. */
  concerns(client: Client, sessionId: string): boolean {
    return client.sessionIds.has(sessionId);
  }

  signal({ session, leg }: Party, frame: ClientMessageOf<'signal'>, nowMs: number): void {
    const peer = peerOf(session, leg);
    if (peer === undefined || frame.generation > session.generation) return;
    const { generation, data } = frame;
    if (!isBridged(session, generation)) this.#pass(session, { leg: peer, generation, data }, nowMs);
    else {
      const held = data.kind === 'description' ? this.#codecs.held(session, data, nowMs) : data;
      if (held !== undefined) this.#bridges.signal(session, leg, { generation, data: held });
    }
  }

  /** A party is told what its peer says. */
  #pass(
    session: Session,
    said: { readonly leg: Leg; readonly generation: number; readonly data: SignalData },
    nowMs: number,
  ): void {
    const { leg, generation } = said;
    const data = said.data.kind === 'description' ? this.#codecs.held(session, said.data, nowMs) : said.data;
    if (data === undefined) return;
    this.#ports.send(leg.client, { type: 'signal', sessionId: session.sessionId, generation, data });
    const isAgreement = data.kind === 'description' && data.type === 'answer';
    if (isAgreement && generation === session.generation) this.#codecs.agreed(session, data.sdp, nowMs);
  }

  connected({ session, leg }: Party, frame: ClientMessageOf<'connected'>, nowMs: number): void {
    if (frame.generation !== session.generation) return;
    const { path, transport } = frame;
    leg.connectedGeneration = frame.generation;
    leg.path = path;
    leg.transport = transport;
    if (session.waitingForRelay !== undefined && path === 'direct') session.waitingForRelay = undefined;
    const mode = modeOf(session);
    if (mode !== session.mode) {
      // What a media node carried is counted apart.
      if (session.bridge !== undefined) this.#records.flushUsage(session, nowMs);
      const data = { mode, path, transport, previousMode: session.mode };
      session.mode = mode;
      this.#records.log(session, nowMs, { type: 'mode.changed', leg, data });
    }
    const { recovery } = session;
    const isComplete = legsOf(session).every((each) => each.connectedGeneration === session.generation);
    if (recovery === undefined || !isComplete) return;
    session.recovery = undefined;
    this.#bridges.left(session, nowMs);
    const data = { generation: recovery.generation, tookMs: nowMs - recovery.sinceMs };
    this.#records.log(session, nowMs, { type: 'recovery.completed', data });
  }

  quality({ session, leg }: Party, frame: ClientMessageOf<'quality'>, nowMs: number): void {
    if (frame.generation !== session.generation || nowMs - leg.qualityAtMs < qualityIntervalMsMin) return;
    const { type: _type, sessionId: _sessionId, generation, ...sample } = frame;
    leg.quality = sample;
    leg.qualityAtMs = nowMs;
    this.#records.log(session, nowMs, { type: 'quality.sampled', leg, data: { ...sample, generation } });
  }

  changeMedia(
    { session, leg }: Party,
    frame: ClientMessageOf<'media'>,
    nowMs: number,
  ): CallRefusal | undefined {
    const { audio, video, screen } = frame;
    const media: Media = { audio, video, screen };
    const { limits } = leg.client.principal;
    const forbidden = featureRefusal(limits, 'change-media') ?? mediaRefusal(limits, media);
    if (forbidden !== undefined) return forbidden;
    const modality = modalityOf(legsOf(session).map((each) => (each === leg ? { media } : each)));
    if (modality !== session.segmentModality) {
      this.#records.flushUsage(session, nowMs);
      session.segment += 1;
      session.segmentModality = modality;
    }
    leg.media = media;
    this.#records.log(session, nowMs, {
      type: 'media.changed',
      leg,
      data: { media, segment: session.segment },
    });
    const peer = peerOf(session, leg);
    if (peer !== undefined) {
      this.#ports.send(peer.client, { type: 'media', sessionId: session.sessionId, ...media });
    }
    return undefined;
  }

  hangUp(client: Client, frame: ClientMessageOf<'hangup'>, nowMs: number): CallRefusal | undefined {
    const party = this.find(client, frame.sessionId);
    if (party === undefined) {
      return this.reject(client, { type: 'reject', sessionId: frame.sessionId }, nowMs);
    }
    const code = party.session.callee === undefined ? 'signaling.cancelled' : 'signaling.hung_up';
    this.end(party.session, this.#ports.reasons.ending(code, frame.reason), nowMs);
    return undefined;
  }

  countMessage(client: Client, sessionId: string): boolean {
    const leg = this.find(client, sessionId)?.leg;
    if (leg === undefined) return false;
    leg.messageCount += 1;
    return true;
  }

  // Media is lost and made anew (LIV-3).

  needRelay({ session }: Party, frame: ClientMessageOf<'relayNeeded'>, nowMs: number): void {
    // Whoever waits for somebody else has lost the party before, and no relay brings that back.
    if (session.transfer !== undefined) return;
    this.#recovery.relayNeeded(session, frame, nowMs);
  }

  relayAlive(nodeId: string, boot: string, nowMs: number): void {
    this.#recovery.alive(nodeId, boot, nowMs);
  }

  relayDead(nodeId: string, nowMs: number): void {
    this.#recovery.died(nodeId, nowMs);
  }

  relayDraining(nodeId: string, nowMs: number): void {
    this.#recovery.drains(nodeId, nowMs);
  }

  allocationEnded(notice: AllocationEnded, nowMs: number): void {
    const session = this.#sessions.get(notice.sessionId);
    if (session === undefined || session.relay?.nodeId !== notice.nodeId) return;
    // A credential of anybody can be narrowed to this session's id; only those of its legs speak for it.
    const isOfLeg = legsOf(session).some(
      ({ client: { principal } }) =>
        principal.accountId === notice.accountId && notice.credentialIds.includes(principal.credentialId),
    );
    if (!isOfLeg) return;
    // An allocation under a credential that was renewed may expire: the session's own clock knows better.
    if (notice.code === 'credential.expired') return;
    const { reasons } = this.#ports;
    if (notice.cause === 'limit') {
      const code = notice.code ?? 'limit.session_bytes';
      if (!session.limitsReached.has(relayLimitKey(code, 'end')))
        this.#limits.announce(session, { limit: code, outcome: 'end', rule: ruleIn(notice.detail) }, nowMs);
      const text = 'The session reached a limit of its credential at the relay.';
      this.end(session, reasons.foreignEnding(code, notice.detail ?? text), nowMs);
    } else if (notice.cause === 'revoked') {
      const code = notice.code ?? 'credential.revoked';
      const text = 'A right that this session needs was taken away.';
      this.end(session, reasons.foreignEnding(code, notice.detail ?? text), nowMs);
    } else if (notice.cause === 'lost' && dependsOnRelay(session)) {
      this.#recovery.recover(session, { reason: 'allocation_lost' }, nowMs);
    }
  }

  /** What a media node says of a leg, and that it is gone. */
  mediaSays(notice: MediaNotice, nowMs: number): void {
    if (!this.#bridges.hear(notice, nowMs)) this.#mediaLegs.hear(notice, nowMs);
  }

  /** True where the client is a leg of the platform's own: it is told over the line to its node. */
  tellMedia(client: Client, message: ServerMessage): boolean {
    return this.#mediaLegs.tell(client, message);
  }

  #hearMedia(
    client: Client,
    message: ClientMessageOf<'signal'> | ClientMessageOf<'connected'> | ClientMessageOf<'relayNeeded'>,
    nowMs: number,
  ): void {
    const party = this.find(client, message.sessionId);
    if (party === undefined) return;
    if (message.type === 'signal') this.signal(party, message, nowMs);
    else if (message.type === 'connected') this.connected(party, message, nowMs);
    else this.needRelay(party, message, nowMs);
  }

  relayLine(notice: RelayLineNotice, nowMs: number): 'logged' | 'dropped' {
    return this.#relayLines.take(notice, this.#sessions.get(notice.sessionId), nowMs);
  }

  // Limits and ends.

  /** The credential was replaced: relays know the old one, so a call through one moves to the new one. */
  renewed(client: Client, nowMs: number): void {
    for (const session of this.#sessionsOf(client)) {
      const leg = legOf(session, client);
      if (leg === undefined || session.startedAtMs === undefined) continue;
      this.#ports.changed(session);
      this.#seconds.stop(session, leg, nowMs);
      this.#seconds.start(session, leg, nowMs);
      if (dependsOnRelay(session))
        this.#recovery.recover(session, { reason: 'credential_renewed', isPlanned: true }, nowMs);
    }
  }

  /**
   * To be called before the new connection of a client takes over: the time without one is nobody's, unless it was this
   * node that was away. Then the call went on, and its party with it.
   */
  resuming(client: Client, nowMs: number): void {
    if (client.isLeftBehind) {
      client.detachedAtMs = nowMs;
      client.lastHeardAtMs = nowMs;
    }
    for (const session of this.#sessionsOf(client)) {
      this.#records.flushUsage(session, nowMs);
      const leg = legOf(session, client);
      if (leg !== undefined) leg.countedToMs = nowMs;
    }
  }

  /** Before the principal of a client changes, what it used so far is recorded under the old one. */
  flushUsageOf(client: Client, nowMs: number): void {
    for (const session of this.#sessionsOf(client)) this.#records.flushUsage(session, nowMs);
  }

  /** The node goes, and every session with it: what is still to be said of refused calls is said. */
  stop(nowMs: number): void {
    this.#refused.stop(nowMs);
  }

  /** Everything that time alone brings about. */
  tick(nowMs: number): void {
    this.#refused.tick(nowMs);
    this.#mediaLegs.tick(nowMs);
    this.#relayLines.sweep(nowMs);
    this.#seconds.sweep(nowMs);
    for (const session of [...this.#sessions.values()]) {
      if (this.#logic.tick(session, nowMs) || !this.#sessions.has(session.sessionId)) continue;
      if (session.startedAtMs === undefined) {
        this.#ringing.tick(session, nowMs);
        continue;
      }
      // The platform's own leg was this node's, and went with the process that saved the session.
      const { transfer } = session;
      if (transfer !== undefined && !this.#transfer.holds(session, transfer.sinceMs, nowMs)) continue;
      if (session.callee === undefined && transfer === undefined) {
        this.#endWithoutLeg(session, nowMs);
        continue;
      }
      if (session.codecsDueAtMs !== undefined && !this.#codecs.holds(session, nowMs)) continue;
      if (nowMs - session.usageSinceMs >= SIGNALING_RECORD_MS_MAX) this.#records.flushUsage(session, nowMs);
      this.#limits.enforceSeconds(session, session.startedAtMs, nowMs);
      if (this.#sessions.has(session.sessionId)) this.#control.tick(session, nowMs);
      this.#bridges.tick(session, nowMs);
    }
    this.#recovery.retryPlacement(nowMs);
  }

  #endWithoutLeg(session: Session, nowMs: number): void {
    const { logic, calleeLegId: legId } = session;
    // Without logic it was a device of another node.
    const code = logic === undefined ? 'signaling.node_lost' : 'signaling.media_lost';
    if (logic !== undefined) {
      const leg = { legId, client: { principal: { accountId: logic.accountId } } };
      this.#records.log(session, nowMs, { type: 'leg.left', leg, data: { reason: code } });
    }
    this.end(session, this.#ports.reasons.ending(code), nowMs);
  }

  /** Whom an order brings into a session of this node. */
  calledBy({ sessionId, change }: ControlOrder): readonly CalledUser[] {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || change.type !== 'transfer') return [];
    const called = calledUser(change.to, session.caller.client.principal.accountId);
    return called === undefined ? [] : [called];
  }

  /** Undefined where the session is not here, for whoever holds it answers, and where nobody waits any longer. */
  obey(order: ControlOrder, nowMs: number): ControlAnswer | undefined {
    const session = this.#sessions.get(order.sessionId);
    if (isStale(order, nowMs)) return undefined;
    return session && this.#control.obey(session, order, nowMs);
  }

  /** Ends one session for everybody in it. */
  end(session: Session, ending: EndReason | Ending, nowMs: number): void {
    if (!this.#sessions.delete(session.sessionId)) return;
    const { code, helpUrl, detail } = ending;
    const reason = { code, helpUrl, detail };
    const told = (client: Client) =>
      'removed' in ending && ending.removed.client === client ? ending.removed.reason : reason;
    this.#ports.changed(session);
    this.#records.flushUsage(session, nowMs);
    this.#logic.ended(session, nowMs);
    for (const client of [...legsOf(session).map((leg) => leg.client), ...session.ringing]) {
      client.sessionIds.delete(session.sessionId);
      this.#ports.send(client, { type: 'ended', sessionId: session.sessionId, reason: told(client) });
    }
    this.#mediaLegs.ended(session);
    this.#bridges.drop(session);
    for (const leg of legsOf(session)) {
      this.#seconds.stop(session, leg, nowMs);
      this.#records.leaveRoom(session, leg, nowMs);
      const data = { reason: told(leg.client).code };
      this.#records.log(session, nowMs, { type: 'leg.left', leg, data });
    }
    const connectedMs = session.startedAtMs === undefined ? 0 : nowMs - session.startedAtMs;
    this.#records.log(session, nowMs, { type: 'session.ended', data: { reason, connectedMs } });
    this.#relayLines.keep(session, nowMs);
  }

  endById(sessionId: string, reason: EndReason, nowMs: number): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) this.end(session, reason, nowMs);
  }

  /** A client goes for good: its calls end, and on its other devices a call goes on ringing. */
  leave(
    client: Client,
    code: EndingCode,
    { nowMs, detail }: { readonly nowMs: number; readonly detail?: string | undefined },
  ): void {
    for (const session of this.#sessionsOf(client)) {
      const isParty = legOf(session, client) !== undefined;
      if (!isParty) this.#ringing.stopRinging(session, client, code);
      const isOver = !isParty && session.callee === undefined && !this.#ringing.goesOn(session, nowMs);
      if (isParty || (isOver && !this.#logic.unanswered(session, 'unreachable', nowMs))) {
        const { reasons } = this.#ports;
        if (isParty && (code === 'limit.exceeded' || code === 'balance.used_up'))
          this.#limits.announce(session, { limit: code, outcome: 'end', rule: ruleIn(detail) }, nowMs);
        const reason = isParty ? reasons.ending(code, detail) : reasons.ending('signaling.no_answer');
        this.end(session, reason, nowMs);
      }
    }
  }

  /** What a client may do changed while it is in calls: what it may not carry any more ends, what is counted now is counted. */
  limitsChanged(client: Client, nowMs: number): void {
    for (const session of this.#sessionsOf(client)) {
      const leg = legOf(session, client);
      if (leg === undefined) continue;
      const { limits } = client.principal;
      const { media } = limits;
      const isOutside = media !== undefined && kindOutside(media.kinds, leg.media) !== undefined;
      const refusal =
        (isOutside ? { detail: media.detail } : undefined) ??
        featureRefusal(limits, leg === session.caller ? 'place-calls' : 'answer-calls') ??
        participantsRefusal(limits, PARTIES_OF_CALL);
      if (refusal !== undefined) {
        this.end(session, this.#ports.reasons.ending('policy.refused', refusal.detail), nowMs);
        continue;
      }
      if (this.#codecs.holds(session, nowMs) && limits.isCounted === true) {
        const { sessionId } = session;
        this.#ports.claim(`${sessionId} running`, {
          sessionId,
          principal: client.principal,
          isRunning: true,
        });
      }
    }
  }

  /** What a resumed client has to know of its sessions. */
  resumedSessions(client: Client): readonly ResumedSession[] {
    return this.#sessionsOf(client).map((session) => {
      const leg = legOf(session, client);
      const peer = leg === undefined ? session.caller : peerOf(session, leg);
      const state = session.startedAtMs !== undefined ? 'active' : leg === undefined ? 'ringing' : 'calling';
      return {
        sessionId: session.sessionId,
        legId: leg?.legId ?? dialledLegId(session, client) ?? session.calleeLegId,
        state,
        initiator: leg?.isInitiator ?? false,
        generation: session.generation,
        peer: peer === undefined ? session.to : nameSeenBy(client, peer.client),
        mode: session.callMode,
      };
    });
  }

  #sessionsOf(client: Client): readonly Session[] {
    return [...client.sessionIds].flatMap((sessionId) => this.#sessions.get(sessionId) ?? []);
  }
}

/** Where a client was, as far as a later look at its requests asks (POL-2). */
const placeOf = ({ deviceKind, country, instanceType }: Principal) => ({
  ...(instanceType === undefined ? {} : { instanceType }),
  ...(deviceKind === undefined ? {} : { device: deviceKind }),
  ...(country === undefined ? {} : { country }),
});
