import { expect, test } from 'vitest';
import { createMemoryPlatform } from '../relay/memory-platform.ts';
import { createPlatformLink } from '../relay/platform-link.ts';
import { createLog } from './log.ts';

function written() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('relay', { write: (line) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

test('an error in a log line has its name, its message, its causes and where it was thrown', () => {
  const { log, lines } = written();
  const cause = new TypeError('The socket is gone.');
  log.error({ error: new Error('The spool cannot be written.', { cause }) }, 'A step failed.');
  expect(lines).toMatchObject([
    {
      role: 'relay',
      msg: 'A step failed.',
      error: {
        name: 'Error',
        message: 'The spool cannot be written.',
        causes: ['TypeError: The socket is gone.'],
        at: [expect.stringContaining('log.test.ts'), ...Array(5).fill(expect.any(String))],
      },
    },
  ]);
});

test('what is no error is written as it is', () => {
  const { log, lines } = written();
  log.warn({ error: 'The bus is away.' }, 'Away.');
  expect(lines).toMatchObject([{ error: 'The bus is away.' }]);
});

test('a log line holds no field of an error, which may be what a request carried (R11)', () => {
  const { log, lines } = written();
  log.error({ error: Object.assign(new Error('Refused.'), { request: { password: 'secret' } }) }, 'Failed.');
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('the relay’s log says why a credential could not be resolved', async () => {
  const { log, lines } = written();
  const away = {
    ...createMemoryPlatform(),
    resolveCredential: () => Promise.reject(new Error('The key cannot be looked up now.')),
  };
  await createPlatformLink(away, log, (timeMs) => timeMs).resolve('somebody');
  expect(lines).toMatchObject([{ error: { message: 'The key cannot be looked up now.' } }]);
});
