import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import type { SpokenPassage } from '@patchbay/domain/speech/passage';
import { type Voice, voiceNamed } from '@patchbay/domain/speech/voices';
import { readWav, type Sound } from '@patchbay/dsp/wav';
import type { SpeechEngine } from '../media/speech.ts';
import { type ProgramEnd, runProgram } from '../programs/run-program.ts';

/** Why a passage was not spoken, as the API says it. */
export interface EngineFailure {
  readonly failure: 'unavailable' | 'failed';
  readonly detail: string;
}

export type Pronounce = (
  passage: SpokenPassage,
  where: { readonly providerUrl?: string | undefined },
) => Promise<Sound | EngineFailure>;

export interface EngineOptions {
  readonly flite: Pick<SpeechEngine, 'pronounce'>;
  /** Asks customers' own engines: it answers bytes, as many as a passage may have. */
  readonly fetch: SendSafely;
  readonly espeak?: (args: readonly string[], text: string) => Promise<ProgramEnd>;
}

/** Of one passage, spoken. */
export const PASSAGE_BYTES_MAX = 20_000_000;
const ESPEAK_MS_MAX = 30_000;
/** Of espeak-ng: words a minute, and the middle of its scale of heights. */
const WORDS_A_MINUTE = 175;
const PITCH_MIDDLE = 50;

const absent = (detail: string): EngineFailure => ({ failure: 'unavailable', detail });
const failed = (detail: string): EngineFailure => ({ failure: 'failed', detail });

const runEspeak: NonNullable<EngineOptions['espeak']> = (args, text) =>
  runProgram({
    program: 'espeak-ng',
    args,
    input: new TextEncoder().encode(text),
    timeoutMs: ESPEAK_MS_MAX,
    outputBytesMax: PASSAGE_BYTES_MAX,
  });

/** Speaks a passage by the engine of its voice. An engine that is not there says how it is installed. */
export function speechEngines({ flite, fetch, espeak = runEspeak }: EngineOptions): Pronounce {
  const byFlite = async ({ text, manner: { rate, pitch } }: SpokenPassage, { engineVoice: voice }: Voice) => {
    const spoken = await flite.pronounce({ text, voice, rate, pitch });
    if (!('problem' in spoken)) return spoken;
    return spoken.isAbsent ? absent(spoken.problem) : failed(spoken.problem);
  };
  const byEspeak = async ({ text, manner: { rate, pitch } }: SpokenPassage, { engineVoice }: Voice) => {
    const args = [
      ...['-b', '1', '-v', engineVoice, '-s', String(Math.round(WORDS_A_MINUTE * rate))],
      ...['-p', String(Math.min(99, Math.round(PITCH_MIDDLE * pitch))), '--stdin', '--stdout'],
    ];
    const end = await espeak(args, text);
    switch (end.kind) {
      case 'absent':
        return absent(
          'espeak-ng is not installed: on Debian, apt-get install espeak-ng on the nodes of the role jobs.',
        );
      case 'failed':
        return failed(`espeak-ng: ${end.detail}`);
      case 'done':
        return soundOf(end.output, 'espeak-ng');
    }
  };
  const byProvider = async (
    { text, manner: { rate, pitch } }: SpokenPassage,
    {
      voice: { engineVoice: voice },
      providerUrl,
    }: { readonly voice: Voice; readonly providerUrl: string | undefined },
  ) => {
    if (providerUrl === undefined) return absent('providerUrl is not set in the configuration.');
    const answer = await fetch({
      url: providerUrl,
      body: JSON.stringify({ text, voice, rate, pitch }),
      headers: {
        'content-type': 'application/json',
        accept: 'audio/wav, audio/x-wav',
        'user-agent': 'Patchbay-Speech/1',
      },
    });
    if (answer.error !== undefined)
      return failed(
        `The engine at providerUrl: ${answer.error === 'status' ? `status ${answer.status}` : answer.error}.`,
      );
    return soundOf(answer.bytes ?? new Uint8Array(), 'The engine at providerUrl');
  };
  return async (passage, { providerUrl }) => {
    const voice = voiceNamed(passage.voice);
    if (voice === undefined) return failed(`There is no voice ${passage.voice}.`);
    switch (voice.engine) {
      case 'flite':
        return await byFlite(passage, voice);
      case 'espeak-ng':
        return await byEspeak(passage, voice);
      case 'provider':
        return await byProvider(passage, { voice, providerUrl });
    }
  };
}

function soundOf(wav: Uint8Array, from: string): Sound | EngineFailure {
  const read = readWav(wav);
  return 'problem' in read ? failed(`${from}: ${read.problem}`) : read;
}
