import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFakePlatform } from './fake-platform.testing.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
const notice = {
  ...{ id: createId('ntc', 1), endpoint: 'user:bob', state: 'failed', title: 'Your turn', ways: ['push'] },
  deliveries: [{ way: 'web-push', state: 'failed', reason: 'status_503', attemptCount: 5 }],
  createdAt: '2026-12-01T00:00:00.000Z',
};
beforeAll(async () => {
  platform = await startFakePlatform();
  platform.answers.set('POST /services/notification/notices', notice);
  platform.answers.set('GET /services/notification/notices', { items: [notice] });
});
afterAll(() => platform.stop());
const bodyOf = (request: string) => platform.asked.findLast((asked) => asked.request === request)?.body;

test('an endpoint is told something, with what was asked for and nothing else', async () => {
  const said = await platform.run(
    ...[
      'notify',
      'bob',
      'Your turn',
      '--body',
      'Room 7.',
      '--with',
      '{"room":7}',
      '--ways',
      'push,email+900',
    ],
    ...['--ttl', '60', '--json'],
  );
  expect(JSON.parse(said.stdout)).toMatchObject({ endpoint: 'user:bob' });
  expect(bodyOf('POST /services/notification/notices')).toEqual({
    ...{ identity: 'bob', title: 'Your turn', body: 'Room 7.', data: { room: 7 } },
    ...{ ways: ['push', 'email+900'], ttlSeconds: 60 },
  });
});

test('what became of each is said in a line', async () => {
  const { stdout } = await platform.run('notices');
  expect(stdout).toContain('web-push status_503');
  expect(stdout).toContain('Your turn');
});
