import { z } from 'zod';
import { fileOrderShape } from '../file-jobs/file-order.ts';
import {
  audioCodecs,
  codecHasBitRate,
  codecHasRate,
  mediaFormatFacts,
  mediaFormats,
  outputRatesHz,
  videoCodecs,
} from './media-format.ts';

const SIDE_PIXELS_MIN = 16;
const FRAMES_PER_SECOND_MAX = 60;
const POSITION_MS_MAX = 4 * 3_600_000;
const FADE_MS_MAX = 60_000;
/** Of pictures that are written: 4K. */
const OUTPUT_SIDE_PIXELS_MAX = 4_096;

const side = z.int().min(SIDE_PIXELS_MIN).max(OUTPUT_SIDE_PIXELS_MAX);
const position = z.int().min(0).max(POSITION_MS_MAX);
const fade = z.int().min(0).max(FADE_MS_MAX);

/** What can be asked of a file that is made. */
export const conversionShape = {
  format: z.enum(mediaFormats),
  /** One that the format has: the first in the table where it is left out. */
  audioCodec: z.enum(audioCodecs).optional(),
  videoCodec: z.enum(videoCodecs).optional(),
  audioBitRateKbps: z.int().min(6).max(320).optional(),
  videoBitRateKbps: z.int().min(50).max(20_000).optional(),
  sampleRateHz: z.literal([...outputRatesHz]).optional(),
  /** 1 mixes them down. */
  channels: z.literal([1, 2]).optional(),
  /** Pixels. One alone keeps the shape of the picture; both fit it in, with nothing cut off. */
  width: side.optional(),
  height: side.optional(),
  framesPerSecond: z.int().min(1).max(FRAMES_PER_SECOND_MAX).optional(),
  /** Where it begins and ends, in the file that comes in. Of a picture: the moment that it shows. */
  startMs: position.optional(),
  endMs: position.optional(),
  fadeInMs: fade.optional(),
  fadeOutMs: fade.optional(),
  /** 2 is twice as fast, at the same pitch. */
  speed: z.number().min(0.5).max(2).optional(),
  /** Takes steady noise out of the sound. */
  isDenoised: z.boolean().optional(),
  /** Loudness as EBU R 128 measures it, over the whole of it: −23 is that of broadcasts. */
  loudnessLufs: z.int().min(-40).max(-8).optional(),
  /** What is seen where sound alone becomes a video: `#rrggbb`. */
  pictureColor: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/)
    .optional(),
} as const;

const conversionSchema = z.object(conversionShape);
export type Conversion = z.output<typeof conversionSchema>;

/** What is to be done, as it waits for a node. It goes with the end of the work: addresses may hold what opens them. */
export const transcodingOrderSchema = z.object({
  ...fileOrderShape,
  /** Absent where what is in the file is all that is asked for. */
  conversion: conversionSchema.optional(),
  /** Where the file that is made is sent as well. */
  putUrl: z.string().optional(),
});

export type TranscodingOrder = z.output<typeof transcodingOrderSchema>;

/** What does not go together in a conversion, whatever the file is. Undefined: nothing. */
export function conversionRefusal(conversion: Conversion): string | undefined {
  const { format, audioCodec, videoCodec, sampleRateHz, startMs = 0, endMs } = conversion;
  const { kind, audioCodecs: sounds, videoCodecs: pictures } = mediaFormatFacts(format);
  if (audioCodec !== undefined && !sounds.includes(audioCodec))
    return `${format} has ${listed(sounds)} for its sound, not ${audioCodec}.`;
  if (videoCodec !== undefined && !pictures.includes(videoCodec))
    return `${format} has ${listed(pictures)} for its picture, not ${videoCodec}.`;
  const unfit = Object.keys(conversion).find(
    (field) => conversion[field as keyof Conversion] !== undefined && !isOf(kind, field),
  );
  if (unfit !== undefined) return `${format} has no ${unfit}.`;
  const codec = audioCodec ?? sounds[0];
  if (codec !== undefined && sampleRateHz !== undefined && !codecHasRate(codec, sampleRateHz))
    return `${codec} does not have ${sampleRateHz} samples a second.`;
  if (codec !== undefined && conversion.audioBitRateKbps !== undefined && !codecHasBitRate(codec))
    return `${codec} has no bit rate to choose.`;
  if (endMs !== undefined && endMs <= startMs)
    return 'It ends before it begins: endMs is not behind startMs.';
  return undefined;
}

const listed = (names: readonly string[]): string => names.join(', ') || 'nothing';

const ofSound: readonly string[] = [
  ...['audioCodec', 'audioBitRateKbps', 'sampleRateHz', 'channels', 'endMs', 'fadeInMs', 'fadeOutMs'],
  ...['speed', 'isDenoised', 'loudnessLufs'],
];
const ofPictures: readonly string[] = ['width', 'height'];
const ofVideo: readonly string[] = ['videoCodec', 'videoBitRateKbps', 'framesPerSecond', 'pictureColor'];

function isOf(kind: ReturnType<typeof mediaFormatFacts>['kind'], field: string): boolean {
  if (field === 'format' || field === 'startMs') return true;
  switch (kind) {
    case 'audio':
      return ofSound.includes(field);
    case 'video':
      return ofSound.includes(field) || ofPictures.includes(field) || ofVideo.includes(field);
    case 'image':
      return ofPictures.includes(field);
  }
}
