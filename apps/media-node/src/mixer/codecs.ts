import type { AudioCodec, CodecName } from './codec.ts';
import { pcmaCodec, pcmuCodec } from './g711-codec.ts';
import { l16Codec } from './l16-codec.ts';
import { opusCodec } from './opus-codec.ts';

/** What a mixer speaks. */
export const codecs: Readonly<Record<CodecName, AudioCodec>> = {
  opus: opusCodec,
  pcmu: pcmuCodec,
  pcma: pcmaCodec,
  l16: l16Codec,
};
