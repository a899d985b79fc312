/** What a room has used, as whole numbers. */
export interface RoomUsage {
  /** While anybody was in it. */
  readonly roomMs: number;
  /** Of all of them together. */
  readonly participantMs: number;
  readonly peakParticipantCount: number;
}

/** Counts what is billed of a room. It is told of each change at its time, and asked at any: nothing is sampled. */
export class RoomMeter {
  #countedToMs: number;
  #participantCount = 0;
  #roomMs = 0;
  #participantMs = 0;
  #peakParticipantCount = 0;

  constructor(nowMs: number) {
    this.#countedToMs = nowMs;
  }

  /** Somebody joined or left. */
  changed(participantCount: number, nowMs: number): void {
    this.#countTo(nowMs);
    this.#participantCount = participantCount;
    this.#peakParticipantCount = Math.max(this.#peakParticipantCount, participantCount);
  }

  usage(nowMs: number): RoomUsage {
    this.#countTo(nowMs);
    return {
      roomMs: Math.round(this.#roomMs),
      participantMs: Math.round(this.#participantMs),
      peakParticipantCount: this.#peakParticipantCount,
    };
  }

  #countTo(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#countedToMs);
    this.#countedToMs += passedMs;
    if (this.#participantCount > 0) this.#roomMs += passedMs;
    this.#participantMs += passedMs * this.#participantCount;
  }
}
