/** It begins above the one probability and ends below the other, so that it does not flicker. */
const BEGINS_AT = 0.5;
const ENDS_AT = 0.35;
/** Who is so far below the loudest that spoke is somebody else in the room: 12 dB. */
const BACKGROUND_RATIO = 0.25;
/** The loudest is forgotten by half in 11 s. */
const FORGETTING = 0.998;
/** A weak syllable is no pause: for so many frames whoever spoke goes on. */
const HANGOVER_FRAMES = 5;

/** When somebody in front speaks, by the probability and the level of each frame. */
export class SpeechGate {
  #isSpeech = false;
  #loudest = 0;
  #heldFrames = 0;

  /** @param rms of the frame. */
  next(probability: number, rms: number): boolean {
    this.#isSpeech = probability >= (this.#isSpeech ? ENDS_AT : BEGINS_AT);
    if (this.#isSpeech) this.#loudest = Math.max(this.#loudest * FORGETTING, rms);
    const isInFront = this.#isSpeech && rms >= this.#loudest * BACKGROUND_RATIO;
    this.#heldFrames = isInFront ? HANGOVER_FRAMES : Math.max(0, this.#heldFrames - 1);
    return isInFront || (this.#heldFrames > 0 && probability >= ENDS_AT);
  }
}
