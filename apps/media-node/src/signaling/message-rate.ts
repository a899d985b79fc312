/** A client may send so many frames a second, and so many at once: a call's candidates come in one burst. */
export const framesPerSecondMax = 50;
export const frameBurstMax = 200;

/** The generic cell rate algorithm: one number a connection, no timer. */
export class MessageRate {
  #theoreticalArrivalMs = 0;

  /** False when the frame is over the rate. */
  admit(nowMs: number): boolean {
    const arrivalMs = Math.max(this.#theoreticalArrivalMs, nowMs) + 1_000 / framesPerSecondMax;
    if (arrivalMs - nowMs > (frameBurstMax * 1_000) / framesPerSecondMax) return false;
    this.#theoreticalArrivalMs = arrivalMs;
    return true;
  }
}
