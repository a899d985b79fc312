import { RoomMeter, type RoomUsage } from '../mixer/room-meter.ts';
import type { ParticipantUsage, UsedRoom } from './room-ports.ts';

interface Counted {
  readonly sessionId: string;
  readonly identity: string;
  countedToMs: number;
}

/**
 * What a room uses, told in parts: the role counts it, so that the death of a mixer loses nothing of it. While a room is not mixed,
 * nothing is counted.
 */
export class RoomUse {
  readonly #meter: RoomMeter;
  readonly #inside = new Map<string, Counted>();
  readonly #gone: ParticipantUsage[] = [];
  #told: RoomUsage = { roomMs: 0, participantMs: 0, peakParticipantCount: 0 };
  #isPaused = false;
  #processMs = 0;

  constructor(nowMs: number) {
    this.#meter = new RoomMeter(nowMs);
  }

  joined(
    {
      legId,
      sessionId,
      identity,
    }: { readonly legId: string; readonly sessionId: string; readonly identity: string },
    nowMs: number,
  ): void {
    this.#inside.set(legId, { sessionId, identity, countedToMs: nowMs });
    this.#count(nowMs);
  }

  left(legId: string, nowMs: number): void {
    const counted = this.#inside.get(legId);
    if (counted === undefined) return;
    this.#inside.delete(legId);
    if (!this.#isPaused) this.#gone.push(usageOf(counted, nowMs));
    this.#count(nowMs);
  }

  processed(processMs: number): void {
    this.#processMs += processMs;
  }

  pause(nowMs: number): void {
    for (const counted of this.#inside.values()) {
      if (!this.#isPaused) this.#gone.push(usageOf(counted, nowMs));
      counted.countedToMs = nowMs;
    }
    this.#isPaused = true;
    this.#count(nowMs);
  }

  resume(nowMs: number): void {
    for (const counted of this.#inside.values()) counted.countedToMs = nowMs;
    this.#isPaused = false;
    this.#count(nowMs);
  }

  /** What was not told yet; undefined where that is nothing. */
  take(
    nowMs: number,
  ): { readonly usage: UsedRoom; readonly participants: readonly ParticipantUsage[] } | undefined {
    const participants = this.#gone.splice(0);
    if (!this.#isPaused)
      for (const counted of this.#inside.values()) {
        participants.push(usageOf(counted, nowMs));
        counted.countedToMs = nowMs;
      }
    const now = this.#meter.usage(nowMs);
    const processMs = this.#processMs;
    this.#processMs = 0;
    const usage: UsedRoom = {
      processMs,
      roomMs: now.roomMs - this.#told.roomMs,
      participantMs: now.participantMs - this.#told.participantMs,
      // Once for each that comes on top: all that was told together is the peak.
      peakParticipantCount: now.peakParticipantCount - this.#told.peakParticipantCount,
    };
    this.#told = now;
    const told = participants.filter(({ fromMs, toMs }) => toMs > fromMs);
    const isNothing =
      usage.roomMs === 0 && processMs === 0 && usage.peakParticipantCount === 0 && told.length === 0;
    return isNothing ? undefined : { usage, participants: told };
  }

  #count(nowMs: number): void {
    this.#meter.changed(this.#isPaused ? 0 : this.#inside.size, nowMs);
  }
}

const usageOf = ({ sessionId, identity, countedToMs }: Counted, nowMs: number): ParticipantUsage => ({
  sessionId,
  identity,
  fromMs: countedToMs,
  toMs: Math.max(countedToMs, nowMs),
});
