import { FILE_BYTES_MAX } from '@patchbay/domain/file-jobs/file-order';
import {
  MEDIA_SECONDS_MAX,
  type MediaFacts,
  PIXELS_MAX,
  PROBED_ENTRIES,
} from '@patchbay/domain/file-jobs/media-facts';
import type { Demuxer } from '@patchbay/domain/file-jobs/media-signature';
import {
  type AudioCodec,
  codecHasBitRate,
  type MediaFormat,
  mediaFormatFacts,
  rateForCodec,
  type VideoCodec,
} from '@patchbay/domain/transcoding/media-format';
import type { Conversion } from '@patchbay/domain/transcoding/transcoding-order';
import { usedMsOf } from '@patchbay/domain/transcoding/transcoding-usage';
import { safely } from '../programs/ffmpeg.ts';

/** Of a run: more of them take memory, and turns from the other work of a node. */
const THREADS = 2;
/** Of a file with more it reads nothing. It is above what is taken, so that a few too many can be said. */
const OPENED_STREAMS_MAX = 64;
const DEFAULT_LOUDNESS_RANGE = 11;
const TRUE_PEAK_DB = -1.5;
/** What is seen where sound alone becomes a video. */
const PLAIN_PICTURE = { width: 640, height: 360, framesPerSecond: 10, color: '#000000' };

const encoders: Readonly<Record<AudioCodec | VideoCodec, readonly string[]>> = {
  pcm: ['pcm_s16le'],
  pcmu: ['pcm_mulaw'],
  pcma: ['pcm_alaw'],
  mp3: ['libmp3lame'],
  opus: ['libopus'],
  vorbis: ['libvorbis'],
  speex: ['libspeex'],
  flac: ['flac'],
  aac: ['aac'],
  h264: ['libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'],
  vp8: ['libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p'],
  vp9: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-row-mt', '1', '-pix_fmt', 'yuv420p'],
};
const muxers: Readonly<Record<MediaFormat, readonly string[]>> = {
  wav: ['wav'],
  mp3: ['mp3'],
  ogg: ['ogg'],
  flac: ['flac'],
  m4a: ['ipod', '-movflags', '+faststart'],
  mp4: ['mp4', '-movflags', '+faststart'],
  webm: ['webm'],
  jpeg: ['image2', '-update', '1', '-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p'],
  png: ['image2', '-update', '1', '-frames:v', '1', '-c:v', 'png'],
};

/** A local file whose form is said: nothing is guessed of it, and nothing else is opened for it (C50). */
const inputOf = (demuxer: Demuxer, file: string): readonly string[] => [
  ...['-max_streams', String(OPENED_STREAMS_MAX), '-max_pixels', String(PIXELS_MAX), '-f', demuxer],
  ...['-i', `file:${file}`],
];

/** For ffprobe. */
export const probeArguments = (demuxer: Demuxer, file: string): readonly string[] => [
  ...safely('file,pipe').filter((word) => word !== '-nostdin'),
  ...['-print_format', 'json', '-show_entries', PROBED_ENTRIES],
  ...inputOf(demuxer, file),
];

/** Its sound as bare samples of 16 bits, mono, to standard output. */
export const soundArguments = ({
  demuxer,
  inputFile,
  rateHz,
}: {
  readonly demuxer: Demuxer;
  readonly inputFile: string;
  readonly rateHz: number;
}): readonly string[] => [
  ...[...safely('file,pipe'), ...inputOf(demuxer, inputFile), '-map', '0:a:0', '-vn', '-threads', '1'],
  ...['-ac', '1', '-ar', String(rateHz), '-f', 's16le', '-c:a', 'pcm_s16le', 'pipe:1'],
];

/** What the loudness of a file was measured as, in its first pass (EBU R 128). */
export interface Loudness {
  readonly integrated: string;
  readonly truePeak: string;
  readonly range: string;
  readonly threshold: string;
  readonly offset: string;
}

export interface ConversionRun {
  readonly demuxer: Demuxer;
  readonly media: MediaFacts;
  readonly conversion: Conversion;
  readonly inputFile: string;
  readonly outputFile: string;
  /** Absent before it is measured, and where no loudness is asked for. */
  readonly loudness?: Loudness | undefined;
}

/** How long what is made will be. Undefined: a picture, or nothing in the file says it. */
export function plannedMsOf(media: MediaFacts, conversion: Conversion): number | undefined {
  if (media.durationMs === undefined || mediaFormatFacts(conversion.format).kind === 'image')
    return undefined;
  return Math.round(usedMsOf(media.durationMs, conversion) / (conversion.speed ?? 1));
}

/** Why a file does not become what is asked for. Undefined: it does. */
export function unsuitable(media: MediaFacts, conversion: Conversion): string | undefined {
  const { kind } = mediaFormatFacts(conversion.format);
  if (kind === 'audio' && media.audio === undefined) return 'There is no sound in it.';
  if (kind === 'image' && media.video === undefined) return 'There is no picture in it.';
  if (kind === 'video' && media.kind === 'image') return 'It is one picture, of which no video is made.';
  const { startMs = 0 } = conversion;
  return media.durationMs !== undefined && startMs > 0 && startMs >= media.durationMs
    ? `It lasts ${media.durationMs} ms, and startMs is behind its end.`
    : undefined;
}

/** Measures the loudness, and makes no file. */
export function measureArguments(run: ConversionRun): readonly string[] {
  const filters = [...soundFilters(run), `${loudnorm(run.conversion)}:print_format=json`];
  const quietly = safely('file,pipe').map((word) => (word === 'error' ? 'info' : word));
  return [
    ...[...quietly, '-nostats', '-threads', String(THREADS)],
    ...[...cutOf(run.conversion), ...inputOf(run.demuxer, run.inputFile)],
    ...['-map', '0:a:0', '-af', filters.join(','), '-f', 'null', '-'],
  ];
}

/** What loudnorm wrote, at the end of what FFmpeg told. Undefined: it is not there, or the sound is silence. */
export function readLoudness(told: string): Loudness | undefined {
  const written = told.slice(told.lastIndexOf('[Parsed_loudnorm'));
  const measured = (name: string) =>
    new RegExp(`"${name}"\\s*:\\s*"(-?\\d{1,3}\\.\\d{1,4})"`).exec(written)?.[1];
  const [integrated, truePeak, range] = [measured('input_i'), measured('input_tp'), measured('input_lra')];
  const [threshold, offset] = [measured('input_thresh'), measured('target_offset')];
  if (integrated === undefined || truePeak === undefined || range === undefined) return undefined;
  return threshold === undefined || offset === undefined
    ? undefined
    : { integrated, truePeak, range, threshold, offset };
}

/** Makes the file, and writes on its output how far it is. */
export function conversionArguments(run: ConversionRun): readonly string[] {
  const { demuxer, media, conversion, inputFile, outputFile } = run;
  const { kind } = mediaFormatFacts(conversion.format);
  const plannedMs = plannedMsOf(media, conversion);
  const isDrawn = kind === 'video' && media.video === undefined;
  return [
    ...[...safely('file,pipe'), '-y', '-nostats', '-progress', 'pipe:1', '-stats_period', '0.2'],
    ...['-filter_complex_threads', '1', '-filter_threads', '1'],
    ...(isDrawn ? drawnPicture(conversion) : []),
    ...['-threads', String(THREADS), ...cutOf(conversion), ...inputOf(demuxer, inputFile)],
    // Nothing of who made it, where and with what goes into what is made of it.
    ...[
      '-map_metadata',
      '-1',
      '-map_metadata:s',
      '-1',
      '-map_chapters',
      '-1',
      '-fflags',
      '+bitexact',
      '-sn',
      '-dn',
    ],
    ...(kind === 'image' ? [] : soundOf(run, isDrawn ? 1 : 0)),
    ...(kind === 'audio' ? ['-vn'] : pictureOf(run, isDrawn)),
    // What says too little of how long it is ends where it says, and what says nothing where the longest does.
    ...(kind === 'image' ? [] : ['-t', seconds(plannedMs ?? 1_000 * MEDIA_SECONDS_MAX)]),
    ...['-threads', String(THREADS), '-fs', String(FILE_BYTES_MAX + 1)],
    ...['-f', ...muxers[conversion.format], `file:${outputFile}`],
  ];
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

/** Before the file that it is of: so what comes before it is passed over, and not decoded. */
function cutOf({ format, startMs = 0, endMs }: Conversion): readonly string[] {
  return [
    ...(startMs === 0 ? [] : ['-ss', seconds(startMs)]),
    ...(endMs === undefined || mediaFormatFacts(format).kind === 'image'
      ? []
      : ['-t', seconds(endMs - startMs)]),
  ];
}

const drawnPicture = ({ width, height, framesPerSecond, pictureColor }: Conversion): readonly string[] => {
  const { color, ...plain } = PLAIN_PICTURE;
  const size = `${even(width ?? plain.width)}x${even(height ?? plain.height)}`;
  const drawn = `color=c=0x${(pictureColor ?? color).slice(1)}:s=${size}:r=${framesPerSecond ?? plain.framesPerSecond}`;
  return ['-f', 'lavfi', '-i', drawn];
};

function soundOf(run: ConversionRun, inputIndex: number): readonly string[] {
  const { media, conversion } = run;
  if (media.audio === undefined) return ['-an'];
  const { format, audioBitRateKbps, channels, sampleRateHz } = conversion;
  const codec = conversion.audioCodec ?? mediaFormatFacts(format).audioCodecs[0];
  if (codec === undefined) return ['-an'];
  const [encoder = '', ...words] = encoders[codec];
  const rateHz = sampleRateHz ?? rateForCodec(codec, media.audio.sampleRateHz) ?? media.audio.sampleRateHz;
  const filters = [...soundFilters(run), ...loudnessFilter(run), ...fadesOf(run, 'afade')];
  return [
    ...['-map', `${inputIndex}:a:0`, '-c:a', encoder, ...words, '-flags:a', '+bitexact'],
    ...['-ar', String(rateHz), '-ac', String(channels ?? Math.min(2, media.audio.channels))],
    ...(audioBitRateKbps === undefined || !codecHasBitRate(codec) ? [] : ['-b:a', `${audioBitRateKbps}k`]),
    ...(filters.length === 0 ? [] : ['-af', filters.join(',')]),
  ];
}

function pictureOf(run: ConversionRun, isDrawn: boolean): readonly string[] {
  const { conversion } = run;
  const { format, videoBitRateKbps, framesPerSecond, speed } = conversion;
  const codec = conversion.videoCodec ?? mediaFormatFacts(format).videoCodecs[0];
  const filters = [
    ...(isDrawn ? [] : sizeFilter(conversion, codec !== undefined)),
    ...(isDrawn || speed === undefined ? [] : [`setpts=PTS/${speed}`]),
    ...(isDrawn || codec === undefined ? [] : fadesOf(run, 'fade')),
  ];
  const mapped = ['-map', isDrawn ? '0:v:0' : '0:V:0', ...(isDrawn ? ['-shortest'] : [])];
  const filtered = filters.length === 0 ? [] : ['-vf', filters.join(',')];
  if (codec === undefined) return [...mapped, '-an', ...filtered];
  const [encoder = '', ...words] = encoders[codec];
  return [
    ...[...mapped, '-c:v', encoder, ...words, '-flags:v', '+bitexact', ...filtered],
    ...(videoBitRateKbps === undefined ? [] : ['-b:v', `${videoBitRateKbps}k`]),
    ...(framesPerSecond === undefined ? [] : ['-r', String(framesPerSecond)]),
  ];
}

const even = (side: number): number => side + (side % 2);

/** @param isEven its codec has pictures whose sides are even alone. */
function sizeFilter({ width, height }: Conversion, isEven: boolean): readonly string[] {
  const auto = isEven ? '-2' : '-1';
  if (width !== undefined && height !== undefined)
    return [`scale=${even(width)}:${even(height)}:force_original_aspect_ratio=decrease:force_divisible_by=2`];
  if (width !== undefined) return [`scale=${even(width)}:${auto}`];
  if (height !== undefined) return [`scale=${auto}:${even(height)}`];
  return isEven ? ['scale=trunc(iw/2)*2:trunc(ih/2)*2'] : [];
}

/** All that comes before the loudness is measured. */
function soundFilters({ conversion: { isDenoised, speed, channels } }: ConversionRun): readonly string[] {
  return [
    ...(channels === 1 ? ['aformat=channel_layouts=mono'] : []),
    ...(isDenoised === true ? ['afftdn'] : []),
    ...(speed === undefined ? [] : [`atempo=${speed}`]),
  ];
}

const loudnorm = ({ loudnessLufs = -23 }: Conversion): string =>
  `loudnorm=I=${loudnessLufs}:TP=${TRUE_PEAK_DB}:LRA=${DEFAULT_LOUDNESS_RANGE}`;

/** The second pass: by what the first measured, one gain over the whole of it where that is enough. */
function loudnessFilter({ conversion, loudness }: ConversionRun): readonly string[] {
  if (conversion.loudnessLufs === undefined || loudness === undefined) return [];
  const { integrated, truePeak, range, threshold, offset } = loudness;
  const measured = `measured_I=${integrated}:measured_TP=${truePeak}:measured_LRA=${range}:measured_thresh=${threshold}`;
  return [`${loudnorm(conversion)}:${measured}:offset=${offset}:linear=true`];
}

function fadesOf({ media, conversion }: ConversionRun, filter: 'afade' | 'fade'): readonly string[] {
  const { fadeInMs = 0, fadeOutMs = 0 } = conversion;
  const plannedMs = plannedMsOf(media, conversion);
  return [
    ...(fadeInMs === 0 ? [] : [`${filter}=t=in:st=0:d=${seconds(fadeInMs)}`]),
    ...(fadeOutMs === 0 || plannedMs === undefined
      ? []
      : [`${filter}=t=out:st=${seconds(Math.max(0, plannedMs - fadeOutMs))}:d=${seconds(fadeOutMs)}`]),
  ];
}
