import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFakePlatform } from './fake-platform.testing.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-speak-'));
const speechId = createId('spk', 1);
beforeAll(async () => {
  platform = await startFakePlatform();
  platform.answers.set('POST /services/text-to-speech/speech', { id: speechId, state: 'completed' });
  platform.answers.set(`GET /services/text-to-speech/speech/${speechId}/audio`, 'RIFF…');
  platform.answers.set('GET /services/text-to-speech/voices', {
    items: [
      { name: 'slt', language: 'en-US', sex: 'female', age: 'adult', accent: 'american', engine: 'flite' },
    ],
  });
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true });
});

test('a text goes as it was written, with what was asked of it and nothing else, and its sound into a file', async () => {
  const out = path.join(folder, 'a.wav');
  const said = await platform.run(
    'speak',
    '<speak>a</speak>',
    '--ssml',
    '--voice',
    'kal',
    '--rate',
    '1.5',
    '--out',
    out,
    '--json',
  );
  expect(JSON.parse(said.stdout)).toEqual({ file: out, mediaType: 'text/csv', sizeBytes: 7 });
  expect(readFileSync(out, 'utf8')).toBe('RIFF…');
  const body = { ssml: '<speak>a</speak>', voice: 'kal', rate: 1.5, format: 'wav' };
  expect(platform.asked.find(({ request }) => request.startsWith('POST'))?.body).toEqual(body);
});

test('voices are listed by what they are like', async () => {
  const { stdout } = await platform.run('voices', '--language', 'en');
  expect(stdout).toContain('slt');
  expect(platform.asked.at(-1)?.request).toBe('GET /services/text-to-speech/voices?language=en');
});
