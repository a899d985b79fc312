import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFakePlatform } from './fake-platform.testing.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
const findings = {
  segments: [{ startMs: 500, endMs: 2_250, confidence: 0.93 }],
  beeps: [{ startMs: 3_000, endMs: 3_300, hertz: 1_000 }],
  answering: {
    answeredBy: 'machine',
    reason: 'beep',
    confidence: 0.99,
    decidedAtMs: 3_300,
    greetingMs: 1_750,
  },
};
beforeAll(async () => {
  platform = await startFakePlatform();
  platform.answers.set('POST /services/speech-detection/jobs', {
    ...{ id: createId('dtc', 1), state: 'completed', progressPercent: 100, findings },
  });
});
afterAll(() => platform.stop());

test('stretches, beeps and who answered are lines, and what was asked is asked and nothing else', async () => {
  const { stdout } = await platform.run(
    ...['detect-speech', 'https://a.test/a.mp3', '--answered', '--sensitivity', 'high', '--pause-ms', '400'],
  );
  expect(stdout).toMatch(/0\.5\s+2\.25\s+speech\s+0\.93/);
  expect(stdout).toContain('beep of 1000 Hz');
  expect(stdout).toContain('answered by: machine');
  const asked = platform.asked.findLast(({ request }) => request === 'POST /services/speech-detection/jobs');
  expect(asked?.body).toEqual({
    ...{ uri: 'https://a.test/a.mp3', kind: 'answering-machine', sensitivity: 'high', pauseMsMin: 400 },
  });
  const { stdout: json } = await platform.run('detect-speech', 'https://a.test/a.mp3', '--json');
  expect(JSON.parse(json)).toEqual(findings);
});
