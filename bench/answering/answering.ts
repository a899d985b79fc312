/**
 * How often it is right who answered, and how soon: 240 calls that are made and labelled by this benchmark, of people and
 * machines by turns, in four voices, five backgrounds and two widths of line. The peer hears the same speech by the same voice
 * model, and decides by fixed times. What it leaves out: recordings of real people and mailboxes, other languages, lines that
 * lose packets.
 */
import { type Answering, AnsweringDetector } from '@patchbay/domain/speech-detection/answering-detector';
import { BeepDetector } from '@patchbay/dsp/beep-detector';
import { rms } from '@patchbay/dsp/level';
import { SpeechGate } from '@patchbay/dsp/speech-gate';
import {
  VOICE_FRAME_MS,
  VOICE_FRAME_SAMPLES,
  VOICE_RATE_HZ,
  type VoiceNetwork,
} from '@patchbay/dsp/voice-network';
import { openVoiceNetwork } from '../../apps/media-node/src/detection/voice-activity.ts';
import { SpeechEngine } from '../../apps/media-node/src/media/speech.ts';
import { median, quantile, rounded, say } from '../figures.ts';
import { backgrounds, type LabelledCall, labelledCalls } from './calls.ts';
import { FixedTimes } from './fixed-times.ts';

const COUNT_OF_EACH = 120;

interface Heard {
  readonly call: LabelledCall;
  readonly ours: Answering | undefined;
  readonly peer: { readonly answeredBy: string; readonly decidedAtMs: number };
  readonly beepsMs: readonly number[];
}

function hear(call: LabelledCall, network: VoiceNetwork): Heard {
  const gate = new SpeechGate();
  const beeps = new BeepDetector(VOICE_RATE_HZ);
  const detector = new AnsweringDetector();
  const peer = new FixedTimes();
  const beepsMs: number[] = [];
  let peerAtMs = 0;
  for (let at = 0; at + VOICE_FRAME_SAMPLES <= call.samples.length; at += VOICE_FRAME_SAMPLES) {
    const frame = call.samples.subarray(at, at + VOICE_FRAME_SAMPLES);
    const isSpeech = gate.next(network.next(frame), rms(frame));
    for (const { startMs } of beeps.push(frame)) {
      beepsMs.push(startMs);
      detector.beep();
    }
    detector.push({ durationMs: VOICE_FRAME_MS, isSpeech });
    if (peer.answeredBy === undefined) peerAtMs += VOICE_FRAME_MS;
    peer.push({ durationMs: VOICE_FRAME_MS, isSpeech });
  }
  return {
    call,
    ours: detector.answering,
    peer: { answeredBy: peer.answeredBy ?? 'unknown', decidedAtMs: peerAtMs },
    beepsMs,
  };
}

export async function run({
  json,
  signal,
}: {
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const engine = new SpeechEngine();
  const heard: Heard[] = [];
  try {
    const calls = await labelledCalls(COUNT_OF_EACH, async (said) => {
      signal.throwIfAborted();
      const spoken = await engine.pronounce(said);
      if ('problem' in spoken) throw new Error(`bench answering: ${spoken.problem}`);
      return spoken;
    });
    for (const call of calls) {
      signal.throwIfAborted();
      heard.push(hear(call, await openVoiceNetwork()));
    }
  } finally {
    engine.stop();
  }
  for (const background of ['all', ...backgrounds] as const)
    say(
      figuresOf(
        background,
        heard.filter(({ call }) => background === 'all' || call.background === background),
      ),
      json,
    );
  const beeping = heard.filter(({ call }) => call.beep !== undefined);
  say(
    {
      bench: 'answering',
      case: 'beeps',
      beeps: beeping.length,
      found: beeping.filter(isBeepFound).length,
      false: heard.reduce((sum, one) => sum + one.beepsMs.length - (isBeepFound(one) ? 1 : 0), 0),
    },
    json,
  );
  for (const { call, ours } of heard)
    if (ours?.answeredBy !== call.answeredBy)
      process.stderr.write(`${ours?.answeredBy ?? 'undecided'} (${ours?.reason ?? '-'}): ${call.name}\n`);
}

const isBeepFound = ({ call, beepsMs }: Heard): boolean =>
  call.beep !== undefined && beepsMs.some((ms) => Math.abs(ms - (call.beep?.startMs ?? 0)) < 100);

function figuresOf(name: string, heard: readonly Heard[]) {
  const share = (isSo: (one: Heard) => boolean, of: readonly Heard[] = heard) =>
    rounded(of.filter(isSo).length / of.length);
  const isRight = ({ call, ours }: Heard) => ours?.answeredBy === call.answeredBy;
  const isPeerRight = ({ call, peer }: Heard) => peer.answeredBy === call.answeredBy;
  const sinceSpeech = heard.flatMap(({ call, ours }) =>
    ours === undefined ? [] : [ours.decidedAtMs - call.speechFromMs],
  );
  const peerSinceSpeech = heard.map(({ call, peer }) => peer.decidedAtMs - call.speechFromMs);
  return {
    bench: 'answering',
    case: name,
    peer: 'fixed times, the defaults of Twilio',
    calls: heard.length,
    right: share(isRight),
    humansRight: share(
      isRight,
      heard.filter(({ call }) => call.answeredBy === 'human'),
    ),
    machinesRight: share(
      isRight,
      heard.filter(({ call }) => call.answeredBy === 'machine'),
    ),
    unknown: share(({ ours }) => ours === undefined || ours.answeredBy === 'unknown'),
    decidedMsP50: median(sinceSpeech),
    decidedMsP90: quantile(sinceSpeech, 0.9),
    peerRight: share(isPeerRight),
    peerDecidedMsP50: median(peerSinceSpeech),
    peerDecidedMsP90: quantile(peerSinceSpeech, 0.9),
    ratio: rounded(median(sinceSpeech) / median(peerSinceSpeech)),
  };
}
