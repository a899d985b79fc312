import { alawSamples, mulawSamples } from './g711.ts';

/** What a WAVE file holds, mixed to one channel. */
export interface Sound {
  readonly rateHz: number;
  readonly samples: Int16Array;
}

const RATE_HZ_MIN = 8_000;
const RATE_HZ_MAX = 96_000;
const CHANNEL_COUNT_MAX = 8;

const formats: Readonly<Record<number, 'pcm' | 'alaw' | 'mulaw'>> = { 1: 'pcm', 6: 'alaw', 7: 'mulaw' };
/** WAVE_FORMAT_EXTENSIBLE: the format stands further back, in the first two bytes of its identifier. */
const EXTENSIBLE = 0xfffe;

/**
 * Reads a WAVE file: PCM of 8, 16, 24 or 32 bits, A-law and mu-law, 8 to 96 kHz, up to 8 channels. Anything else is said in
 * words. A file that was cut off is read as far as it goes.
 */
export function readWav(bytes: Uint8Array): Sound | { readonly problem: string } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE')
    return { problem: 'It is no WAVE file.' };
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const sizeBytes = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name(at) === 'fmt ') {
      if (sizeBytes < 16 || body + sizeBytes > bytes.length) return { problem: 'Its format is cut off.' };
      const read = readFormat(view, body, sizeBytes);
      if ('problem' in read) return read;
      format = read;
    } else if (name(at) === 'data') {
      if (format === undefined) return { problem: 'Its sound stands before its format.' };
      const data = bytes.subarray(body, Math.min(bytes.length, body + sizeBytes));
      return { rateHz: format.rateHz, samples: samplesIn(data, format) };
    }
    at = body + sizeBytes + (sizeBytes & 1);
  }
  return { problem: 'There is no sound in it.' };
}

const HEADER_BYTES = 44;

/** 16-bit samples, the lower byte first, whatever machine this is. */
export function pcmBytes(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length);
  const view = new DataView(bytes.buffer);
  for (const [index, sample] of samples.entries()) view.setInt16(2 * index, sample, true);
  return bytes;
}

/** A WAVE file of 16-bit PCM, one channel. */
export function writeWav({ rateHz, samples }: Sound): Uint8Array {
  const data = pcmBytes(samples);
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  const name = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  name(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + data.length, true);
  name(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, 2 * rateHz, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, 'data');
  view.setUint32(40, data.length, true);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

interface Format {
  readonly kind: 'pcm' | 'alaw' | 'mulaw';
  readonly rateHz: number;
  readonly channelCount: number;
  readonly sampleBytes: number;
}

function readFormat(view: DataView, at: number, sizeBytes: number): Format | { readonly problem: string } {
  const code = view.getUint16(at, true);
  const kind = formats[code === EXTENSIBLE && sizeBytes >= 26 ? view.getUint16(at + 24, true) : code];
  const channelCount = view.getUint16(at + 2, true);
  const rateHz = view.getUint32(at + 4, true);
  const bitCount = view.getUint16(at + 14, true);
  if (kind === undefined) return { problem: `Its format ${code} is not read: PCM, A-law and mu-law are.` };
  const isRead = kind === 'pcm' ? [8, 16, 24, 32].includes(bitCount) : bitCount === 8;
  if (!isRead) return { problem: `Samples of ${bitCount} bits are not read.` };
  if (channelCount < 1 || channelCount > CHANNEL_COUNT_MAX)
    return { problem: `It has ${channelCount} channels; 1 to ${CHANNEL_COUNT_MAX} are read.` };
  if (rateHz < RATE_HZ_MIN || rateHz > RATE_HZ_MAX)
    return { problem: `It has ${rateHz} samples a second; ${RATE_HZ_MIN} to ${RATE_HZ_MAX} are read.` };
  return { kind, rateHz, channelCount, sampleBytes: bitCount / 8 };
}

function samplesIn(data: Uint8Array, { kind, channelCount, sampleBytes }: Format): Int16Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = (at: number): number => {
    if (kind === 'mulaw') return mulawSamples[view.getUint8(at)] ?? 0;
    if (kind === 'alaw') return alawSamples[view.getUint8(at)] ?? 0;
    if (sampleBytes === 1) return (view.getUint8(at) - 128) << 8;
    // The two highest bytes of a sample are its last ones.
    return view.getInt16(at + sampleBytes - 2, true);
  };
  const frameBytes = channelCount * sampleBytes;
  return Int16Array.from({ length: Math.floor(data.length / frameBytes) }, (_, index) => {
    let sum = 0;
    for (let channel = 0; channel < channelCount; channel++)
      sum += read(index * frameBytes + channel * sampleBytes);
    return Math.round(sum / channelCount);
  });
}
