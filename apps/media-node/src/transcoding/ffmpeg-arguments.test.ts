import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import type { Conversion } from '@patchbay/domain/transcoding/transcoding-order';
import { describe, expect, test } from 'vitest';
import {
  conversionArguments,
  measureArguments,
  plannedMsOf,
  probeArguments,
  readLoudness,
  unsuitable,
} from './ffmpeg-arguments.ts';
import { ProgressReader } from './progress.ts';

const sound: MediaFacts = {
  ...{ kind: 'audio', container: 'mp3', sizeBytes: 10, durationMs: 10_000 },
  audio: { codec: 'mp3', sampleRateHz: 44_100, channels: 6 },
};
const film: MediaFacts = { ...sound, kind: 'video', video: { codec: 'h264', width: 639, height: 360 } };
const files = { inputFile: '/work/input', outputFile: '/work/output' } as const;
const argsOf = (conversion: Conversion, media = sound) =>
  conversionArguments({ demuxer: 'mp3', media, conversion, ...files }).join(' ');

describe('whatever is asked for', () => {
  const all = [
    argsOf({ format: 'wav' }),
    argsOf({ format: 'mp4' }),
    argsOf({ format: 'jpeg' }, film),
    probeArguments('mp3', '/work/input').join(' '),
    measureArguments({ demuxer: 'mp3', media: sound, conversion: { format: 'wav' }, ...files }).join(' '),
  ];

  test('a file is opened as what it is, by a path, and nothing else is reached (C50)', () => {
    for (const args of all) {
      expect(args).toContain('-protocol_whitelist file,pipe');
      expect(args).toMatch(/-max_streams 64 -max_pixels 33177600 -f mp3 -i file:\/work\/input/);
    }
  });

  test('nothing of who made it goes on, and what is made ends where it should', () => {
    for (const args of all.slice(0, 3)) {
      expect(args).toContain('-map_metadata -1 -map_metadata:s -1 -map_chapters -1');
      expect(args).toContain('-fs 100000001');
      expect(args.endsWith('file:/work/output')).toBe(true);
    }
    expect(all[0]).toContain('-t 10.000');
  });
});

test('a rate that the codec cannot have becomes the next above it, and more than two channels become two', () => {
  expect(argsOf({ format: 'ogg' })).toContain('-c:a libopus -flags:a +bitexact -ar 48000 -ac 2');
  expect(argsOf({ format: 'wav', audioCodec: 'pcmu' })).toContain(
    '-c:a pcm_mulaw -flags:a +bitexact -ar 8000',
  );
  expect(argsOf({ format: 'mp3', audioBitRateKbps: 96, channels: 1 })).toContain('-ar 44100 -ac 1 -b:a 96k');
});

test('a part of it is taken without what comes before being decoded, and lasts as long as its speed says', () => {
  const conversion = { format: 'wav', startMs: 2_000, endMs: 6_000, speed: 2 } as const;
  const args = argsOf(conversion);
  expect(args).toMatch(/-ss 2\.000 -t 4\.000 .*-i file:/);
  expect(args).toContain('-t 2.000');
  expect(plannedMsOf(sound, conversion)).toBe(2_000);
});

test('what says nothing of how long it is ends where the longest does', () => {
  const { durationMs: _durationMs, ...media } = sound;
  expect(argsOf({ format: 'wav' }, media)).toContain('-t 14400.000');
});

test('filters stand in the order in which they are heard, fades at what they begin and end', () => {
  const conversion = { format: 'wav', channels: 1, isDenoised: true, speed: 2 } as const;
  expect(argsOf({ ...conversion, fadeInMs: 100, fadeOutMs: 500 })).toContain(
    '-af aformat=channel_layouts=mono,afftdn,atempo=2,afade=t=in:st=0:d=0.100,afade=t=out:st=4.500:d=0.500',
  );
});

test('loudness is measured first and set by what was measured; silence is left as it is (EBU R 128)', () => {
  const run = {
    demuxer: 'mp3',
    media: sound,
    conversion: { format: 'wav', loudnessLufs: -16 },
    ...files,
  } as const;
  expect(measureArguments(run).join(' ')).toContain(
    '-af loudnorm=I=-16:TP=-1.5:LRA=11:print_format=json -f null -',
  );
  const told =
    '"input_i" : "-99.99"\n[Parsed_loudnorm_0 @ 0x1] \n{ "input_i" : "-22.25", "input_tp" : "-18.49", "input_lra" : "0.00", "input_thresh" : "-32.25", "target_offset" : "-0.05" }';
  const loudness = readLoudness(told);
  expect(loudness).toEqual({
    ...{ integrated: '-22.25', truePeak: '-18.49', range: '0.00', threshold: '-32.25', offset: '-0.05' },
  });
  expect(conversionArguments({ ...run, loudness }).join(' ')).toContain(
    'measured_I=-22.25:measured_TP=-18.49:measured_LRA=0.00:measured_thresh=-32.25:offset=-0.05:linear=true',
  );
  expect(readLoudness('[Parsed_loudnorm_0] { "input_i" : "-inf", "input_tp" : "-inf" }')).toBeUndefined();
  expect(conversionArguments(run).join(' ')).not.toContain('loudnorm');
});

test('a picture keeps its shape, with sides that its codec can have', () => {
  expect(argsOf({ format: 'mp4' }, film)).toContain('-vf scale=trunc(iw/2)*2:trunc(ih/2)*2');
  expect(argsOf({ format: 'mp4', width: 321 }, film)).toContain('-vf scale=322:-2');
  expect(argsOf({ format: 'png', height: 33 }, film)).toContain('-vf scale=-1:34');
  expect(argsOf({ format: 'webm', width: 100, height: 100, speed: 2 }, film)).toContain(
    '-vf scale=100:100:force_original_aspect_ratio=decrease:force_divisible_by=2,setpts=PTS/2',
  );
});

test('sound alone becomes a video with a plain picture, a film a sound without one, and the picture of a moment a picture', () => {
  expect(argsOf({ format: 'mp4', pictureColor: '#12ab34' })).toMatch(
    /-f lavfi -i color=c=0x12ab34:s=640x360:r=10 .*-map 1:a:0 .*-map 0:v:0 -shortest/,
  );
  expect(argsOf({ format: 'wav' }, film)).toContain('-vn');
  expect(argsOf({ format: 'jpeg', startMs: 1_000 }, film)).toMatch(/-ss 1\.000 .*-map 0:V:0 -an .*-f image2/);
});

test.each<[MediaFacts, Conversion, string | undefined]>([
  [film, { format: 'wav' }, undefined],
  [{ ...film, audio: undefined }, { format: 'wav' }, 'There is no sound in it.'],
  [sound, { format: 'jpeg' }, 'There is no picture in it.'],
  [{ ...film, kind: 'image' }, { format: 'mp4' }, 'It is one picture, of which no video is made.'],
  [sound, { format: 'wav', startMs: 10_000 }, 'It lasts 10000 ms, and startMs is behind its end.'],
])('%j, as %j: %s', (media, conversion, why) => {
  expect(unsuitable(media, conversion)).toBe(why);
});

test('how far it is comes in any pieces, never goes back, and is not done before it is stored', () => {
  const reader = new ProgressReader(10_000);
  const read = (text: string) => {
    reader.read(new TextEncoder().encode(text));
    return reader.percent;
  };
  expect(read('out_time_us=25')).toBe(0);
  expect(read('00000\nout_time=N/A\n')).toBe(25);
  expect(read('out_time_us=1000000\nout_time_us=N/A\n')).toBe(25);
  expect(read('out_time_us=10000000\nprogress=end\n')).toBe(99);
  expect(reader.madeMs).toBe(10_000);
  const unknown = new ProgressReader(undefined);
  unknown.read(new TextEncoder().encode('out_time_us=1000000\n'));
  expect([unknown.percent, unknown.madeMs]).toEqual([0, 1_000]);
});
