import { describe, expect, test } from 'vitest';
import { type MediaFacts, mediaFactsOf } from '../file-jobs/media-facts.ts';
import { declaredSizeOf, demuxerOf } from '../file-jobs/media-signature.ts';
import { type Conversion, conversionRefusal } from './transcoding-order.ts';
import { operationOf, usesOfTranscoding } from './transcoding-usage.ts';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ['RIFF....WAVEfmt ', 'wav'],
  ['RIFF....AVI LIST', 'avi'],
  ['RIFF....WEBPVP8 ', 'webp_pipe'],
  ['ID3\x04\x00', 'mp3'],
  ['\xff\xfb\x90\x64', 'mp3'],
  ['\xff\xf1\x50\x80', 'aac'],
  ['OggS\x00', 'ogg'],
  ['fLaC\x00', 'flac'],
  ['\x00\x00\x00\x20ftypisom', 'mov'],
  ['\x1a\x45\xdf\xa3\x01', 'matroska'],
  ['\x89PNG\r\n\x1a\n', 'png_pipe'],
  ['\xff\xd8\xff\xe0', 'jpeg_pipe'],
  ['GIF89a', 'gif'],
])('%j is known by how it begins', (head, demuxer) => {
  expect(demuxerOf(bytes(head))).toBe(demuxer);
});

test.each([
  ['#EXTM3U\nfile:///etc/passwd'],
  ['ffconcat version 1.0\nfile /etc/passwd'],
  ['v=0\r\no=- 0 0 IN IP4 10.0.0.1'],
  ['<?xml version="1.0"?><MPD>'],
  ['<svg xmlns="http://www.w3.org/2000/svg">'],
  ['\x1f\x8b\x08\x00'],
  ['PK\x03\x04'],
  ['\xff\xff'.slice(0, 1)],
  [''],
])('%j is nothing that is read: what names other files is never opened (C50)', (head) => {
  expect(demuxerOf(bytes(head))).toBeUndefined();
});

test('the sides of a picture are read before anything of it is decoded', () => {
  const png = new Uint8Array(24);
  new DataView(png.buffer).setUint32(16, 60_000);
  new DataView(png.buffer).setUint32(20, 70_000);
  expect(declaredSizeOf(png, 'png_pipe')).toEqual({ width: 60_000, height: 70_000 });
  expect(declaredSizeOf(bytes('GIF89a\x10\x00\x00\x01'), 'gif')).toEqual({ width: 16, height: 256 });
  expect(declaredSizeOf(png.subarray(0, 20), 'png_pipe')).toBeUndefined();
  expect(declaredSizeOf(png, 'mov')).toBeUndefined();
});

const sound = {
  codec_type: 'audio',
  codec_name: 'mp3',
  sample_rate: '44100',
  channels: 2,
  bit_rate: '128000',
};
const film = {
  codec_type: 'video',
  codec_name: 'h264',
  width: 640,
  height: 360,
  avg_frame_rate: '30000/1001',
};
const limits = { container: 'mov', sizeBytes: 10, mediaSecondsMax: 100 };
const factsOf = (streams: object[], change: object = {}, duration = '12.3456') =>
  mediaFactsOf(JSON.stringify({ streams, format: { duration } }), { ...limits, ...change });

describe('what is in a file', () => {
  test('is its first sound and its first film, with nothing of who made it', () => {
    expect(factsOf([film, sound])).toEqual({
      ...{ kind: 'video', container: 'mov', sizeBytes: 10, durationMs: 12_346 },
      video: { codec: 'h264', width: 640, height: 360, framesPerSecond: 29.97 },
      audio: { codec: 'mp3', sampleRateHz: 44_100, channels: 2, bitRateKbps: 128 },
    });
  });

  test('is a sound where its picture is the cover of a record', () => {
    const cover = { ...film, disposition: { attached_pic: 1 } };
    expect(factsOf([cover, sound], { container: 'mp3' })).toMatchObject({ kind: 'audio' });
    expect(factsOf([cover, sound])).not.toHaveProperty('video');
  });

  test('has no time where it is a picture, and none where nothing says it', () => {
    expect(factsOf([film], { container: 'png_pipe' })).not.toHaveProperty('durationMs');
    expect(factsOf([sound], {}, 'N/A')).not.toHaveProperty('durationMs');
  });

  test('is named by a plain word, whatever the file says', () => {
    expect(factsOf([{ ...sound, codec_name: 'a b\n"' }])).toMatchObject({ audio: { codec: 'unknown' } });
  });

  test.each([
    ['nothing', 'input_broken', []],
    ['text alone', 'input_broken', [{ codec_type: 'subtitle' }]],
    ['a sound without a rate', 'input_broken', [{ ...sound, sample_rate: '0' }]],
    ['a picture that is too wide', 'input_too_large', [{ ...film, width: 20_000, height: 10 }]],
    ['a picture of too many pixels', 'input_too_large', [{ ...film, width: 16_000, height: 16_000 }]],
    ['a picture without a side', 'input_broken', [{ ...film, width: 0 }]],
    ['a hundred streams', 'input_too_large', Array.from({ length: 100 }, () => sound)],
    ['three minutes', 'input_too_large', [{ ...sound, duration: '180' }]],
  ])('%s is refused as %s', (_what, reason, streams) => {
    expect(factsOf(streams)).toMatchObject({ reason });
  });

  test('is refused where ffprobe wrote no JSON', () => {
    expect(mediaFactsOf('{', limits)).toMatchObject({ reason: 'input_broken' });
  });
});

test.each<[Conversion, string | undefined]>([
  [{ format: 'wav', audioCodec: 'pcmu', sampleRateHz: 8_000 }, undefined],
  [{ format: 'mp4', width: 640, loudnessLufs: -23, videoBitRateKbps: 800 }, undefined],
  [{ format: 'jpeg', startMs: 1_000, width: 64 }, undefined],
  [{ format: 'wav', audioCodec: 'opus' }, 'wav has pcm, pcmu, pcma for its sound, not opus.'],
  [{ format: 'mp4', videoCodec: 'vp9' }, 'mp4 has h264 for its picture, not vp9.'],
  [{ format: 'png', audioCodec: 'mp3' }, 'png has nothing for its sound, not mp3.'],
  [{ format: 'mp3', width: 640 }, 'mp3 has no width.'],
  [{ format: 'png', speed: 2 }, 'png has no speed.'],
  [{ format: 'ogg', sampleRateHz: 44_100 }, 'opus does not have 44100 samples a second.'],
  [{ format: 'flac', audioBitRateKbps: 64 }, 'flac has no bit rate to choose.'],
  [{ format: 'wav', startMs: 10, endMs: 10 }, 'It ends before it begins: endMs is not behind startMs.'],
])('%j: %s', (conversion, refusal) => {
  expect(conversionRefusal(conversion)).toBe(refusal);
});

const media: MediaFacts = {
  ...{ kind: 'video', container: 'mov', sizeBytes: 10, durationMs: 10_000 },
  video: { codec: 'h264', width: 640, height: 360 },
};

test.each<[Conversion | undefined, string]>([
  [undefined, 'probe'],
  [{ format: 'webm' }, 'codec'],
  [{ format: 'mp4', videoBitRateKbps: 500 }, 'bit-rate'],
  [{ format: 'wav' }, 'extract'],
  [{ format: 'wav', isDenoised: false }, 'extract'],
  [{ format: 'webm', width: 320 }, 'resize'],
  [{ format: 'webm', width: 320, speed: 2 }, 'filter'],
])('%j counts as the operation %s', (conversion, operation) => {
  expect(operationOf(conversion, media)).toBe(operation);
});

test('work counts a request, the time that came in, that was made and that it took, by what was done with what (MET-1)', () => {
  const conversion: Conversion = { format: 'webm', videoCodec: 'vp9', startMs: 4_000 };
  const uses = usesOfTranscoding({ media, conversion, outputMs: 5_990, processMs: 812.4, version: '5.1' });
  expect(uses.map(({ meter, quantity }) => [meter, quantity])).toEqual([
    ['transcoding.requests', 1],
    ['transcoding.inputMs', 6_000],
    ['transcoding.outputMs', 5_990],
    ['transcoding.processMs', 813],
  ]);
  expect(uses[0]?.dimensions).toEqual({
    ...{ kind: 'video', codecIn: 'h264', codecOut: 'vp9', operation: 'codec' },
    ...{ implementation: 'ffmpeg', version: '5.1' },
  });
});

test('looking at a file counts a request and what it took, and no time of sound', () => {
  const uses = usesOfTranscoding({ media, processMs: 3, version: '5.1' });
  expect(uses.map(({ meter }) => meter)).toEqual(['transcoding.requests', 'transcoding.processMs']);
  expect(uses[0]?.dimensions).toMatchObject({ operation: 'probe', codecOut: 'none', kind: 'video' });
});
