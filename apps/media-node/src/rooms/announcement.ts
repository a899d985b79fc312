import type { RoomChange } from '@patchbay/domain/conferencing/room-words';
import { type Prompt, readBuiltInSound } from '@patchbay/domain/logic/sound-order';
import { FRAME_SAMPLES, RATE_HZ, SoundRun } from '../media/sound-run.ts';
import type { ClipsOf } from '../media/sounds.ts';

/** The mixer plays no longer sounds. */
const SECONDS_MAX = 60;

type Announced = Extract<RoomChange, { type: 'announce' }>['sound'];

/** An announcement as the mixer plays it: at most a minute of it. */
export async function announcementOf(
  sound: Announced,
  clipsOf: ClipsOf,
): Promise<{ readonly samples: Int16Array } | { readonly problem: string }> {
  const prompt = promptOf(sound);
  if ('problem' in prompt) return prompt;
  const clips = await clipsOf([prompt]);
  if ('failure' in clips) return { problem: clips.detail };
  const run = new SoundRun(clips);
  const samples = new Int16Array(SECONDS_MAX * RATE_HZ);
  let length = 0;
  while (length < samples.length) {
    const frame = run.next(undefined);
    if (run.result !== undefined) break;
    samples.set(frame, length);
    length += FRAME_SAMPLES;
  }
  return { samples: samples.slice(0, length) };
}

function promptOf(sound: Announced): Prompt | { readonly problem: string } {
  if (sound.kind === 'say') return { ...sound, repeatCount: 1 };
  const builtIn = readBuiltInSound(sound.url);
  if (builtIn !== undefined && 'problem' in builtIn) return builtIn;
  if (builtIn?.kind === 'echo') return { problem: 'A room has no echo to be played.' };
  return { kind: 'play', url: sound.url, repeatCount: 1 };
}
