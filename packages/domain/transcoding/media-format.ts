import type { MediaKind } from '../file-jobs/media-facts.ts';

export const audioCodecs = ['pcm', 'pcmu', 'pcma', 'mp3', 'opus', 'vorbis', 'speex', 'flac', 'aac'] as const;
export type AudioCodec = (typeof audioCodecs)[number];

export const videoCodecs = ['h264', 'vp8', 'vp9'] as const;
export type VideoCodec = (typeof videoCodecs)[number];

/** What files can be turned into. The first codec of each is what it has where nobody names one. */
export const mediaFormats = ['wav', 'mp3', 'ogg', 'flac', 'm4a', 'mp4', 'webm', 'jpeg', 'png'] as const;
export type MediaFormat = (typeof mediaFormats)[number];

interface FormatFacts {
  readonly kind: MediaKind;
  readonly mediaType: string;
  readonly audioCodecs: readonly AudioCodec[];
  readonly videoCodecs: readonly VideoCodec[];
}

const facts: Readonly<Record<MediaFormat, FormatFacts>> = {
  wav: sound('audio/wav', ['pcm', 'pcmu', 'pcma']),
  mp3: sound('audio/mpeg', ['mp3']),
  ogg: sound('audio/ogg', ['opus', 'vorbis', 'speex', 'flac']),
  flac: sound('audio/flac', ['flac']),
  m4a: sound('audio/mp4', ['aac']),
  mp4: { kind: 'video', mediaType: 'video/mp4', audioCodecs: ['aac', 'mp3'], videoCodecs: ['h264'] },
  webm: {
    kind: 'video',
    mediaType: 'video/webm',
    audioCodecs: ['opus', 'vorbis'],
    videoCodecs: ['vp8', 'vp9'],
  },
  jpeg: picture('image/jpeg'),
  png: picture('image/png'),
};

function sound(mediaType: string, codecs: readonly AudioCodec[]): FormatFacts {
  return { kind: 'audio', mediaType, audioCodecs: codecs, videoCodecs: [] };
}

function picture(mediaType: string): FormatFacts {
  return { kind: 'image', mediaType, audioCodecs: [], videoCodecs: [] };
}

export const mediaFormatFacts = (format: MediaFormat): FormatFacts => facts[format];

/** Samples a second that a codec can have, where it cannot have every rate that may be asked for. */
const codecRatesHz: Readonly<Partial<Record<AudioCodec, readonly number[]>>> = {
  pcmu: [8_000],
  pcma: [8_000],
  opus: [8_000, 16_000, 24_000, 48_000],
  speex: [8_000, 16_000, 32_000],
  mp3: [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000],
};

export const outputRatesHz = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const;

/** The rate that a codec has where nobody names one and what comes in has another than it can have. Undefined: any will do. */
export function rateForCodec(codec: AudioCodec, rateHz: number): number | undefined {
  const rates = codecRatesHz[codec];
  if (rates === undefined || rates.includes(rateHz)) return undefined;
  // The next above, so that nothing is lost that it could carry; else its highest.
  return rates.find((each) => each > rateHz) ?? rates.at(-1);
}

export const codecHasRate = (codec: AudioCodec, rateHz: number): boolean =>
  codecRatesHz[codec]?.includes(rateHz) ?? true;

/** Codecs that write what they are given, whatever bit rate is asked for. */
const withoutBitRate: readonly AudioCodec[] = ['pcm', 'pcmu', 'pcma', 'flac'];

export const codecHasBitRate = (codec: AudioCodec): boolean => !withoutBitRate.includes(codec);
