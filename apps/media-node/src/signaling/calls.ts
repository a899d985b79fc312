import { SIGNALING_RECORD_MS_MAX } from '@patchbay/domain/metering/record-span';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import type {
  ClientMessageOf,
  EndReason,
  Media,
  Problem,
  ResumedSession,
  ServerMessage,
  SignalData,
} from '@patchbay/protocol/signaling/messages';
import { codecsIn } from '@patchbay/protocol/signaling/sdp-codecs';
import { CallLogic, calledUser, dialledLegId } from './call-logic.ts';
import { type Client, type ClientTable, connectedUntilMs } from './clients.ts';
import { ConnectedSeconds } from './connected-seconds.ts';
import { EndedSessions, ownerOfLine, targetLegsOf } from './ended-sessions.ts';
import { iceServersFor } from './ice-servers.ts';
import { KnownRelays } from './known-relays.ts';
import {
  type CallRefusal,
  codecsStanding,
  featureRefusal,
  heldDescription,
  kindOutside,
  mediaRefusal,
  participantsRefusal,
} from './party-rules.ts';
import type {
  AllocationEnded,
  CalledEndpoint,
  ClaimAnswer,
  FoundLogic,
  LogicAnswer,
  LogicRequest,
  Principal,
  RelayLineNotice,
  RelayPlacement,
  SecondsLimit,
  SessionClaim,
  SessionEvent,
  SessionEventType,
  SessionSnapshot,
  UsageRecord,
} from './platform.ts';
import type { Reasons } from './reasons.ts';
import { RefusedCalls } from './refused-calls.ts';
import { restoredSession, type SavedState } from './saved-state.ts';
import {
  dependsOnRelay,
  type Leg,
  legOf,
  legsOf,
  modalityOf,
  modeOf,
  newLeg,
  peerOf,
  type Session,
  snapshotOf,
} from './session.ts';
import { countOf, type LogLine, nextEvent, usageRecord } from './session-log.ts';

export const sessionsPerClientMax = 16;
export const ringTimeoutMs = 45_000;
/** How long a session waits for a relay to come back, or to be placed at all. */
export const relayWaitMs = 30_000;
/** A session that needs more peer connections than this is not worth saving. */
export const generationMax = 100;
const qualityIntervalMsMin = 900;
const PARTIES_OF_CALL = 2;
/** How long parties take to agree anew: with the time in which a change is heard of, less than 5 seconds (POL-5). */
export const agreementMsMax = 3_000;

export interface CallPorts {
  readonly region: string;
  readonly reasons: Reasons;
  readonly clients: ClientTable;
  newId(prefix: 'ses' | 'leg'): string;
  placeRelay(sessionId: string): RelayPlacement | undefined;
  /** Asks whether the session may begin; `claimed` is called with the answer. */
  claim(claimId: string, claim: SessionClaim): void;
  /** Asks for the logic of an endpoint; `logicFound` is called with the answer. */
  findLogic(sessionId: string, called: CalledEndpoint): void;
  /** Asks for a document; `logicFetched` is called with the answer. */
  fetchLogic(sessionId: string, request: LogicRequest): void;
  /** Of a session that was claimed and does not begin. */
  release(sessionId: string): void;
  refuse(client: Client, refusal: CallRefusal, sessionId: string): void;
  send(client: Client, message: ServerMessage): void;
  /** Something in the session is, or is about to be, other than it was saved. */
  changed(session: Session): void;
  recordUsage(record: UsageRecord): void;
  appendSessionEvent(event: SessionEvent): void;
}

/** The rules of calls between clients. Knows no socket and no clock; what it decides leaves by its ports. */
export class Calls {
  readonly #ports: CallPorts;
  readonly #sessions = new Map<string, Session>();
  readonly #ended = new EndedSessions();
  readonly #refused: RefusedCalls;
  /** What waits to be counted over all nodes, by what was asked with. */
  readonly #claiming = new Map<string, Claiming>();
  /** Calls of which it is asked whether logic decides about them. */
  readonly #lookingUp = new Map<string, Placing>();
  readonly #logic: CallLogic;
  readonly #seconds = new ConnectedSeconds();
  readonly #relays = new KnownRelays();
  isDraining = false;

  constructor(ports: CallPorts) {
    this.#ports = ports;
    this.#refused = new RefusedCalls(ports);
    this.#logic = new CallLogic({
      clients: ports.clients,
      reasons: ports.reasons,
      newId: (prefix) => ports.newId(prefix),
      ask: (sessionId, request) => ports.fetchLogic(sessionId, request),
      send: (client, message) => ports.send(client, message),
      changed: (session) => ports.changed(session),
      log: (session, atMs, line) => this.#log(session, atMs, line),
      canRing: (session, device) =>
        device !== session.caller.client &&
        device.sessionIds.size < sessionsPerClientMax &&
        featureRefusal(device.principal.limits, 'answer-calls') === undefined,
      ring: (session, device, legId) => this.#ring(session, device, legId),
      stopRinging: (session, device, code) => this.#stopRinging(session, device, code),
      announceTrigger: (session, nowMs) =>
        this.#announceLimit(session, { limit: 'logic.trigger', outcome: 'notify' }, nowMs),
      end: (session, reason, nowMs) => this.end(session, reason, nowMs),
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
      if (relay !== undefined) this.#relays.carries(relay);
      for (const client of [...legsOf(session).map((leg) => leg.client), ...ringing])
        client.sessionIds.add(sessionId);
      for (const leg of legsOf(session))
        this.#seconds.restore(sessionId, leg, { totals, savedAtMs: saved.savedAtMs });
    }
  }

  // A call is placed, rings, and is answered.

  place(client: Client, frame: ClientMessageOf<'call'>, nowMs: number): void {
    if (client.principal.limits.hasLogicNear !== true) {
      this.#placeDirect({ client, frame, sessionId: this.#ports.newId('ses') }, nowMs);
      return;
    }
    const refused = this.#refusalOfCaller(client, frame);
    if (refused !== undefined) {
      this.#refuseCall(client, frame, { ...refused, nowMs });
      return;
    }
    const sessionId = this.#ports.newId('ses');
    this.#lookingUp.set(sessionId, { client, frame, sessionId });
    const { accountId } = client.principal;
    this.#ports.findLogic(sessionId, { callerAccountId: accountId, ...calledEndpoint(frame.to, accountId) });
  }

  /** Whether logic decides about a call. The world may be another than it was when it was asked. */
  logicFound(sessionId: string, found: FoundLogic, nowMs: number): void {
    const placing = this.#lookingUp.get(sessionId);
    if (placing === undefined) return;
    this.#lookingUp.delete(sessionId);
    const { client, frame } = placing;
    if (this.#ports.clients.byConnection(client.connectionId) !== client) return;
    const refuse = (refused: CallRefusal) => this.#refuseCall(client, frame, { ...refused, nowMs });
    if (found.standing === 'none') this.#placeDirect(placing, nowMs);
    else if (found.standing === 'unrelated') refuse(ofAnotherAccount);
    else if (found.standing === 'away')
      refuse({
        refusal: 'platform.unavailable',
        detail: 'What decides about this call cannot be asked now.',
      });
    else if (found.standing === 'found') {
      const logic = { ...calledEndpoint(frame.to, client.principal.accountId), url: found.url };
      const refused = this.#refusalOfCaller(client, frame);
      if (refused !== undefined) refuse(refused);
      else this.#claimOrBegin({ ...placing, logic }, nowMs);
    }
  }

  logicFetched(sessionId: string, answer: LogicAnswer, nowMs: number): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) this.#logic.fetched(session, answer, nowMs);
  }

  #placeDirect(placing: Placing, nowMs: number): void {
    const { client, frame } = placing;
    const target = this.#admitCall(client, frame);
    if ('refusal' in target) this.#refuseCall(client, frame, { ...target, nowMs });
    else this.#claimOrBegin(placing, nowMs, target);
  }

  #claimOrBegin(placing: Placing, nowMs: number, target?: CallTarget): void {
    const { client, sessionId } = placing;
    if (client.principal.limits.isCounted !== true) {
      this.#begin(placing, target, nowMs);
      return;
    }
    this.#claiming.set(sessionId, placing);
    this.#ports.claim(sessionId, { sessionId, principal: client.principal, isRunning: false });
  }

  /** The answer to a claim: the world may be another than it was when it was asked. */
  claimed(claimId: string, answer: ClaimAnswer, nowMs: number): void {
    const claiming = this.#claiming.get(claimId);
    if (claiming === undefined) return;
    this.#claiming.delete(claimId);
    const { client, frame, sessionId } = claiming;
    const isHere = this.#ports.clients.byConnection(client.connectionId) === client;
    const refused = answer.ok ? undefined : { refusal: answer.code, detail: answer.detail };
    if (frame.type === 'accept') {
      if (!isHere) return;
      const refusal = refused ?? this.#join(client, frame, nowMs);
      if (refusal !== undefined) this.#refuseAnswer(client, { frame, refusal, nowMs });
      return;
    }
    if (refused !== undefined) {
      if (isHere) this.#refuseCall(client, frame, { ...refused, nowMs });
      return;
    }
    const { logic } = claiming;
    const target =
      logic === undefined ? this.#admitCall(client, frame) : this.#refusalOfCaller(client, frame);
    if (!isHere || (target !== undefined && 'refusal' in target)) {
      this.#ports.release(sessionId);
      if (isHere && target !== undefined && 'refusal' in target)
        this.#refuseCall(client, frame, { ...target, nowMs });
      return;
    }
    this.#begin({ client, frame, sessionId, logic }, target, nowMs);
  }

  #refuseCall(
    client: Client,
    frame: ClientMessageOf<'call'>,
    { refusal, detail, nowMs }: CallRefusal & { readonly nowMs: number },
  ): void {
    const problem: Problem = this.#ports.reasons.problem(refusal, detail);
    this.#ports.send(client, { type: 'refused', requestId: frame.requestId, problem });
    this.#refused.record(client, frame, { code: refusal, problem, nowMs });
  }

  /** Whoever wanted to answer may not: the call goes on ringing at other devices, if there are any. */
  #refuseAnswer(
    client: Client,
    { frame, refusal, nowMs }: { frame: ClientMessageOf<'accept'>; refusal: CallRefusal; nowMs: number },
  ): void {
    this.#ports.refuse(client, refusal, frame.sessionId);
    const session = this.#sessions.get(frame.sessionId);
    if (session === undefined || !session.ringing.has(client)) return;
    const code = refusal.refusal;
    if (code !== 'limit.exceeded' && code !== 'balance.used_up') return;
    this.#stopRinging(session, client, code);
    if (session.ringing.size === 0 && !this.#logic.unanswered(session, 'busy', nowMs))
      this.end(session, this.#ports.reasons.ending(code, refusal.detail), nowMs);
  }

  #begin(
    { client, frame, sessionId: id, logic }: Placing,
    target: CallTarget | undefined,
    nowMs: number,
  ): void {
    const session = this.#createSession(client, frame, { sessionId: id, nowMs });
    this.#sessions.set(session.sessionId, session);
    client.sessionIds.add(session.sessionId);
    const { sessionId, calleeLegId, caller } = session;
    this.#log(session, nowMs, {
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
    this.#ports.recordUsage(
      usageRecord({ session, leg: caller, region: this.#ports.region, fromMs: nowMs, toMs: nowMs }, [
        { meter: 'sessions', quantity: 1, dimensions: { kind: 'call' } },
      ]),
    );
    const { accountId, identity } = client.principal;
    this.#log(session, nowMs, {
      type: 'leg.joined',
      leg: caller,
      data: { identity, accountId, media: frame.media },
    });
    this.#ports.send(client, { type: 'ringing', requestId: frame.requestId, sessionId, legId: caller.legId });
    if (logic !== undefined) this.#logic.begin(session, logic, nowMs);
    for (const device of target?.devices ?? []) {
      if (session.ringing.size === 0) {
        const leg = { legId: calleeLegId, client: device };
        this.#log(session, nowMs, { type: 'leg.ringing', leg, data: { identity: target?.identity ?? '' } });
      }
      this.#ring(session, device, calleeLegId);
    }
  }

  #ring(session: Session, device: Client, legId: string): void {
    const { sessionId, caller } = session;
    session.ringing.add(device);
    this.#ports.changed(session);
    device.sessionIds.add(sessionId);
    const from = nameSeenBy(device, caller.client);
    this.#ports.send(device, { type: 'incoming', sessionId, legId, from, media: caller.media });
  }

  #createSession(
    client: Client,
    frame: ClientMessageOf<'call'>,
    { sessionId, nowMs }: { readonly sessionId: string; readonly nowMs: number },
  ): Session {
    const caller: Leg = {
      ...newLeg(this.#ports.newId('leg'), client, frame.media),
      isInitiator: true,
      countedToMs: nowMs,
    };
    return {
      sessionId,
      createdAtMs: nowMs,
      to: frame.to,
      requestId: frame.requestId,
      caller,
      calleeLegId: this.#ports.newId('leg'),
      ringing: new Set(),
      callee: undefined,
      callMode: client.principal.limits.isRelayOnly === true ? 'relay' : (frame.mode ?? 'auto'),
      startedAtMs: undefined,
      generation: 0,
      relay: undefined,
      isRelayOffered: false,
      recovery: undefined,
      waitingForRelay: undefined,
      mode: 'pending',
      segment: 0,
      segmentModality: modalityOf([frame]),
      usageSinceMs: nowMs,
      codecs: undefined,
      codecsDueAtMs: undefined,
      logSequence: 0,
      logic: undefined,
      limitsReached: new Set(),
    };
  }

  #admitCall(client: Client, frame: ClientMessageOf<'call'>): CallTarget | CallRefusal {
    const refused = this.#refusalOfCaller(client, frame);
    if (refused !== undefined) return refused;
    const called = calledUser(frame.to, client.principal.accountId);
    return called === undefined
      ? { refusal: 'signaling.namespace_unsupported' }
      : this.#findDevices(client, called);
  }

  /** Why whoever calls may not, whomever they call. */
  #refusalOfCaller(client: Client, frame: ClientMessageOf<'call'>): CallRefusal | undefined {
    const { limits } = client.principal;
    if (this.isDraining) return { refusal: 'signaling.draining' };
    if (client.sessionIds.size + this.#claimingCountOf(client) >= sessionsPerClientMax)
      return { refusal: 'signaling.too_many_sessions' };
    if (limits.sessionId !== undefined) return { refusal: 'credential.session_not_allowed' };
    return (
      featureRefusal(limits, 'place-calls') ??
      participantsRefusal(limits, PARTIES_OF_CALL) ??
      mediaRefusal(limits, frame.media)
    );
  }

  /** `bob` is the caller's own account's; `bob@acc_…` is another's, which has to be above or below it. */
  #findDevices(
    client: Client,
    { identity, accountId }: { readonly identity: string; readonly accountId: string },
  ): CallTarget | CallRefusal {
    const own = client.principal;
    const devices = this.#ports.clients
      .ofIdentity(accountId, identity)
      .filter((device) => device !== client && device.sessionIds.size < sessionsPerClientMax)
      .filter(({ principal: { limits } }) => featureRefusal(limits, 'answer-calls') === undefined);
    const isAbove = own.accountPath.includes(accountId);
    const related = isAbove
      ? devices
      : devices.filter((device) => device.principal.accountPath.includes(own.accountId));
    if (related.length > 0) return { identity, devices: related };
    // Whether an unrelated account has such an endpoint is not for this caller to learn.
    return isAbove
      ? { refusal: 'signaling.endpoint_unavailable', detail: `No device of user:${identity} is connected.` }
      : ofAnotherAccount;
  }

  accept(client: Client, frame: ClientMessageOf<'accept'>, nowMs: number): CallRefusal | undefined {
    if (client.principal.limits.isCounted !== true) return this.#join(client, frame, nowMs);
    const { sessionId } = frame;
    const refusal = this.#refusalOfJoin(client, frame);
    if (refusal !== undefined) return refusal;
    const claimId = `${sessionId} ${client.connectionId}`;
    if (this.#claiming.has(claimId)) return undefined;
    // The party's own account is decided by itself (LIV-0).
    this.#claiming.set(claimId, { client, frame, sessionId });
    this.#ports.claim(claimId, { sessionId, principal: client.principal, isRunning: false });
    return undefined;
  }

  #refusalOfJoin(client: Client, frame: ClientMessageOf<'accept'>): CallRefusal | undefined {
    const session = this.#sessions.get(frame.sessionId);
    if (session === undefined || !session.ringing.has(client))
      return { refusal: 'signaling.session_unknown' };
    const { limits } = client.principal;
    if (limits.sessionId !== undefined && limits.sessionId !== session.sessionId) {
      return { refusal: 'credential.session_not_allowed' };
    }
    return (
      featureRefusal(limits, 'answer-calls') ??
      participantsRefusal(limits, legsOf(session).length + 1) ??
      mediaRefusal(limits, frame.media)
    );
  }

  #join(client: Client, frame: ClientMessageOf<'accept'>, nowMs: number): CallRefusal | undefined {
    const refusal = this.#refusalOfJoin(client, frame);
    const session = this.#sessions.get(frame.sessionId);
    if (refusal !== undefined || session === undefined) return refusal;
    const { limits } = client.principal;
    session.ringing.delete(client);
    for (const device of [...session.ringing])
      this.#stopRinging(session, device, 'signaling.answered_elsewhere');
    const legId = dialledLegId(session, client) ?? session.calleeLegId;
    session.callee = {
      ...newLeg(legId, client, frame.media),
      isInitiator: false,
      countedToMs: nowMs,
    };
    if (frame.mode === 'relay' || limits.isRelayOnly === true) session.callMode = 'relay';
    const { identity, accountId } = client.principal;
    this.#log(session, nowMs, {
      type: 'leg.joined',
      leg: session.callee,
      data: { identity, accountId, media: frame.media },
    });
    session.segmentModality = modalityOf(legsOf(session));
    this.#logic.answered(session, legId, nowMs);
    this.#start(session, nowMs);
    return undefined;
  }

  reject(client: Client, frame: ClientMessageOf<'reject'>, nowMs: number): CallRefusal | undefined {
    const session = this.#sessions.get(frame.sessionId);
    if (session === undefined || !session.ringing.has(client))
      return { refusal: 'signaling.session_unknown' };
    this.#stopRinging(session, client, 'signaling.rejected');
    if (session.ringing.size === 0 && !this.#logic.unanswered(session, 'rejected', nowMs))
      this.end(session, this.#ports.reasons.ending('signaling.rejected'), nowMs);
    return undefined;
  }

  #stopRinging(session: Session, device: Client, code: EndingCode): void {
    session.ringing.delete(device);
    this.#ports.changed(session);
    device.sessionIds.delete(session.sessionId);
    const reason = this.#ports.reasons.ending(code);
    this.#ports.send(device, { type: 'ended', sessionId: session.sessionId, reason });
  }

  #start(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    const isRelayNeeded = session.callMode === 'relay';
    if (isRelayNeeded && isRelayDenied(session)) {
      this.end(session, this.#ports.reasons.ending('signaling.no_relay', relayDenied), nowMs);
      return;
    }
    session.relay = this.#placeRelay(session);
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
        this.#announceLimit(session, { limit: 'credential.used_up', outcome }, nowMs);
    }
  }

  // A running call.

  /** The session and leg that a frame of this client is about, or undefined when it is none of its. */
  find(client: Client, sessionId: string): { readonly session: Session; readonly leg: Leg } | undefined {
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
    const { sessionId, generation } = frame;
    const data = frame.data.kind === 'description' ? this.#held(session, frame.data, nowMs) : frame.data;
    if (data === undefined) return;
    this.#ports.send(peer.client, { type: 'signal', sessionId, generation, data });
    const isAgreement = data.kind === 'description' && data.type === 'answer';
    if (isAgreement && generation === session.generation) this.#agreed(session, codecsIn(data.sdp), nowMs);
  }

  /** The description with no codec in it that either party's policies leave out; the call ends where none is left. */
  #held(session: Session, data: Description, nowMs: number): Description | undefined {
    const held = heldDescription(data.sdp, limitsIn(session));
    if ('sdp' in held) return { ...data, sdp: held.sdp };
    this.end(session, this.#ports.reasons.ending('policy.refused', held.detail), nowMs);
    return undefined;
  }

  #agreed(session: Session, codecs: readonly (readonly string[])[], nowMs: number): void {
    session.codecsDueAtMs = undefined;
    if (JSON.stringify(codecs) === JSON.stringify(session.codecs)) return;
    session.codecs = codecs;
    this.#log(session, nowMs, { type: 'codecs.negotiated', data: { codecs } });
  }

  /** A call that carries what is not allowed any more agrees anew, and ends where it does not or cannot (POL-5): false. */
  #holdsCodecs(session: Session, nowMs: number): boolean {
    const standing = codecsStanding(session.codecs ?? [], limitsIn(session));
    const isOver = standing?.kind === 'impossible' || (session.codecsDueAtMs ?? nowMs + 1) <= nowMs;
    if (standing === undefined) session.codecsDueAtMs = undefined;
    else if (isOver) {
      this.end(session, this.#ports.reasons.ending('policy.refused', standing.detail), nowMs);
      return false;
    } else if (session.codecsDueAtMs === undefined) {
      session.codecsDueAtMs = nowMs + agreementMsMax;
      const { sessionId, generation } = session;
      for (const { client, isInitiator } of legsOf(session))
        if (isInitiator)
          this.#ports.send(client, { type: 'signal', sessionId, generation, data: { kind: 'renegotiate' } });
    }
    return true;
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
      const data = { mode, path, transport, previousMode: session.mode };
      session.mode = mode;
      this.#log(session, nowMs, { type: 'mode.changed', leg, data });
    }
    const { recovery } = session;
    const isComplete = legsOf(session).every((each) => each.connectedGeneration === session.generation);
    if (recovery === undefined || !isComplete) return;
    session.recovery = undefined;
    const data = { generation: recovery.generation, tookMs: nowMs - recovery.sinceMs };
    this.#log(session, nowMs, { type: 'recovery.completed', data });
  }

  quality({ session, leg }: Party, frame: ClientMessageOf<'quality'>, nowMs: number): void {
    if (frame.generation !== session.generation || nowMs - leg.qualityAtMs < qualityIntervalMsMin) return;
    const { type: _type, sessionId: _sessionId, generation, ...sample } = frame;
    leg.quality = sample;
    leg.qualityAtMs = nowMs;
    this.#log(session, nowMs, { type: 'quality.sampled', leg, data: { ...sample, generation } });
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
      this.#flushUsage(session, nowMs);
      session.segment += 1;
      session.segmentModality = modality;
    }
    leg.media = media;
    this.#log(session, nowMs, { type: 'media.changed', leg, data: { media, segment: session.segment } });
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
    // Both parties notice a failure. The second report is of a generation that is gone.
    if (frame.generation !== session.generation || session.startedAtMs === undefined) return;
    this.#recover(session, session.isRelayOffered ? 'media_failed' : 'relay_needed', nowMs);
  }

  relayAlive(nodeId: string, boot: string, nowMs: number): void {
    if (this.#relays.alive(nodeId, boot) === 'restarted') {
      for (const session of this.#sessions.values()) {
        if (session.relay?.nodeId === nodeId && session.relay.boot !== boot) this.#loseRelay(session, nowMs);
      }
    }
    for (const session of this.#sessions.values()) {
      if (this.#relays.isDraining(session.relay?.nodeId ?? '')) this.#leaveRelay(session, nowMs);
    }
    this.#retryPlacement(nowMs);
  }

  relayDead(nodeId: string, nowMs: number): void {
    this.#relays.died(nodeId);
    for (const session of this.#sessions.values()) {
      if (session.relay?.nodeId === nodeId) this.#loseRelay(session, nowMs);
    }
  }

  /** Its calls move while it still carries them, if there is another relay: nobody sees the change. */
  relayDraining(nodeId: string, nowMs: number): void {
    this.#relays.drains(nodeId);
    for (const session of this.#sessions.values()) {
      if (session.relay?.nodeId === nodeId) this.#leaveRelay(session, nowMs);
    }
  }

  #leaveRelay(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    if (session.startedAtMs === undefined || !dependsOnRelay(session)) session.relay = undefined;
    else if (this.#placeRelay(session) !== undefined) this.#recover(session, 'relay_draining', nowMs);
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
        this.#announceLimit(session, { limit: code, outcome: 'end' }, nowMs);
      const text = 'The session reached a limit of its credential at the relay.';
      this.end(session, reasons.foreignEnding(code, notice.detail ?? text), nowMs);
    } else if (notice.cause === 'revoked') {
      const code = notice.code ?? 'credential.revoked';
      const text = 'A right that this session needs was taken away.';
      this.end(session, reasons.foreignEnding(code, notice.detail ?? text), nowMs);
    } else if (notice.cause === 'lost' && dependsOnRelay(session)) {
      this.#recover(session, 'allocation_lost', nowMs);
    }
  }

  /**
   * A line of a relay, for a session that runs or ended just now. Its bytes a relay counts alone; time and uses signaling
   * counts itself, and has said what it says.
   */
  relayLine({ sessionId, line, ...of }: RelayLineNotice, nowMs: number): 'logged' | 'dropped' {
    const session = this.#sessions.get(sessionId);
    const target = session ?? this.#ended.find(sessionId);
    const legs = session === undefined ? this.#ended.find(sessionId)?.legs : targetLegsOf(session);
    const owner = legs && ownerOfLine(legs, of);
    if (target === undefined || owner === undefined) return 'dropped';
    const { accountId: legAccountId, leg } = owner;
    if (line.type === 'limit.reached') {
      const { limit, max, outcome } = line.data;
      if (!limit.endsWith('_bytes')) return 'dropped';
      // Allocations that count together reach a limit together, and it is reached once.
      const key = `${legAccountId}:${limit}:${max}:${outcome}`;
      if (session?.limitsReached.has(key) === true) return 'dropped';
      session?.limitsReached.add(key).add(relayLimitKey(limit, outcome));
      for (const { client } of session === undefined ? [] : legsOf(session)) {
        if (client.principal.accountId === legAccountId)
          this.#ports.send(client, { type: 'limitReached', sessionId, limit, outcome });
      }
    }
    // Two clocks: a line is neither of a time before its session nor of one to come.
    const atMs = Math.min(nowMs, Math.max(of.atMs, target.createdAtMs));
    if (session !== undefined) this.#ports.changed(session);
    const { type, data } = line;
    const at = leg === undefined ? { legAccountId } : { leg };
    this.#ports.appendSessionEvent(nextEvent(target, atMs, { type, data, ...at }));
    return 'logged';
  }

  #loseRelay(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    if (session.startedAtMs === undefined || !dependsOnRelay(session)) session.relay = undefined;
    else this.#recover(session, 'relay_lost', nowMs);
  }

  /** Both parties make a new peer connection, and keep the old one until the new one carries media. */
  #recover(session: Session, reason: string, nowMs: number): void {
    this.#ports.changed(session);
    if (isRelayDenied(session)) {
      this.end(session, this.#ports.reasons.ending('signaling.no_relay', relayDenied), nowMs);
      return;
    }
    const relay = this.#placeRelay(session);
    if (relay === undefined) {
      session.relay = undefined;
      session.waitingForRelay ??= { sinceMs: nowMs, reason };
      return;
    }
    if (session.generation >= generationMax) {
      this.end(session, this.#ports.reasons.ending('signaling.media_failed'), nowMs);
      return;
    }
    const sinceMs = session.waitingForRelay?.sinceMs ?? nowMs;
    session.waitingForRelay = undefined;
    session.relay = relay;
    session.isRelayOffered = true;
    session.generation += 1;
    session.recovery = { generation: session.generation, sinceMs: session.recovery?.sinceMs ?? sinceMs };
    this.#log(session, nowMs, { type: 'recovery.started', data: { generation: session.generation, reason } });
    for (const leg of legsOf(session)) {
      this.#ports.send(leg.client, {
        type: 'recover',
        sessionId: session.sessionId,
        generation: session.generation,
        initiator: leg.isInitiator,
        iceServers: iceServersFor(session, leg),
        mode: session.callMode,
        reason,
      });
    }
  }

  #retryPlacement(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      const waiting = session.waitingForRelay;
      if (waiting === undefined) continue;
      if (nowMs - waiting.sinceMs >= relayWaitMs) {
        this.end(session, this.#ports.reasons.ending('signaling.no_relay'), nowMs);
      } else if (session.startedAtMs === undefined) this.#start(session, nowMs);
      else this.#recover(session, waiting.reason, nowMs);
    }
  }

  /** None is placed before both parties are here to take it. */
  #placeRelay(session: Session): RelayPlacement | undefined {
    if (legsOf(session).some(({ client }) => client.isLeftBehind)) return undefined;
    const placement = this.#ports.placeRelay(session.sessionId);
    return placement !== undefined && this.#relays.isOffered(placement) ? placement : undefined;
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
      if (dependsOnRelay(session)) this.#recover(session, 'credential_renewed', nowMs);
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
      this.#flushUsage(session, nowMs);
      const leg = legOf(session, client);
      if (leg !== undefined) leg.countedToMs = nowMs;
    }
  }

  /** Before the principal of a client changes, what it used so far is recorded under the old one. */
  flushUsageOf(client: Client, nowMs: number): void {
    for (const session of this.#sessionsOf(client)) this.#flushUsage(session, nowMs);
  }

  /** The node goes, and every session with it: what is still to be said of refused calls is said. */
  stop(nowMs: number): void {
    this.#refused.stop(nowMs);
  }

  /** Everything that time alone brings about. */
  tick(nowMs: number): void {
    this.#refused.tick(nowMs);
    this.#ended.sweep(nowMs);
    this.#seconds.sweep(nowMs);
    for (const session of [...this.#sessions.values()]) {
      if (this.#logic.tick(session, nowMs) || !this.#sessions.has(session.sessionId)) continue;
      if (session.startedAtMs === undefined) {
        const isUnanswered = session.callee === undefined && nowMs - session.createdAtMs >= ringTimeoutMs;
        if (isUnanswered) this.end(session, this.#ports.reasons.ending('signaling.no_answer'), nowMs);
        continue;
      }
      if (session.codecsDueAtMs !== undefined && !this.#holdsCodecs(session, nowMs)) continue;
      if (nowMs - session.usageSinceMs >= SIGNALING_RECORD_MS_MAX) this.#flushUsage(session, nowMs);
      this.#enforceSeconds(session, session.startedAtMs, nowMs);
    }
    this.#retryPlacement(nowMs);
  }

  #enforceSeconds(session: Session, startedAtMs: number, nowMs: number): void {
    for (const leg of legsOf(session)) {
      for (const limit of leg.client.principal.limits.seconds) {
        const key = `${leg.legId}:${limit.prefixId}:${limit.counts}:${limit.outcome}`;
        const usedMs =
          limit.counts === 'session' ? nowMs - startedAtMs : this.#seconds.usedMs(limit.prefixId, nowMs);
        if (usedMs < limit.seconds * 1_000 || session.limitsReached.has(key)) continue;
        session.limitsReached.add(key);
        if (this.#reachSeconds(session, limit, nowMs) === 'ended') return;
      }
    }
  }

  #reachSeconds(session: Session, limit: SecondsLimit, nowMs: number): 'ended' | 'continues' {
    const code = limit.counts === 'session' ? 'limit.session_seconds' : 'limit.credential_seconds';
    this.#announceLimit(session, { limit: code, outcome: limit.outcome }, nowMs);
    if (limit.outcome !== 'end') return 'continues';
    this.end(
      session,
      this.#ports.reasons.ending(code, `The limit of ${limit.seconds} seconds is reached.`),
      nowMs,
    );
    return 'ended';
  }

  #announceLimit(
    session: Session,
    reached: { readonly limit: string; readonly outcome: SecondsLimit['outcome'] },
    nowMs: number,
  ): void {
    this.#log(session, nowMs, { type: 'limit.reached', data: reached });
    for (const { client } of legsOf(session)) {
      this.#ports.send(client, { type: 'limitReached', sessionId: session.sessionId, ...reached });
    }
  }

  /** Ends one session for everybody in it. */
  end(session: Session, reason: EndReason, nowMs: number): void {
    if (!this.#sessions.delete(session.sessionId)) return;
    this.#ports.changed(session);
    this.#flushUsage(session, nowMs);
    this.#logic.ended(session, nowMs);
    for (const client of [...legsOf(session).map((leg) => leg.client), ...session.ringing]) {
      client.sessionIds.delete(session.sessionId);
      this.#ports.send(client, { type: 'ended', sessionId: session.sessionId, reason });
    }
    for (const leg of legsOf(session)) {
      this.#seconds.stop(session, leg, nowMs);
      this.#log(session, nowMs, { type: 'leg.left', leg, data: { reason: reason.code } });
    }
    const connectedMs = session.startedAtMs === undefined ? 0 : nowMs - session.startedAtMs;
    this.#log(session, nowMs, { type: 'session.ended', data: { reason, connectedMs } });
    this.#ended.keep(session, nowMs);
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
      if (!isParty) this.#stopRinging(session, client, code);
      const isOver = session.ringing.size === 0 && session.callee === undefined;
      if (isParty || (isOver && !this.#logic.unanswered(session, 'unreachable', nowMs))) {
        const { reasons } = this.#ports;
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
      if (this.#holdsCodecs(session, nowMs) && limits.isCounted === true) {
        const { sessionId } = session;
        this.#ports.claim(`${sessionId} running`, {
          sessionId,
          principal: client.principal,
          isRunning: true,
        });
      }
    }
  }

  #claimingCountOf(client: Client): number {
    let count = 0;
    for (const claiming of this.#claiming.values()) if (claiming.client === client) count++;
    for (const placing of this.#lookingUp.values()) if (placing.client === client) count++;
    return count;
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

  #flushUsage(session: Session, nowMs: number): void {
    session.usageSinceMs = nowMs;
    this.#ports.changed(session);
    for (const leg of legsOf(session)) {
      const fromMs = leg.countedToMs;
      const toMs = Math.max(fromMs, connectedUntilMs(leg.client, nowMs));
      leg.countedToMs = toMs;
      const connectedMs =
        session.startedAtMs === undefined ? 0 : Math.max(0, toMs - Math.max(fromMs, session.startedAtMs));
      const quantities = [...countOf('messages', leg.messageCount), ...countOf('connectedMs', connectedMs)];
      leg.messageCount = 0;
      if (quantities.length === 0) continue;
      const { region } = this.#ports;
      this.#ports.recordUsage(usageRecord({ session, leg, region, fromMs, toMs }, quantities));
    }
  }

  #log<Type extends SessionEventType>(session: Session, atMs: number, line: LogLine<Type>): void {
    this.#ports.changed(session);
    this.#ports.appendSessionEvent(nextEvent(session, atMs, line));
  }
}

type Description = Extract<SignalData, { readonly kind: 'description' }>;

export interface Party {
  readonly session: Session;
  readonly leg: Leg;
}
interface CallTarget {
  readonly identity: string;
  readonly devices: readonly Client[];
}

/** A call on its way to begin. */
interface Placing {
  readonly client: Client;
  readonly frame: ClientMessageOf<'call'>;
  readonly sessionId: string;
  /** That decides about it. */
  readonly logic?:
    | { readonly accountId: string; readonly endpoint: string; readonly url: string }
    | undefined;
}

interface Claiming extends Omit<Placing, 'frame'> {
  readonly frame: ClientMessageOf<'call'> | ClientMessageOf<'accept'>;
}

const ofAnotherAccount = {
  refusal: 'signaling.other_account',
  detail: 'A call stays within one account, its parents and its children.',
} as const satisfies CallRefusal;

/** Of an endpoint in another namespace the name is the caller's own account's. */
function calledEndpoint(
  to: string,
  ownAccountId: string,
): { readonly accountId: string; readonly endpoint: string } {
  const user = calledUser(to, ownAccountId);
  return user === undefined
    ? { accountId: ownAccountId, endpoint: to }
    : { accountId: user.accountId, endpoint: `user:${user.identity}` };
}

const relayDenied = 'The logic of the called endpoint lets it pass no relay.';
const isRelayDenied = ({ logic }: Session): boolean => logic?.relay.use === 'deny';

/** Kept beside those that signaling counts: a relay says a limit and then the end that it brings. */
const relayLimitKey = (limit: string, outcome: string) => `relay:${limit}:${outcome}`;

/** A name of another account is shown with that account, so that nobody passes for somebody of this one. */
function nameSeenBy(viewer: Client, shown: Client): string {
  const { accountId, identity } = shown.principal;
  return accountId === viewer.principal.accountId ? identity : `${identity}@${accountId}`;
}

const limitsIn = (session: Session) => legsOf(session).map(({ client }) => client.principal.limits);

/** Where a client was, as far as a later look at its requests asks (POL-2). */
const placeOf = ({ deviceKind, country, instanceType }: Principal) => ({
  ...(instanceType === undefined ? {} : { instanceType }),
  ...(deviceKind === undefined ? {} : { device: deviceKind }),
  ...(country === undefined ? {} : { country }),
});
