import type { AskedMode } from '@patchbay/domain/sessions/control';
import type { ClientMessageOf, EndReason } from '@patchbay/protocol/signaling/messages';
import type { CallPorts } from './call-ports.ts';
import { iceServersFor } from './ice-servers.ts';
import { KnownRelays } from './known-relays.ts';
import type { MediaBridges } from './media-bridges.ts';
import type { RelayPlacement } from './platform.ts';
import { dependsOnRelay, isBridged, isRelayDenied, legsOf, relayDenied, type Session } from './session.ts';
import type { SessionRecords } from './session-records.ts';

/** How long a session waits for a relay to come back, or to be placed at all. */
export const relayWaitMs = 30_000;
/** A session that needs more peer connections than this is not worth saving. */
export const generationMax = 100;

/** Why a new peer connection is made. `isPlanned`: nothing is lost meanwhile. */
export interface Renewal {
  readonly reason: string;
  readonly isPlanned?: boolean;
}

const noRelay = 'No relay of this region is free.';
const noMediaNode = 'No media node of this region is free.';
const tooOften = 'Its media was moved or lost too often.';

export interface MediaRecoveryPorts extends Pick<CallPorts, 'reasons' | 'placeRelay' | 'changed' | 'send'> {
  readonly log: SessionRecords['log'];
  readonly bridges: Pick<MediaBridges, 'begin' | 'leave' | 'renew'>;
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
    if (session.movedTo === 'media' && session.bridge === undefined) {
      this.mediaLost(session, nowMs);
      return;
    }
    const reason = session.isRelayOffered ? 'media_failed' : 'relay_needed';
    // What was planned failed, and what it was to follow carries media still.
    const isPlanned = session.recovery?.isPlanned === true && frame.reason !== 'interrupted';
    this.recover(session, { reason, isPlanned }, nowMs);
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
    else if (this.placeRelay(session) !== undefined)
      this.recover(session, { reason: 'relay_draining', isPlanned: true }, nowMs);
  }

  #loseRelay(session: Session, nowMs: number): void {
    this.#ports.changed(session);
    if (session.startedAtMs === undefined || !dependsOnRelay(session)) session.relay = undefined;
    else this.recover(session, { reason: 'relay_lost' }, nowMs);
  }

  /** Both parties make a new peer connection, through a relay if need be, and keep the old one until the new one carries media. */
  recover(session: Session, why: Renewal, nowMs: number): void {
    this.#ports.changed(session);
    if (isRelayDenied(session)) {
      this.#ports.end(session, this.#ports.reasons.ending('signaling.no_relay', relayDenied), nowMs);
      return;
    }
    const relay = this.placeRelay(session);
    if (relay === undefined) {
      session.relay = undefined;
      session.waitingForRelay ??= { sinceMs: nowMs, reason: why.reason };
      return;
    }
    session.relay = relay;
    session.isRelayOffered = true;
    this.#renew(session, why, nowMs);
  }

  /** The media of a call goes another way, while it goes on the way before (LIV-2). A string says why it cannot. */
  move(session: Session, mode: AskedMode, nowMs: number): string | undefined {
    const isHidden = legsOf(session).some(({ client }) => client.principal.limits.isRelayOnly === true);
    const isRelayed = mode === 'relay' || (mode === 'media' && isHidden);
    if (isRelayed && isRelayDenied(session)) return relayDenied;
    const relay = this.placeRelay(session);
    if (isRelayed && relay === undefined) return noRelay;
    if (session.generation >= generationMax) return tooOften;
    const { bridges } = this.#ports;
    if (mode !== 'media') bridges.leave(session);
    else if (!bridges.begin(session)) return noMediaNode;
    this.#ports.changed(session);
    session.callMode = isRelayed ? 'relay' : 'auto';
    session.relay = relay;
    session.isRelayOffered = isRelayed;
    this.#renew(session, { reason: 'mode_changed', isPlanned: true }, nowMs);
    return undefined;
  }

  /** The media node of a call is gone: another one takes its place, or its parties do without. */
  mediaLost(session: Session, nowMs: number): void {
    if (session.startedAtMs === undefined || session.transfer !== undefined) return;
    this.#ports.changed(session);
    session.relay = this.placeRelay(session);
    session.isRelayOffered = session.relay !== undefined;
    this.#ports.bridges.begin(session);
    this.#renew(session, { reason: 'media_lost' }, nowMs);
  }

  #renew(session: Session, { reason, isPlanned = false }: Renewal, nowMs: number): void {
    if (session.generation >= generationMax) {
      this.#ports.end(session, this.#ports.reasons.ending('signaling.media_failed'), nowMs);
      return;
    }
    const sinceMs = session.recovery?.sinceMs ?? session.waitingForRelay?.sinceMs ?? nowMs;
    session.waitingForRelay = undefined;
    session.generation += 1;
    session.recovery = { generation: session.generation, sinceMs, ...(isPlanned ? { isPlanned } : {}) };
    this.#ports.log(session, nowMs, {
      type: 'recovery.started',
      data: { generation: session.generation, reason },
    });
    for (const leg of legsOf(session)) {
      this.#ports.send(leg.client, {
        type: 'recover',
        sessionId: session.sessionId,
        generation: session.generation,
        // A media node answers; it never offers.
        initiator: leg.isInitiator || isBridged(session, session.generation),
        iceServers: iceServersFor(session, leg),
        mode: session.callMode,
        reason,
        ...(isPlanned ? { isPlanned } : {}),
      });
    }
    this.#ports.bridges.renew(session, reason);
  }

  retryPlacement(nowMs: number): void {
    for (const session of this.#ports.sessions()) {
      const waiting = session.waitingForRelay;
      if (waiting === undefined) continue;
      if (nowMs - waiting.sinceMs >= relayWaitMs) {
        this.#ports.end(session, this.#ports.reasons.ending('signaling.no_relay'), nowMs);
      } else if (session.startedAtMs === undefined) this.#ports.start(session, nowMs);
      else this.recover(session, { reason: waiting.reason }, nowMs);
    }
  }

  /** None is placed before both parties are here to take it. */
  placeRelay(session: Session): RelayPlacement | undefined {
    if (legsOf(session).some(({ client }) => client.isLeftBehind)) return undefined;
    const placement = this.#ports.placeRelay(session.sessionId);
    return placement !== undefined && this.#relays.isOffered(placement) ? placement : undefined;
  }
}
