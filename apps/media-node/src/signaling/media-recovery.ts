import type { ClientMessageOf, EndReason } from '@patchbay/protocol/signaling/messages';
import type { CallPorts } from './call-ports.ts';
import { iceServersFor } from './ice-servers.ts';
import { KnownRelays } from './known-relays.ts';
import type { RelayPlacement } from './platform.ts';
import { dependsOnRelay, isRelayDenied, legsOf, relayDenied, type Session } from './session.ts';
import type { SessionRecords } from './session-records.ts';

/** How long a session waits for a relay to come back, or to be placed at all. */
export const relayWaitMs = 30_000;
/** A session that needs more peer connections than this is not worth saving. */
export const generationMax = 100;

export interface MediaRecoveryPorts extends Pick<CallPorts, 'reasons' | 'placeRelay' | 'changed' | 'send'> {
  readonly log: SessionRecords['log'];
  /** Those that are there while it is gone through: one may end meanwhile. */
  sessions(): Iterable<Session>;
  start(session: Session, nowMs: number): void;
  end(session: Session, reason: EndReason, nowMs: number): void;
}

/** Media is lost and made anew: which relay carries a session, and that another does when it goes (LIV-3). */
export class MediaRecovery {
  readonly #ports: MediaRecoveryPorts;
  readonly #relays = new KnownRelays();

  constructor(ports: MediaRecoveryPorts) {
    this.#ports = ports;
  }

  /** A session that was saved is carried by this relay. */
  carries(relay: RelayPlacement): void {
    this.#relays.carries(relay);
  }

  relayNeeded(session: Session, frame: ClientMessageOf<'relayNeeded'>, nowMs: number): void {
    // Both parties notice a failure. The second report is of a generation that is gone.
    if (frame.generation !== session.generation || session.startedAtMs === undefined) return;
    this.recover(session, session.isRelayOffered ? 'media_failed' : 'relay_needed', nowMs);
  }

  alive(nodeId: string, boot: string, nowMs: number): void {
    if (this.#relays.alive(nodeId, boot) === 'restarted') {
      for (const session of this.#ports.sessions()) {
        if (session.relay?.nodeId === nodeId && session.relay.boot !== boot) this.#loseRelay(session, nowMs);
      }
    }
    for (const session of this.#ports.sessions()) {
      if (this.#relays.isDraining(session.relay?.nodeId ?? '')) this.#leaveRelay(session, nowMs);
    }
    this.retryPlacement(nowMs);
  }

  died(nodeId: string, nowMs: number): void {
    this.#relays.died(nodeId);
    for (const session of this.#ports.sessions()) {
      if (session.relay?.nodeId === nodeId) this.#loseRelay(session, nowMs);
    }
  }

  /** Its calls move while it still carries them, if there is another relay: nobody sees the change. */
  drains(nodeId: string, nowMs: number): void {
    this.#relays.drains(nodeId);
    for (const session of this.#ports.sessions()) {
      if (session.relay?.nodeId === nodeId) this.#leaveRelay(session, nowMs);
    }
  }

  #leaveRelay(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    if (session.startedAtMs === undefined || !dependsOnRelay(session)) session.relay = undefined;
    else if (this.placeRelay(session) !== undefined) this.recover(session, 'relay_draining', nowMs);
  }

  #loseRelay(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    if (session.startedAtMs === undefined || !dependsOnRelay(session)) session.relay = undefined;
    else this.recover(session, 'relay_lost', nowMs);
  }

  /** Both parties make a new peer connection, and keep the old one until the new one carries media. */
  recover(session: Session, reason: string, nowMs: number): void {
    this.#ports.changed(session);
    if (isRelayDenied(session)) {
      this.#ports.end(session, this.#ports.reasons.ending('signaling.no_relay', relayDenied), nowMs);
      return;
    }
    const relay = this.placeRelay(session);
    if (relay === undefined) {
      session.relay = undefined;
      session.waitingForRelay ??= { sinceMs: nowMs, reason };
      return;
    }
    if (session.generation >= generationMax) {
      this.#ports.end(session, this.#ports.reasons.ending('signaling.media_failed'), nowMs);
      return;
    }
    const sinceMs = session.waitingForRelay?.sinceMs ?? nowMs;
    session.waitingForRelay = undefined;
    session.relay = relay;
    session.isRelayOffered = true;
    session.generation += 1;
    session.recovery = { generation: session.generation, sinceMs: session.recovery?.sinceMs ?? sinceMs };
    this.#ports.log(session, nowMs, {
      type: 'recovery.started',
      data: { generation: session.generation, reason },
    });
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

  retryPlacement(nowMs: number): void {
    for (const session of this.#ports.sessions()) {
      const waiting = session.waitingForRelay;
      if (waiting === undefined) continue;
      if (nowMs - waiting.sinceMs >= relayWaitMs) {
        this.#ports.end(session, this.#ports.reasons.ending('signaling.no_relay'), nowMs);
      } else if (session.startedAtMs === undefined) this.#ports.start(session, nowMs);
      else this.recover(session, waiting.reason, nowMs);
    }
  }

  /** None is placed before both parties are here to take it. */
  placeRelay(session: Session): RelayPlacement | undefined {
    if (legsOf(session).some(({ client }) => client.isLeftBehind)) return undefined;
    const placement = this.#ports.placeRelay(session.sessionId);
    return placement !== undefined && this.#relays.isOffered(placement) ? placement : undefined;
  }
}
