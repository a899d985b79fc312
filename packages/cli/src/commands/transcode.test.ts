import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFakePlatform } from './fake-platform.testing.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-transcode-'));
const jobId = createId('trc', 1);
const media = {
  ...{ kind: 'audio', container: 'mp3', sizeBytes: 9, durationMs: 2_500 },
  audio: { codec: 'mp3', sampleRateHz: 44_100, channels: 2 },
};
beforeAll(async () => {
  platform = await startFakePlatform();
  const done = { id: jobId, state: 'completed', progressPercent: 100 };
  platform.answers.set('POST /services/transcoding/jobs', done);
  platform.answers.set(`GET /services/transcoding/jobs/${jobId}/result`, 'OggS…');
  platform.answers.set('POST /services/transcoding/probes', { ...done, media });
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true });
});
const bodyOf = (request: string) => platform.asked.findLast((asked) => asked.request === request)?.body;

test('an address becomes a file, with what was asked of it and nothing else', async () => {
  const out = path.join(folder, 'a.ogg');
  const said = await platform.run(
    ...['transcode', 'https://a.test/a.mp3', '--to', 'ogg', '--audio-kbps', '32', '--mono', '--from', '1.5'],
    ...['--loudness=-16', '--out', out, '--json'],
  );
  expect(JSON.parse(said.stdout)).toMatchObject({ file: out });
  expect(readFileSync(out, 'utf8')).toBe('OggS…');
  expect(bodyOf('POST /services/transcoding/jobs')).toEqual({
    ...{ uri: 'https://a.test/a.mp3', format: 'ogg', audioBitRateKbps: 32, channels: 1, startMs: 1_500 },
    loudnessLufs: -16,
  });
});

test('a file of this machine is announced with its length, and a stored one is named', async () => {
  const file = path.join(folder, 'a.mp3');
  writeFileSync(file, 'ID3 and so on');
  await platform.run('transcode', file, '--to', 'wav', '--out', path.join(folder, 'a.wav'));
  expect(bodyOf('POST /services/transcoding/jobs')).toEqual({ format: 'wav', uploadBytes: 13 });
  const objectId = createId('obj', 1);
  await platform.run('transcode', objectId, '--to', 'mp3', '--out', path.join(folder, 'b.mp3'));
  expect(bodyOf('POST /services/transcoding/jobs')).toEqual({ format: 'mp3', objectId });
});

test('what is in a file is said in a line', async () => {
  const { stdout } = await platform.run('probe', 'https://a.test/a.mp3');
  expect(stdout).toContain('mp3 44100 Hz × 2');
  expect(stdout).toContain('2.5');
});
