import type { MediaFacts, MediaKind } from '../file-jobs/media-facts.ts';
import type { CountedUse } from '../metering/use-counter.ts';
import { type AudioCodec, mediaFormatFacts, type VideoCodec } from './media-format.ts';
import type { Conversion } from './transcoding-order.ts';

/** What is done to a file, as it is priced: the dearest of it, from the last to the first. */
export const operations = ['probe', 'codec', 'bit-rate', 'extract', 'resize', 'filter'] as const;
export type Operation = (typeof operations)[number];

/** What a file that is made has in it: the codec by which it counts is that of its picture, where it has one. */
export interface MadeMedia {
  readonly kind: MediaKind;
  readonly codec: AudioCodec | VideoCodec | 'jpeg' | 'png';
}

export function madeMediaOf({ format, audioCodec, videoCodec }: Conversion): MadeMedia {
  const { kind, audioCodecs, videoCodecs } = mediaFormatFacts(format);
  const picture = videoCodec ?? videoCodecs[0];
  const sound = audioCodec ?? audioCodecs[0];
  return { kind, codec: picture ?? sound ?? (format === 'png' ? 'png' : 'jpeg') };
}

export function operationOf(conversion: Conversion | undefined, media: MediaFacts): Operation {
  if (conversion === undefined) return 'probe';
  const { fadeInMs, fadeOutMs, speed, isDenoised, loudnessLufs } = conversion;
  const filters = [fadeInMs, fadeOutMs, speed, isDenoised === true ? isDenoised : undefined, loudnessLufs];
  if (filters.some((each) => each !== undefined)) return 'filter';
  const { width, height, framesPerSecond, audioBitRateKbps, videoBitRateKbps } = conversion;
  if ([width, height, framesPerSecond].some((each) => each !== undefined)) return 'resize';
  if (mediaFormatFacts(conversion.format).kind !== media.kind) return 'extract';
  const isSameCodec = madeMediaOf(conversion).codec === (media.video ?? media.audio)?.codec;
  const hasBitRate = audioBitRateKbps !== undefined || videoBitRateKbps !== undefined;
  return isSameCodec && hasBitRate ? 'bit-rate' : 'codec';
}

/** What was done to a file. */
export interface TranscodedWork {
  readonly media: MediaFacts;
  readonly conversion?: Conversion | undefined;
  /** Absent of a picture, and of one that was only looked at. */
  readonly outputMs?: number | undefined;
  readonly processMs: number;
  /** Of FFmpeg, such as 5.1. */
  readonly version: string;
}

/** What work on a file counts as (part C). Looking at it counts as a request and the time that it took. */
export function usesOfTranscoding({
  media,
  conversion,
  outputMs,
  processMs,
  version,
}: TranscodedWork): readonly CountedUse[] {
  const codecIn = (media.video ?? media.audio)?.codec ?? 'none';
  const dimensions = {
    kind: conversion === undefined ? media.kind : madeMediaOf(conversion).kind,
    codecIn,
    codecOut: conversion === undefined ? 'none' : madeMediaOf(conversion).codec,
    operation: operationOf(conversion, media),
    implementation: 'ffmpeg',
    version,
  };
  const use = (meter: string, quantity: number): CountedUse => ({
    meter: `transcoding.${meter}`,
    quantity,
    dimensions,
  });
  return [
    use('requests', 1),
    ...(conversion === undefined || media.durationMs === undefined
      ? []
      : [use('inputMs', usedMsOf(media.durationMs, conversion))]),
    ...(outputMs === undefined ? [] : [use('outputMs', outputMs)]),
    use('processMs', Math.ceil(processMs)),
  ];
}

/** Of a file of which a part is taken, that part is what came in. */
export function usedMsOf(durationMs: number, { startMs = 0, endMs }: Conversion): number {
  return Math.max(0, Math.min(endMs ?? durationMs, durationMs) - startMs);
}
