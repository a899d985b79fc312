import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { FILE_BYTES_MAX } from '@patchbay/domain/file-jobs/file-order';
import { type MediaFacts, mediaFactsOf, sizeRefusal } from '@patchbay/domain/file-jobs/media-facts';
import {
  type Demuxer,
  declaredSizeOf,
  demuxerOf,
  SIGNATURE_BYTES,
} from '@patchbay/domain/file-jobs/media-signature';
import { mediaFormatFacts } from '@patchbay/domain/transcoding/media-format';
import type { Conversion } from '@patchbay/domain/transcoding/transcoding-order';
import type { JobFailure } from '@patchbay/domain/transcoding/transcoding-record';
import type { WorkFailure } from '../file-jobs/work-failure.ts';
import { FFMPEG_PROGRAM, FFMPEG_REMEDY } from '../programs/ffmpeg.ts';
import type { ProgramBounds } from '../programs/program-bounds.ts';
import { type ProgramEnd, type ProgramRun, runProgram } from '../programs/run-program.ts';
import {
  type ConversionRun,
  conversionArguments,
  measureArguments,
  plannedMsOf,
  probeArguments,
  readLoudness,
  soundArguments,
  unsuitable,
} from './ffmpeg-arguments.ts';
import { ProgressReader } from './progress.ts';
import { SampleReader } from './sample-reader.ts';

/** Of all that is done to one file. */
const CONVERSION_MS_MAX = 30 * 60_000;
const PROBE_MS_MAX = 20_000;
const PROBE_OUTPUT_BYTES_MAX = 200_000;
/** Lines of progress, and nothing else. */
const CONVERSION_OUTPUT_BYTES_MAX = 16_000_000;
const MEMORY_BYTES_MAX = 3_000_000_000;
const bounds: ProgramBounds = {
  memoryBytesMax: MEMORY_BYTES_MAX,
  cpuSecondsMax: (2 * CONVERSION_MS_MAX) / 1_000,
  // FFmpeg ends by itself at one byte more than is kept: this is for what does not.
  fileBytesMax: FILE_BYTES_MAX + 10_000_000,
};

export interface Probed {
  readonly demuxer: Demuxer;
  readonly media: MediaFacts;
}

export interface Transcoded {
  /** Of what was made. Absent of a picture. */
  readonly durationMs?: number | undefined;
  readonly sizeBytes: number;
}

export interface Transcoder {
  /** What is in a file: nothing of it is decoded beyond what that takes. */
  probe(file: string, limits: { readonly mediaSecondsMax: number } & Asked): Promise<Probed | WorkFailure>;
  /** Makes one file of another, in the folder of that. */
  convert(conversion: ConversionOrder): Promise<Transcoded | WorkFailure<JobFailure>>;
  /** Of FFmpeg, such as 5.1. */
  version(): Promise<string>;
}

/** Gives the sound of files. */
export interface SoundDecoder extends Pick<Transcoder, 'probe'> {
  /** All of it, mono, at a rate, in pieces as they come. @returns why it broke off, or undefined. */
  decode(order: DecodingOrder): Promise<WorkFailure | undefined>;
}

export interface DecodingOrder extends Asked, Probed {
  readonly inputFile: string;
  readonly rateHz: number;
  /** More of it is refused, whatever the file says that it has. */
  readonly secondsMax: number;
  readonly onSamples: (samples: Int16Array) => void;
}

interface Asked {
  readonly signal: AbortSignal;
}

export interface ConversionOrder extends Asked, Probed {
  readonly conversion: Conversion;
  readonly inputFile: string;
  readonly outputFile: string;
  readonly onProgress: (percent: number) => void;
}

interface Options {
  /** A program, or its name on the path. ffprobe is beside it. */
  readonly ffmpegPath?: string | undefined;
  readonly run?: (run: ProgramRun) => Promise<ProgramEnd>;
}

/** Works on local files by FFmpeg, in processes of their own that can reach nothing else. */
export function ffmpegTranscoder({
  ffmpegPath = FFMPEG_PROGRAM,
  run = runProgram,
}: Options = {}): Transcoder & SoundDecoder {
  const ffprobe = ffprobeBeside(ffmpegPath);
  let known: Promise<string> | undefined;
  const convert = async (file: string, order: Pick<ProgramRun, 'args' | 'signal' | 'onOutput'>) =>
    await run({
      ...{ program: ffmpegPath, ...order, input: nothing, bounds, folder: path.dirname(file) },
      ...{ timeoutMs: CONVERSION_MS_MAX, outputBytesMax: CONVERSION_OUTPUT_BYTES_MAX },
    });
  return {
    async probe(file, { mediaSecondsMax, signal }) {
      const { head, sizeBytes } = await beginningOf(file);
      if (sizeBytes === 0) return { failure: 'input_empty', detail: 'There is not one byte in it.' };
      const demuxer = demuxerOf(head);
      if (demuxer === undefined)
        return {
          failure: 'input_unsupported',
          detail: 'By how it begins it is no file of sound, film or picture.',
        };
      const declared = declaredSizeOf(head, demuxer);
      const oversized = declared === undefined ? undefined : sizeRefusal(declared);
      if (oversized !== undefined) return { failure: oversized.reason, detail: oversized.detail };
      const end = await run({
        ...{ program: ffprobe, args: probeArguments(demuxer, file), input: nothing, bounds, signal },
        ...{ folder: path.dirname(file), timeoutMs: PROBE_MS_MAX, outputBytesMax: PROBE_OUTPUT_BYTES_MAX },
      });
      if (end.kind === 'failed' && end.bound === 'output')
        return { failure: 'input_too_large', detail: 'It says more of itself than is read.' };
      if (end.kind !== 'done') return failureOf(end, 'Nothing can be read of what is in it.');
      const probed = Buffer.from(end.output).toString('utf8');
      const media = mediaFactsOf(probed, { container: demuxer, sizeBytes, mediaSecondsMax });
      return 'reason' in media ? { failure: media.reason, detail: media.detail } : { demuxer, media };
    },

    async convert({ conversion, media, demuxer, inputFile, outputFile, signal, onProgress }) {
      const refusal = unsuitable(media, conversion);
      if (refusal !== undefined) return { failure: 'input_unsuitable', detail: refusal };
      const asked: ConversionRun = { demuxer, media, conversion, inputFile, outputFile };
      const measured =
        conversion.loudnessLufs === undefined || media.audio === undefined
          ? undefined
          : await convert(inputFile, { args: measureArguments(asked), signal });
      if (measured !== undefined && measured.kind !== 'done') return failureOf(measured);
      // Of silence nothing is measured, and nothing has to be made louder.
      const loudness = measured === undefined ? undefined : readLoudness(measured.told ?? '');
      const progress = new ProgressReader(plannedMsOf(media, conversion));
      const end = await convert(inputFile, {
        args: conversionArguments({ ...asked, loudness }),
        signal,
        onOutput: (bytes) => {
          progress.read(bytes);
          onProgress(progress.percent);
        },
      });
      if (end.kind === 'failed' && end.bound === 'output') return pastOutput;
      if (end.kind !== 'done') return failureOf(end);
      const { size: sizeBytes } = await stat(outputFile).catch(() => ({ size: 0 }));
      if (sizeBytes === 0) return { failure: 'input_broken', detail: 'Nothing of it could be decoded.' };
      if (sizeBytes > FILE_BYTES_MAX) return pastOutput;
      return { sizeBytes, ...durationOf(asked, progress.madeMs) };
    },

    async decode({ demuxer, media, inputFile, rateHz, secondsMax, signal, onSamples }) {
      if (media.audio === undefined)
        return { failure: 'input_unsuitable', detail: 'There is no sound in it.' };
      const reader = new SampleReader(onSamples);
      const end = await run({
        ...{ program: ffmpegPath, args: soundArguments({ demuxer, inputFile, rateHz }), input: nothing },
        ...{ bounds, signal, folder: path.dirname(inputFile), timeoutMs: CONVERSION_MS_MAX },
        ...{ outputBytesMax: 2 * rateHz * (secondsMax + 1), onOutput: (bytes) => reader.read(bytes) },
      });
      return end.kind === 'done' ? undefined : failureOf(end);
    },

    async version() {
      known ??= versionOf(run, ffmpegPath);
      return await known;
    },
  };
}

const nothing = new Uint8Array();

/** A name that is looked for on the path stays one. */
function ffprobeBeside(ffmpegPath: string): string {
  const { dir, base } = path.parse(ffmpegPath);
  return path.join(dir, base.replace('ffmpeg', 'ffprobe'));
}

/** An encoder adds a few samples of its own, which nobody asked for. */
function durationOf(
  { media, conversion }: ConversionRun,
  madeMs: number | undefined,
): { readonly durationMs?: number } {
  if (madeMs === undefined || mediaFormatFacts(conversion.format).kind === 'image') return {};
  return { durationMs: Math.min(madeMs, plannedMsOf(media, conversion) ?? madeMs) };
}

async function beginningOf(file: string): Promise<{ readonly head: Uint8Array; readonly sizeBytes: number }> {
  const opened = await open(file);
  try {
    const { size: sizeBytes } = await opened.stat();
    const { buffer, bytesRead } = await opened.read(new Uint8Array(SIGNATURE_BYTES), 0, SIGNATURE_BYTES, 0);
    return { head: buffer.subarray(0, bytesRead), sizeBytes };
  } finally {
    await opened.close();
  }
}

async function versionOf(run: (run: ProgramRun) => Promise<ProgramEnd>, program: string): Promise<string> {
  const end = await run({
    ...{ program, args: ['-hide_banner', '-version'], input: nothing },
    ...{ timeoutMs: PROBE_MS_MAX, outputBytesMax: PROBE_OUTPUT_BYTES_MAX },
  });
  const said = end.kind === 'done' ? Buffer.from(end.output).toString('latin1') : '';
  return /^ffmpeg version n?(\d{1,3}(?:\.\d{1,3})?)/.exec(said)?.[1] ?? 'unknown';
}

/** By what a program says of a failure, it is told whose it is; the text itself goes to nobody but our log. */
function failureOf(
  end: Exclude<ProgramEnd, { readonly kind: 'done' }>,
  otherwise = 'It breaks off, or what is in it cannot be decoded.',
): WorkFailure {
  if (end.kind === 'absent')
    return {
      failure: 'unavailable',
      detail: `Files are worked on by FFmpeg, which is not installed: ${FFMPEG_REMEDY}.`,
    };
  const { detail: told, bound } = end;
  if (bound === undefined) return failureTold(told, otherwise);
  return { ...ofBounds[bound], ...(bound === 'signal' ? {} : { told }) };
}

const pastOutput: WorkFailure<JobFailure> = {
  failure: 'output_too_large',
  detail: `It would have more than ${FILE_BYTES_MAX} bytes.`,
};

const ofBounds: Readonly<Record<'time' | 'output' | 'signal', WorkFailure>> = {
  time: { failure: 'took_too_long', detail: 'It took more time than one file may.' },
  output: { failure: 'input_too_large', detail: 'More comes of it than is read.' },
  signal: { failure: 'failed', detail: 'It was ended before its end.' },
};

function failureTold(told: string, otherwise: string): WorkFailure {
  const [, missing] = /Unknown encoder '(\w{1,40})'/.exec(told) ?? [];
  if (missing !== undefined)
    return {
      failure: 'unavailable',
      detail: `The FFmpeg of this node has no encoder ${missing}: install one that has.`,
      told,
    };
  if (/Picture size \d+x\d+ is invalid|max_pixels|Cannot allocate memory/i.test(told))
    return {
      failure: 'input_too_large',
      detail: 'Decoding it takes more memory than one file may have.',
      told,
    };
  return { failure: 'input_broken', detail: otherwise, told };
}
