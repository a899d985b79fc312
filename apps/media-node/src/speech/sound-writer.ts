import type { SoundFormat } from '@patchbay/domain/speech/sound-format';
import { encodeG711 } from '@patchbay/dsp/g711';
import { pcmBytes, type Sound, writeWav } from '@patchbay/dsp/wav';
import { FFMPEG_PROGRAM, FFMPEG_REMEDY, safely } from '../programs/ffmpeg.ts';
import { type ProgramEnd, type ProgramRun, runProgram } from '../programs/run-program.ts';
import type { EngineFailure } from './engines.ts';

export type WriteSound = (sound: Sound, format: SoundFormat) => Promise<Uint8Array | EngineFailure>;

const FFMPEG_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 64_000_000;

const outputs: Readonly<Record<'ogg-opus' | 'mp3', readonly string[]>> = {
  'ogg-opus': ['-f', 'ogg', '-c:a', 'libopus', '-b:a', '32k', '-application', 'voip'],
  mp3: ['-f', 'mp3', '-c:a', 'libmp3lame', '-b:a', '64k'],
};

interface Options {
  /** A program, or its name on the path. */
  readonly ffmpegPath?: string | undefined;
  readonly run?: (run: ProgramRun) => Promise<ProgramEnd>;
}

/** Writes sounds in the formats of the API: those that need nothing by ourselves, the others by FFmpeg where it is installed. */
export function soundWriter({ ffmpegPath = FFMPEG_PROGRAM, run = runProgram }: Options = {}): WriteSound {
  const byFfmpeg = async ({ rateHz, samples }: Sound, format: 'ogg-opus' | 'mp3') => {
    const input = ['-f', 's16le', '-ar', String(rateHz), '-ac', '1', '-i', 'pipe:0'];
    // What goes in is raw samples, so nothing is guessed of it.
    const args = [...safely('pipe'), ...input, ...outputs[format], 'pipe:1'];
    const bounds = { timeoutMs: FFMPEG_MS_MAX, outputBytesMax: OUTPUT_BYTES_MAX };
    const end = await run({ program: ffmpegPath, args, input: pcmBytes(samples), ...bounds });
    switch (end.kind) {
      case 'done':
        return end.output;
      case 'absent':
        return unavailable(format);
      case 'failed':
        return { failure: 'failed', detail: `FFmpeg: ${end.detail}` } as const;
    }
  };
  return async (sound, format) => {
    switch (format) {
      case 'wav':
        return writeWav(sound);
      case 'pcm':
        return pcmBytes(sound.samples);
      case 'pcmu':
        return mulawOf(sound);
      case 'ogg-opus':
      case 'mp3':
        return await byFfmpeg(sound, format);
    }
  };
}

function mulawOf({ samples }: Sound): Uint8Array {
  const codes = new Uint8Array(samples.length);
  encodeG711('mulaw', samples, codes);
  return codes;
}

const unavailable = (format: SoundFormat): EngineFailure => ({
  failure: 'unavailable',
  detail: `${format} is written by FFmpeg, which is not installed: ${FFMPEG_REMEDY}. wav, pcm and pcmu need nothing.`,
});
