import { z } from 'zod';

/** What of a medium a file carries, first of all. */
export const mediaKinds = ['audio', 'video', 'image'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** Streams of a file that are looked at. One with more is refused. */
export const STREAMS_MAX = 16;
/** Of a picture: 8K, and what a decoder takes in memory for it. */
export const PIXELS_MAX = 7_680 * 4_320;
/** Of a side of a picture. */
export const SIDE_PIXELS_MAX = 16_384;
/** Of what is read, whatever is configured. */
export const MEDIA_SECONDS_MAX = 4 * 3_600;
const NAME_LENGTH_MAX = 40;

/** What is in a file: nothing of it is who made it, where or with what. */
export const mediaFactsSchema = z.object({
  kind: z.enum(mediaKinds),
  /** As FFmpeg names it, such as mov or matroska. */
  container: z.string(),
  /** Absent of a picture, and where nothing in the file says it. */
  durationMs: z.int().optional(),
  sizeBytes: z.int(),
  audio: z
    .object({
      /** As FFmpeg names it. */
      codec: z.string(),
      sampleRateHz: z.int(),
      channels: z.int(),
      bitRateKbps: z.int().optional(),
    })
    .optional(),
  video: z
    .object({
      codec: z.string(),
      width: z.int(),
      height: z.int(),
      framesPerSecond: z.number().optional(),
      bitRateKbps: z.int().optional(),
    })
    .optional(),
});

export type MediaFacts = z.output<typeof mediaFactsSchema>;

/** What ffprobe is asked for, and no more: titles, places and programs stay in the file. */
export const PROBED_ENTRIES =
  'format=duration:stream=codec_type,codec_name,width,height,sample_rate,channels,avg_frame_rate,duration,bit_rate:stream_disposition=attached_pic';

const text = z.string().optional();
const probedSchema = z.object({
  streams: z
    .array(
      z.object({
        codec_type: text,
        codec_name: text,
        width: z.int().optional(),
        height: z.int().optional(),
        sample_rate: text,
        channels: z.int().optional(),
        avg_frame_rate: text,
        duration: text,
        bit_rate: text,
        disposition: z.object({ attached_pic: z.int().optional() }).optional(),
      }),
    )
    .default([]),
  format: z.object({ duration: text }).optional(),
});

type ProbedStream = z.output<typeof probedSchema>['streams'][number];

/** Why a file is not worked on, as its code ends. */
export interface MediaRefusal {
  readonly reason: 'input_unsupported' | 'input_broken' | 'input_too_large';
  readonly detail: string;
}

/**
 * What ffprobe found in a file, within the bounds that hold before anything of it is decoded.
 * @param probed what it wrote, as JSON.
 */
export function mediaFactsOf(
  probed: string,
  {
    container,
    sizeBytes,
    mediaSecondsMax,
  }: { readonly container: string; readonly sizeBytes: number; readonly mediaSecondsMax: number },
): MediaFacts | MediaRefusal {
  const read = probedSchema.safeParse(jsonOf(probed));
  if (!read.success) return broken('Nothing can be read of what is in it.');
  const { streams, format } = read.data;
  if (streams.length > STREAMS_MAX)
    return tooLarge(`It has ${streams.length} streams; ${STREAMS_MAX} are read.`);
  const sound = streams.find(({ codec_type: type }) => type === 'audio');
  // The cover of a record is no film.
  const picture = streams.find(
    ({ codec_type: type, disposition }) => type === 'video' && disposition?.attached_pic !== 1,
  );
  const audio = sound === undefined ? undefined : audioOf(sound);
  const video = picture === undefined ? undefined : videoOf(picture);
  if (audio === undefined && video === undefined)
    return broken('There is neither sound nor a picture in it.');
  const oversized = video === undefined ? undefined : sizeRefusal(video);
  if (oversized !== undefined) return oversized;
  const kind = kindOf(container, video !== undefined);
  const seconds = Math.max(
    ...[format?.duration, sound?.duration, picture?.duration].map((said) => numberOf(said) ?? 0),
  );
  if (kind !== 'image' && seconds > mediaSecondsMax)
    return tooLarge(`It lasts ${Math.round(seconds)} seconds; ${mediaSecondsMax} are read.`);
  return {
    kind,
    container,
    sizeBytes,
    ...(kind === 'image' || seconds === 0 ? {} : { durationMs: Math.round(seconds * 1_000) }),
    ...(audio === undefined ? {} : { audio }),
    ...(video === undefined ? {} : { video }),
  };
}

const stills = ['png_pipe', 'jpeg_pipe', 'webp_pipe'];

function kindOf(container: string, hasPicture: boolean): MediaKind {
  if (stills.includes(container)) return 'image';
  return hasPicture ? 'video' : 'audio';
}

/** Undefined: pictures of this size are read. */
export function sizeRefusal({
  width,
  height,
}: Pick<NonNullable<MediaFacts['video']>, 'width' | 'height'>): MediaRefusal | undefined {
  const isWithin = width <= SIDE_PIXELS_MAX && height <= SIDE_PIXELS_MAX && width * height <= PIXELS_MAX;
  return isWithin
    ? undefined
    : tooLarge(
        `Its picture has ${width} × ${height} pixels; ${SIDE_PIXELS_MAX} a side and ${PIXELS_MAX} in all are read.`,
      );
}

function audioOf(stream: ProbedStream): MediaFacts['audio'] {
  const [sampleRateHz, channels] = [numberOf(stream.sample_rate), stream.channels];
  if (sampleRateHz === undefined || channels === undefined || sampleRateHz <= 0 || channels <= 0)
    return undefined;
  return { codec: nameOf(stream.codec_name), sampleRateHz, channels, ...bitRateOf(stream) };
}

function videoOf(stream: ProbedStream): MediaFacts['video'] {
  const { width = 0, height = 0 } = stream;
  if (width <= 0 || height <= 0) return undefined;
  const [count = 0, seconds = 0] = (stream.avg_frame_rate ?? '').split('/').map(Number);
  const rate = seconds > 0 ? count / seconds : 0;
  return {
    codec: nameOf(stream.codec_name),
    width,
    height,
    ...(rate > 0 ? { framesPerSecond: Math.round(rate * 1_000) / 1_000 } : {}),
    ...bitRateOf(stream),
  };
}

function bitRateOf({ bit_rate: bitsPerSecond }: ProbedStream): { readonly bitRateKbps?: number } {
  const said = numberOf(bitsPerSecond);
  return said === undefined || said <= 0 ? {} : { bitRateKbps: Math.round(said / 1_000) };
}

/** It becomes a dimension of usage: a word of a few letters, whatever is in the file. */
function nameOf(codec: string | undefined): string {
  const name = codec?.toLowerCase() ?? '';
  return /^[a-z0-9_-]+$/.test(name) ? name.slice(0, NAME_LENGTH_MAX) : 'unknown';
}

function numberOf(said: string | undefined): number | undefined {
  const value = Number(said ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

function jsonOf(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}

const broken = (detail: string): MediaRefusal => ({ reason: 'input_broken', detail });
const tooLarge = (detail: string): MediaRefusal => ({ reason: 'input_too_large', detail });
