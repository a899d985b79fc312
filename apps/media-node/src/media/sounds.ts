import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import { type Prompt, readBuiltInSound } from '@patchbay/domain/logic/sound-order';
import { readWav } from '@patchbay/dsp/wav';
import { fetchFollowing, whyOf } from './fetch-following.ts';
import type { Clip } from './sound-run.ts';
import type { Speak } from './speech.ts';

/** Of one file: ten minutes at a telephone's 16,000 bytes a second, less than two at a studio's. */
export const SOUND_BYTES_MAX = 10_000_000;
/** Of all files and texts of one verb: 20 MB in memory. */
export const ORDER_SAMPLES_MAX = 10_000_000;

/** What cannot be played, as logic is told. */
interface ClipFailure {
  readonly failure: 'unreachable' | 'invalid' | 'verb_unavailable';
  readonly detail: string;
}
export type ClipsOf = (prompts: readonly Prompt[]) => Promise<readonly Clip[] | ClipFailure>;

/** Makes what prompts play: speech, files from where customers have them, and sounds of our own. */
export function soundMaker({ fetch, speak }: { readonly fetch: SendSafely; readonly speak: Speak }): ClipsOf {
  const clipsOf = async (prompt: Prompt): Promise<readonly Clip[] | ClipFailure> => {
    switch (prompt.kind) {
      case 'pause':
        return [{ kind: 'silence', milliseconds: prompt.milliseconds }];
      case 'say': {
        const spoken = await speak(prompt);
        if ('failure' in spoken) return spoken;
        return [{ kind: 'samples', ...spoken, repeatCount: prompt.repeatCount }];
      }
      case 'play': {
        const { url, repeatCount } = prompt;
        const builtIn = readBuiltInSound(url);
        if (builtIn === undefined) {
          const found = await fetchSound(url, fetch);
          return 'failure' in found ? found : [{ kind: 'samples', ...found, repeatCount }];
        }
        if ('problem' in builtIn) return { failure: 'invalid', detail: builtIn.problem };
        return Array.from({ length: repeatCount }, () => builtIn);
      }
    }
  };
  return async (prompts) => {
    const clips: Clip[] = [];
    let sampleCount = 0;
    // One after the other, so that the sum bounds what is held at any time.
    for (const prompt of prompts) {
      const made = await clipsOf(prompt);
      if ('failure' in made) return made;
      for (const clip of made) sampleCount += clip.kind === 'samples' ? clip.samples.length : 0;
      if (sampleCount > ORDER_SAMPLES_MAX)
        return { failure: 'invalid', detail: `One verb plays at most ${ORDER_SAMPLES_MAX} samples.` };
      clips.push(...made);
    }
    return clips;
  };
}

async function fetchSound(
  from: string,
  fetch: SendSafely,
): Promise<{ readonly rateHz: number; readonly samples: Int16Array } | ClipFailure> {
  const headers = { accept: 'audio/wav, audio/x-wav', 'user-agent': 'Patchbay-Media/1' };
  const { url, answer } = await fetchFollowing(from, { fetch, headers });
  const what = JSON.stringify(url.slice(0, 200));
  if (answer.error !== undefined)
    return { failure: 'unreachable', detail: `The sound at ${what} cannot be fetched: ${whyOf(answer)}.` };
  const sound = readWav(answer.bytes ?? new Uint8Array());
  return 'problem' in sound
    ? { failure: 'invalid', detail: `The sound at ${what}: ${sound.problem}` }
    : sound;
}
