import type { LogicInput } from '@patchbay/domain/logic/interpreter';
import type { EndReason } from '@patchbay/protocol/signaling/messages';
import type { CallTarget } from './call-placing.ts';
import type { CallPorts } from './call-ports.ts';
import type { Client } from './clients.ts';
import type { ConnectedSeconds } from './connected-seconds.ts';
import { iceServersFor } from './ice-servers.ts';
import type { MediaBridges } from './media-bridges.ts';
import type { MediaRecovery } from './media-recovery.ts';
import { nameSeenBy } from './name-seen-by.ts';
import type { Leg, Session } from './session.ts';
import type { SessionRecords } from './session-records.ts';

export interface CallTransferPorts
  extends Pick<CallPorts, 'clients' | 'reasons' | 'newId' | 'send' | 'changed'> {
  readonly seconds: ConnectedSeconds;
  readonly records: Pick<SessionRecords, 'log' | 'flushUsage' | 'leaveRoom'>;
  readonly recovery: Pick<MediaRecovery, 'placeRelay'>;
  readonly bridges: Pick<MediaBridges, 'drop'>;
  reach(client: Client, to: string): CallTarget | undefined;
  ring(session: Session, device: Client, legId: string): void;
  stopRinging(session: Session, device: Client): void;
  feed(session: Session, input: LogicInput, nowMs: number): void;
  end(session: Session, reason: EndReason, nowMs: number): void;
}

/** As long as whoever was called first may ring. */
export const transferTimeoutMs = 45_000;

/**
 * A running call goes on with somebody else (LIV-1): whoever was called leaves, another endpoint rings, and the caller
 * waits. To the caller it is one call, whose peer connection is made anew; its time, its limits and its log go on.
 */
export class CallTransfer {
  readonly #ports: CallTransferPorts;

  constructor(ports: CallTransferPorts) {
    this.#ports = ports;
  }

  /** False where nobody of that name could be rung. */
  begin(session: Session, { to, by }: { readonly to: string; readonly by: string }, nowMs: number): boolean {
    const { caller, callee } = session;
    const target = this.#ports.reach(caller.client, to);
    const devices = target?.devices.filter((device) => device !== callee?.client) ?? [];
    const [first] = devices;
    if (target === undefined || first === undefined) return false;
    const { records } = this.#ports;
    this.#ports.changed(session);
    records.flushUsage(session, nowMs);
    records.log(session, nowMs, { type: 'session.transferred', data: { to, by } });
    this.#ports.feed(session, { type: 'handedOver' }, nowMs);
    for (const device of [...session.ringing]) this.#ports.stopRinging(session, device);
    this.#ports.bridges.drop(session);
    if (callee !== undefined) this.#leave(session, callee, nowMs);
    session.callee = undefined;
    session.calleeLegId = this.#ports.newId('leg');
    session.transfer = { to, sinceMs: nowMs };
    session.codecs = undefined;
    session.codecsDueAtMs = undefined;
    session.recovery = undefined;
    session.waitingForRelay = undefined;
    const leg = { legId: session.calleeLegId, client: first };
    records.log(session, nowMs, { type: 'leg.ringing', leg, data: { identity: target.identity } });
    for (const device of devices) this.#ports.ring(session, device, session.calleeLegId);
    return true;
  }

  /** Somebody has answered, and is the party that was called from here on. */
  answered(session: Session, callee: Leg, nowMs: number): void {
    const { sessionId, caller, callMode: mode } = session;
    session.transfer = undefined;
    session.generation += 1;
    session.relay = this.#ports.recovery.placeRelay(session);
    session.isRelayOffered = mode === 'relay' && session.relay !== undefined;
    if (mode === 'relay' && session.relay === undefined) {
      this.#ports.end(session, this.#ports.reasons.ending('signaling.no_relay'), nowMs);
      return;
    }
    this.#ports.seconds.start(session, callee, nowMs);
    const { generation } = session;
    const shared = { sessionId, generation, mode } as const;
    this.#ports.send(caller.client, {
      type: 'recover',
      ...shared,
      initiator: caller.isInitiator,
      iceServers: iceServersFor(session, caller),
      reason: 'transferred',
      peer: nameSeenBy(caller.client, callee.client),
      media: callee.media,
    });
    this.#ports.send(callee.client, {
      type: 'started',
      ...shared,
      legId: callee.legId,
      peer: nameSeenBy(callee.client, caller.client),
      media: caller.media,
      initiator: callee.isInitiator,
      iceServers: iceServersFor(session, callee),
    });
  }

  /** True while somebody may still answer; the call ends when nobody did for too long. */
  holds(session: Session, sinceMs: number, nowMs: number): boolean {
    if (nowMs - sinceMs < transferTimeoutMs) return true;
    this.#ports.end(session, this.#ports.reasons.ending('signaling.no_answer'), nowMs);
    return false;
  }

  #leave(session: Session, leg: Leg, nowMs: number): void {
    const { sessionId } = session;
    const reason = this.#ports.reasons.ending('signaling.transferred');
    this.#ports.seconds.stop(session, leg, nowMs);
    leg.client.sessionIds.delete(sessionId);
    this.#ports.send(leg.client, { type: 'ended', sessionId, reason });
    if (leg.client.media !== undefined) this.#ports.clients.remove(leg.client);
    this.#ports.records.leaveRoom(session, leg, nowMs);
    this.#ports.records.log(session, nowMs, { type: 'leg.left', leg, data: { reason: reason.code } });
  }
}
