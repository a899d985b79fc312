/**
 * How well it is heard where somebody speaks: sentences of espeak-ng in eight voices and five languages with silence between, and
 * three noises at four levels. The peer is the detector of WebRTC (libfvad), in whichever of its modes, at whichever of three levels (loud
 * noise it takes for speech), and with or without our rules for stretches, is best in a case. Frames of 10 ms are counted. What it leaves out: people who really speak, rooms that echo, and babble.
 */
import { detectionDefaults } from '@patchbay/domain/speech-detection/detection-order';
import { type SpeechSegment, SpeechSegments } from '@patchbay/domain/speech-detection/speech-segments';
import { VOICE_FRAME_MS, VOICE_FRAME_SAMPLES } from '@patchbay/dsp/voice-network';
import { openVoiceNetwork } from '../../apps/media-node/src/detection/voice-activity.ts';
import { rounded, say } from '../figures.ts';
import { LABEL_MS, type LabelledSound, labelledSounds, noises, ratiosDb, withNoise } from './sounds.ts';
import { PEER_FRAME_MS, WebRtcVad } from './webrtc-vad.ts';

const SOUND_COUNT = 16;
const peerModes = [0, 1, 2, 3] as const;
const peerRules = ['frames', 'stretches'] as const;
const peerGains = [1, 0.5, 0.25] as const;

/** Frames by what is true of them and what is said. */
interface Counts {
  hit: number;
  missed: number;
  false: number;
  still: number;
}

function segmentsOf(probabilities: Iterable<number>, durationMs: number): readonly SpeechSegment[] {
  const segments = new SpeechSegments(detectionDefaults);
  const told = Array.from(probabilities, (probability) => segments.push({ durationMs, probability }));
  return [...told, segments.end()].filter((segment) => segment !== undefined);
}

async function ours(samples: Int16Array): Promise<readonly SpeechSegment[]> {
  const network = await openVoiceNetwork();
  const probabilities: number[] = [];
  for (let at = 0; at + VOICE_FRAME_SAMPLES <= samples.length; at += VOICE_FRAME_SAMPLES)
    probabilities.push(network.next(samples.subarray(at, at + VOICE_FRAME_SAMPLES)));
  return segmentsOf(probabilities, VOICE_FRAME_MS);
}

/** As it says it, frame by frame. */
const framesOf = (heard: readonly number[], durationMs: number): readonly SpeechSegment[] =>
  heard.flatMap((is, index) =>
    is === 0 ? [] : [{ startMs: index * durationMs, endMs: (index + 1) * durationMs, confidence: 1 }],
  );

function count(counts: Counts, { isSpeech }: LabelledSound, segments: readonly SpeechSegment[]): void {
  const said = new Array<boolean>(isSpeech.length).fill(false);
  for (const { startMs, endMs } of segments)
    said.fill(true, Math.round(startMs / LABEL_MS), Math.round(endMs / LABEL_MS));
  for (const [index, is] of isSpeech.entries())
    if (is) counts[said[index] === true ? 'hit' : 'missed'] += 1;
    else counts[said[index] === true ? 'false' : 'still'] += 1;
}

const nothing = (): Counts => ({ hit: 0, missed: 0, false: 0, still: 0 });
const wrongShare = ({ hit, missed, false: wrong, still }: Counts) =>
  (missed + wrong) / (hit + missed + wrong + still);

const sharesOf = (counts: Counts, prefix: string) => ({
  [`${prefix}Wrong`]: rounded(wrongShare(counts)),
  [`${prefix}Missed`]: rounded(counts.missed / (counts.hit + counts.missed)),
  [`${prefix}False`]: rounded(counts.false / (counts.false + counts.still)),
});

export async function run({
  json,
  signal,
}: {
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const peer = await WebRtcVad.open();
  const sounds = await labelledSounds(SOUND_COUNT, signal);
  const cases = [
    { name: 'no noise', noisy: ({ clean }: LabelledSound) => clean },
    ...noises.flatMap((noise) =>
      ratiosDb.map((ratioDb) => ({
        name: `${noise} noise at ${ratioDb} dB`,
        noisy: ({ clean }: LabelledSound) => withNoise(clean, noise, ratioDb),
      })),
    ),
  ];
  let [heardMs, oursMs, peerMs] = [0, 0, 0];
  for (const { name, noisy } of cases) {
    const our = nothing();
    const theirs = peerModes.flatMap((mode) =>
      peerRules.flatMap((rule) => peerGains.map((gain) => ({ mode, rule, gain, counts: nothing() }))),
    );
    for (const sound of sounds) {
      signal.throwIfAborted();
      const samples = noisy(sound);
      const fromMs = performance.now();
      count(our, sound, await ours(samples));
      oursMs += performance.now() - fromMs;
      heardMs += sound.isSpeech.length * LABEL_MS;
      for (const { mode, rule, gain, counts } of theirs) {
        const levelled = samples.map((sample) => Math.round(sample * gain));
        const peerFromMs = performance.now();
        const heard = peer.hear(levelled, mode).map(Number);
        const stretches = rule === 'frames' ? framesOf : segmentsOf;
        count(counts, sound, stretches(heard, PEER_FRAME_MS));
        if (mode === 0 && rule === 'frames' && gain === 1) peerMs += performance.now() - peerFromMs;
      }
    }
    // What is best in this case nobody can choose beforehand: the peer is not shown worse than it can be.
    const [best] = theirs.toSorted((one, other) => wrongShare(one.counts) - wrongShare(other.counts));
    const asItComes = theirs.filter(({ gain }) => gain === 1).map(({ counts }) => wrongShare(counts));
    if (best === undefined) continue;
    say(
      {
        ...{
          bench: 'speech',
          case: name,
          peer: `WebRTC, mode ${best.mode}, ${best.rule}, level ${best.gain}`,
        },
        ...{ ...sharesOf(our, 'our'), ...sharesOf(best.counts, 'peer') },
        peerAsItComesWrong: rounded(Math.min(...asItComes)),
        ratio: rounded(wrongShare(best.counts) / Math.max(1e-9, wrongShare(our))),
      },
      json,
    );
  }
  const times = { ourTimes: rounded(heardMs / oursMs), peerTimes: rounded(heardMs / peerMs) };
  say({ bench: 'speech', case: 'times as fast as the sound', peer: 'WebRTC', ...times }, json);
}
