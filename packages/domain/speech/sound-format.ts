/** What a sound can be written as. PCM is of 16 bits, one channel, the lower byte first. */
export const soundFormats = ['wav', 'pcm', 'pcmu', 'ogg-opus', 'mp3'] as const;
export type SoundFormat = (typeof soundFormats)[number];

export const sampleRatesHz = [8_000, 16_000, 24_000, 48_000] as const;
export type SampleRateHz = (typeof sampleRatesHz)[number];

interface FormatFacts {
  readonly mediaType: string;
  /** Of a file of it. */
  readonly extension: string;
  /** 'ffmpeg': a program that has to be installed. */
  readonly madeBy: 'us' | 'ffmpeg';
  readonly defaultRateHz: SampleRateHz;
  readonly bitsPerSecond: (rateHz: number) => number;
}

const facts: Readonly<Record<SoundFormat, FormatFacts>> = {
  wav: {
    ...{ mediaType: 'audio/wav', extension: 'wav', madeBy: 'us', defaultRateHz: 16_000 },
    bitsPerSecond: (rateHz) => 16 * rateHz,
  },
  // RFC 2586 has L16 in network order; what is raw here is what programs read, so it is called what it is.
  pcm: {
    ...{ mediaType: 'application/octet-stream', extension: 'pcm', madeBy: 'us', defaultRateHz: 16_000 },
    bitsPerSecond: (rateHz) => 16 * rateHz,
  },
  // RFC 3551 §4.5.14.
  pcmu: {
    ...{ mediaType: 'audio/basic', extension: 'ulaw', madeBy: 'us', defaultRateHz: 8_000 },
    bitsPerSecond: (rateHz) => 8 * rateHz,
  },
  'ogg-opus': {
    ...{ mediaType: 'audio/ogg', extension: 'ogg', madeBy: 'ffmpeg', defaultRateHz: 48_000 },
    bitsPerSecond: () => 32_000,
  },
  mp3: {
    ...{ mediaType: 'audio/mpeg', extension: 'mp3', madeBy: 'ffmpeg', defaultRateHz: 24_000 },
    bitsPerSecond: () => 64_000,
  },
};

export const soundFormatFacts = (format: SoundFormat): FormatFacts => facts[format];

/** What a format cannot have. Undefined: nothing of it. */
export function rateRefusal(format: SoundFormat, rateHz: number): string | undefined {
  return format === 'pcmu' && rateHz !== 8_000 ? `pcmu has 8000 samples a second, not ${rateHz}.` : undefined;
}
