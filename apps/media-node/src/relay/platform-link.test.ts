import { grantOf } from '@patchbay/protocol/turn/testing/relay-world';
import { expect, test } from 'vitest';
import { createMemoryPlatform, silentLog } from './memory-platform.ts';
import { createPlatformLink } from './platform-link.ts';

/** A platform whose answers a test gives by hand. */
function slowPlatform() {
  const questions: ((bitRateBitsPerSecond: number) => void)[] = [];
  const platform = {
    ...createMemoryPlatform(),
    resolveCredential: () =>
      new Promise<{ ok: true; password: string; grant: ReturnType<typeof grantOf> }>((resolve) =>
        questions.push((bitRateBitsPerSecond) =>
          resolve({ ok: true, password: 'secret', grant: grantOf({ bitRateBitsPerSecond }) }),
        ),
      ),
  };
  const link = createPlatformLink(platform, silentLog, (ms) => ms);
  const answer = async (bitRate: number) => {
    questions.shift()?.(bitRate);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { link, questions, answer };
}

test('what was read before a change is not taken: it is asked for again (POL-5)', async () => {
  const { link, answer } = slowPlatform();
  const resolving = link.resolve('ann');
  link.changed();
  await answer(1_000_000);
  await answer(8_000);
  expect(await resolving).toMatchObject({ ok: true, grant: { bitRateBitsPerSecond: 8_000 } });
});

test('what changes all the time is given up, and the client may try again', async () => {
  const { link, questions, answer } = slowPlatform();
  const resolving = link.resolve('ann');
  while (questions.length > 0) {
    link.changed();
    await answer(1_000_000);
  }
  expect(await resolving).toMatchObject({ ok: false, code: 500 });
});
