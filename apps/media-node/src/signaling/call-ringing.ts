import { TURN_SECONDS_MAX } from '@patchbay/domain/presence/ringing';
import type { SignalingEndingCode as EndingCode } from '@patchbay/protocol/signaling/codes';
import type { ClientMessageOf, EndReason } from '@patchbay/protocol/signaling/messages';
import type { CallLogic } from './call-logic.ts';
import { dialledLegId } from './call-logic.ts';
import type { CallPlacing, CallTarget } from './call-placing.ts';
import type { CallPorts } from './call-ports.ts';
import type { CallTransfer } from './call-transfer.ts';
import type { Client } from './clients.ts';
import { nameSeenBy } from './name-seen-by.ts';
import { type CallRefusal, featureRefusal, mediaRefusal, participantsRefusal } from './party-rules.ts';
import { type Leg, legsOf, modalityOf, newLeg, type Session } from './session.ts';
import type { SessionControl } from './session-control.ts';
import type { SessionRecords } from './session-records.ts';

/** How long a call rings where nobody says anything else. */
export const ringTimeoutMs = TURN_SECONDS_MAX * 1_000;

export interface CallRingingPorts
  extends Pick<CallPorts, 'clients' | 'reasons' | 'refuse' | 'send' | 'changed'> {
  readonly records: SessionRecords;
  readonly logic: () => CallLogic;
  readonly placing: () => CallPlacing;
  readonly transfer: () => CallTransfer;
  readonly control: () => SessionControl;
  session(sessionId: string): Session | undefined;
  start(session: Session, nowMs: number): void;
  end(session: Session, reason: EndReason, nowMs: number): void;
}

/** Devices ring, together or in turn, and one of them answers: the first has the call, and the others are told (IDP). */
export class CallRinging {
  readonly #ports: CallRingingPorts;

  constructor(ports: CallRingingPorts) {
    this.#ports = ports;
  }

  begin(session: Session, { turns, turnMs, identity }: CallTarget, nowMs: number): void {
    const [first] = turns.flat();
    if (first === undefined) return;
    const leg = { legId: session.calleeLegId, client: first };
    this.#ports.records.log(session, nowMs, { type: 'leg.ringing', leg, data: { identity } });
    const connectionIds = turns.map((turn) => turn.map(({ connectionId }) => connectionId));
    session.turns = { left: connectionIds, turnMs, endsAtMs: nowMs };
    this.#ringNext(session, nowMs);
  }

  ring(session: Session, device: Client, legId: string): void {
    const { sessionId, caller } = session;
    session.ringing.add(device);
    this.#ports.changed(session);
    device.sessionIds.add(sessionId);
    const from = nameSeenBy(device, caller.client);
    this.#ports.send(device, { type: 'incoming', sessionId, legId, from, media: caller.media });
  }

  stopRinging(session: Session, device: Client, code: EndingCode): void {
    session.ringing.delete(device);
    this.#ports.changed(session);
    device.sessionIds.delete(session.sessionId);
    const reason = this.#ports.reasons.ending(code);
    this.#ports.send(device, { type: 'ended', sessionId: session.sessionId, reason });
  }

  accept(client: Client, frame: ClientMessageOf<'accept'>, nowMs: number): CallRefusal | undefined {
    if (client.principal.limits.isCounted !== true) return this.join(client, frame, nowMs);
    const refusal = this.#refusalOfJoin(client, frame);
    if (refusal === undefined) this.#ports.placing().claimAnswer(client, frame);
    return refusal;
  }

  join(client: Client, frame: ClientMessageOf<'accept'>, nowMs: number): CallRefusal | undefined {
    const refusal = this.#refusalOfJoin(client, frame);
    const session = this.#ports.session(frame.sessionId);
    if (refusal !== undefined || session === undefined) return refusal;
    const { limits } = client.principal;
    session.ringing.delete(client);
    session.turns = undefined;
    for (const device of [...session.ringing])
      this.stopRinging(session, device, 'signaling.answered_elsewhere');
    const legId = dialledLegId(session, client) ?? session.calleeLegId;
    if (frame.mode === 'relay' || limits.isRelayOnly === true) session.callMode = 'relay';
    this.seat(session, { client, media: frame.media, legId }, nowMs);
    return undefined;
  }

  /** Whoever answered is the party that was called, and both begin. */
  seat(
    session: Session,
    { client, media, legId }: Pick<Leg, 'client' | 'media' | 'legId'>,
    nowMs: number,
  ): void {
    session.callee = { ...newLeg(legId, client, media), isInitiator: false, countedToMs: nowMs };
    const { identity, accountId } = client.principal;
    const mediaNodeId = client.media?.nodeId;
    this.#ports.records.log(session, nowMs, {
      type: 'leg.joined',
      leg: session.callee,
      data: { identity, accountId, media, ...(mediaNodeId === undefined ? {} : { mediaNodeId }) },
    });
    session.segmentModality = modalityOf(legsOf(session));
    if (session.transfer !== undefined) {
      this.#ports.transfer().answered(session, session.callee, nowMs);
      this.#ports.control().tell(session);
      return;
    }
    this.#ports.logic().answered(session, legId, nowMs);
    this.#ports.start(session, nowMs);
  }

  reject(client: Client, { sessionId }: ClientMessageOf<'reject'>, nowMs: number): CallRefusal | undefined {
    const session = this.#ports.session(sessionId);
    if (session === undefined || !session.ringing.has(client))
      return { refusal: 'signaling.session_unknown' };
    this.stopRinging(session, client, 'signaling.rejected');
    if (!this.goesOn(session, nowMs) && !this.#ports.logic().unanswered(session, 'rejected', nowMs))
      this.#ports.end(session, this.#ports.reasons.ending('signaling.rejected'), nowMs);
    return undefined;
  }

  /** Whoever wanted to answer may not: the call goes on ringing at other devices, if there are any. */
  refuseAnswer(
    client: Client,
    { frame, refusal, nowMs }: { frame: ClientMessageOf<'accept'>; refusal: CallRefusal; nowMs: number },
  ): void {
    this.#ports.refuse(client, refusal, frame.sessionId);
    const session = this.#ports.session(frame.sessionId);
    if (session === undefined || !session.ringing.has(client)) return;
    const code = refusal.refusal;
    if (code !== 'limit.exceeded' && code !== 'balance.used_up') return;
    this.stopRinging(session, client, code);
    if (!this.goesOn(session, nowMs) && !this.#ports.logic().unanswered(session, 'busy', nowMs))
      this.#ports.end(session, this.#ports.reasons.ending(code, refusal.detail), nowMs);
  }

  /** True while some device rings. Where none does any more, those whose turn is next do. */
  goesOn(session: Session, nowMs: number): boolean {
    if (session.ringing.size > 0) return true;
    this.#ringNext(session, nowMs);
    return session.ringing.size > 0;
  }

  /** Of a call that nobody has answered: ends the turn that is over, and the call with the last one. */
  tick(session: Session, nowMs: number): void {
    const { turns } = session;
    if (turns !== undefined && nowMs >= turns.endsAtMs && turns.left.length > 0) {
      for (const device of [...session.ringing]) this.stopRinging(session, device, 'signaling.no_answer');
      this.#ringNext(session, nowMs);
    }
    const { endsAtMs, left } = session.turns ?? { endsAtMs: session.createdAtMs + ringTimeoutMs, left: [] };
    if (session.callee === undefined && left.length === 0 && nowMs >= endsAtMs)
      this.#ports.end(session, this.#ports.reasons.ending('signaling.no_answer'), nowMs);
  }

  /** A device that has gone meanwhile has lost its turn. */
  #ringNext(session: Session, nowMs: number): void {
    while (session.ringing.size === 0 && session.turns !== undefined && session.turns.left.length > 0) {
      const [turn = [], ...left] = session.turns.left;
      const { turnMs } = session.turns;
      session.turns = { left, turnMs, endsAtMs: nowMs + turnMs };
      this.#ports.changed(session);
      for (const connectionId of turn) {
        const device = this.#ports.clients.byConnection(connectionId);
        if (device !== undefined) this.ring(session, device, session.calleeLegId);
      }
    }
  }

  #refusalOfJoin(client: Client, frame: ClientMessageOf<'accept'>): CallRefusal | undefined {
    const session = this.#ports.session(frame.sessionId);
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
}
