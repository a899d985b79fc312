import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { writeWav } from '@patchbay/dsp/wav';
import { afterAll, describe, expect, test } from 'vitest';
import { FFMPEG_PROGRAM } from '../programs/ffmpeg.ts';
import type { ProgramEnd, ProgramRun } from '../programs/run-program.ts';
import { ffmpegTranscoder } from './transcode.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-transcode-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();
const limits = { mediaSecondsMax: 60, signal };

function fileOf(name: string, bytes: Uint8Array | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const tone = (seconds: number) =>
  writeWav({
    rateHz: 8_000,
    samples: Int16Array.from({ length: 8_000 * seconds }, (_sample, index) => 8_000 * Math.sin(index / 3)),
  });

function png(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const typed = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([ends.subarray(0, 4), typed, ends.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = deflateSync(Buffer.alloc(Math.min(1_000_000, height * (1 + 3 * width))));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const playlist = '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n';

describe('before any program runs', () => {
  const never = async (): Promise<ProgramEnd> => {
    throw new Error('A program was run.');
  };
  test.each([
    ['a playlist of files of ours', playlist, 'input_unsupported'],
    ['a list to join', 'ffconcat version 1.0\nfile /etc/passwd\n', 'input_unsupported'],
    ['a description of streams', 'v=0\r\nc=IN IP4 127.0.0.1\r\n', 'input_unsupported'],
    ['a bomb of zeros', gzipSync(Buffer.alloc(1_000_000)), 'input_unsupported'],
    ['a picture of sixty thousand a side', png(60_000, 60_000), 'input_too_large'],
    ['nothing', '', 'input_empty'],
  ])('%s is refused', async (name, bytes, failure) => {
    const { probe } = ffmpegTranscoder({ run: never });
    expect(await probe(fileOf(`early-${name}`, bytes), limits)).toMatchObject({ failure });
  });
});

describe('what a program ends as', () => {
  const ending = (end: ProgramEnd) =>
    ffmpegTranscoder({ run: async () => end }).probe(fileOf('a.wav', tone(1)), limits);
  test.each<[ProgramEnd, string, string]>([
    [{ kind: 'absent' }, 'unavailable', 'apt-get install ffmpeg'],
    [{ kind: 'failed', detail: 'It was ended.', bound: 'time' }, 'took_too_long', 'more time'],
    [{ kind: 'failed', detail: 'It wrote.', bound: 'output' }, 'input_too_large', 'more of itself'],
    [{ kind: 'failed', detail: `${folder}: Invalid data` }, 'input_broken', 'Nothing can be read'],
    [{ kind: 'failed', detail: "Unknown encoder 'libspeex'" }, 'unavailable', 'libspeex'],
    [{ kind: 'failed', detail: 'Cannot allocate memory' }, 'input_too_large', 'memory'],
    [{ kind: 'done', output: new Uint8Array() }, 'input_broken', 'Nothing can be read'],
  ])('%j is said as %s, in words of ours', async (end, failure, words) => {
    const answered = await ending(end);
    expect(answered).toMatchObject({ failure, detail: expect.stringContaining(words) });
    expect('detail' in answered ? answered.detail : '').not.toContain(folder);
  });

  test('ffprobe is looked for beside FFmpeg, and each runs in the folder of the file within bounds', async () => {
    const runs: ProgramRun[] = [];
    const run = async (asked: ProgramRun): Promise<ProgramEnd> => {
      runs.push(asked);
      return { kind: 'absent' };
    };
    await ffmpegTranscoder({ ffmpegPath: '/opt/ffmpeg/bin/ffmpeg', run }).probe(
      fileOf('b.wav', tone(1)),
      limits,
    );
    await ffmpegTranscoder({ run }).probe(fileOf('b.wav', tone(1)), limits);
    expect(runs.map(({ program }) => program)).toEqual(['/opt/ffmpeg/bin/ffprobe', 'ffprobe']);
    for (const { folder: where, bounds, timeoutMs } of runs)
      expect([where, bounds?.memoryBytesMax, timeoutMs]).toEqual([folder, 3_000_000_000, 20_000]);
  });
});

const hasFfmpeg = (() => {
  try {
    execFileSync(FFMPEG_PROGRAM, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasFfmpeg)(`with FFmpeg${hasFfmpeg ? '' : ': it is not installed here'}`, () => {
  const { probe, convert, version } = ffmpegTranscoder();
  async function made(
    name: string,
    bytes: Uint8Array,
    conversion: Parameters<typeof convert>[0]['conversion'],
  ) {
    const inputFile = fileOf(name, bytes);
    const probed = await probe(inputFile, limits);
    if ('failure' in probed) return probed;
    const outputFile = path.join(folder, `${name}.out`);
    const percents: number[] = [];
    const onProgress = (percent: number) => percents.push(percent);
    const end = await convert({ ...probed, conversion, inputFile, outputFile, signal, onProgress });
    return 'failure' in end ? end : { ...end, outputFile, percents };
  }
  const outputOf = (end: object): string =>
    'outputFile' in end ? String(end.outputFile) : JSON.stringify(end);

  test('a sound becomes another, and that a film, of which a picture and a sound are taken: each is what was asked for (TRC)', async () => {
    expect(await version()).toMatch(/^\d/);
    const ogg = await made('a', tone(2), { format: 'ogg', startMs: 500, loudnessLufs: -20, fadeOutMs: 200 });
    expect(ogg).toMatchObject({ durationMs: 1_500 });
    expect(await probe(outputOf(ogg), limits)).toMatchObject({
      media: { kind: 'audio', container: 'ogg', audio: { codec: 'opus', channels: 1 } },
    });
    const film = await made('b', readFileSync(outputOf(ogg)), { format: 'mp4', width: 64, height: 48 });
    expect(await probe(outputOf(film), limits)).toMatchObject({
      media: { kind: 'video', video: { codec: 'h264', width: 64, height: 48 }, audio: { codec: 'aac' } },
    });
    const picture = await made('c', readFileSync(outputOf(film)), { format: 'png' });
    expect(await probe(outputOf(picture), limits)).toMatchObject({
      media: { kind: 'image', video: { codec: 'png', width: 64 } },
    });
    const wave = await made('d', readFileSync(outputOf(film)), { format: 'wav', sampleRateHz: 16_000 });
    expect(wave).toMatchObject({ percents: expect.arrayContaining([99]) });
    expect(await probe(outputOf(wave), limits)).toMatchObject({
      media: { kind: 'audio', audio: { codec: 'pcm_s16le', sampleRateHz: 16_000 } },
    });
  }, 60_000);

  test.each<[string, Uint8Array | string, string]>([
    ['a playlist behind the head of an MP3', `ID3${playlist}`, 'input_broken'],
    ['a playlist behind the head of an MP4', `\0\0\0\x18ftypmp42\n${playlist}`, 'input_broken'],
    [
      'a film that breaks off before it says what is in it',
      `\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\xff\xffmdat`,
      'input_broken',
    ],
    ['a picture of too many pixels a side', png(20_000, 1), 'input_too_large'],
    ['two minutes where one may be', tone(120), 'input_too_large'],
  ])('%s is refused', async (name, bytes, failure) => {
    expect(await probe(fileOf(`late-${name}`, bytes), limits)).toMatchObject({ failure });
  });

  test('a file that breaks off is worked on as far as it goes, and what is in none cannot be decoded', async () => {
    const whole = Buffer.from(tone(2));
    const half = await made('half', whole.subarray(0, 16_044), { format: 'mp3' });
    expect(half).toMatchObject({ sizeBytes: expect.any(Number) });
    const head = Buffer.concat([png(8, 8).subarray(0, 45), Buffer.alloc(60, 7)]);
    expect(await made('broken', head, { format: 'jpeg' })).toMatchObject({ failure: 'input_broken' });
  });

  test('one that nobody waits for any more is ended at once', async () => {
    const inputFile = fileOf('long', tone(60));
    const probed = await probe(inputFile, limits);
    if ('failure' in probed) throw new Error(probed.detail);
    const ending = new AbortController();
    const conversion = { format: 'webm', videoCodec: 'vp9', width: 1_920, height: 1_080 } as const;
    const outputFile = path.join(folder, 'long.webm');
    const run = convert({
      ...probed,
      conversion,
      inputFile,
      outputFile,
      signal: ending.signal,
      onProgress: () => ending.abort(),
    });
    const end = await run;
    expect(end).toMatchObject({ failure: 'failed' });
  });
});

describe('the sound of a file as samples', () => {
  const decoder = ffmpegTranscoder();
  async function decoded(file: string, secondsMax = 60) {
    const probed = await decoder.probe(file, limits);
    if ('failure' in probed) return probed;
    let count = 0;
    let peak = 0;
    const onSamples = (samples: Int16Array) => {
      count += samples.length;
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    };
    const order = { ...probed, inputFile: file, rateHz: 16_000, secondsMax, signal, onSamples };
    return { failed: await decoder.decode(order), count, peak };
  }

  test('comes whole, mono, at the rate that was asked for, whatever the file has', async () => {
    const file = path.join(folder, 'decoded.ogg');
    execFileSync(FFMPEG_PROGRAM, [
      ...['-loglevel', 'error', '-y', '-f', 'lavfi', '-i', 'sine=frequency=500:duration=2:sample_rate=48000'],
      ...['-ac', '2', '-c:a', 'libvorbis', file],
    ]);
    const { failed, count, peak } = (await decoded(file)) as Exclude<
      Awaited<ReturnType<typeof decoded>>,
      { failure: unknown }
    >;
    expect(failed).toBeUndefined();
    expect(Math.abs(count - 32_000)).toBeLessThan(800);
    expect(peak).toBeGreaterThan(2_000);
  });

  test('is no more than may come, whatever the file says of its length, and there is none of a picture', async () => {
    const file = path.join(folder, 'decoded.ogg');
    expect(await decoded(file, 0)).toMatchObject({ failed: { failure: 'input_too_large' } });
    const picture = path.join(folder, 'decoded.png');
    execFileSync(FFMPEG_PROGRAM, [
      ...['-loglevel', 'error', '-y', '-f', 'lavfi', '-i', 'color=size=16x16', '-frames:v', '1', picture],
    ]);
    expect(await decoded(picture)).toMatchObject({ failed: { failure: 'input_unsuitable' }, count: 0 });
  });
});
