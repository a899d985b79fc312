import { expect, test } from 'vitest';
import { deviceOf } from './device.ts';

test('a session is told by browser and system, and by neither where they say nothing', () => {
  const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  expect(deviceOf(`Mozilla/5.0 (X11; Linux x86_64) ${webKit} Chrome/149.0 Safari/537.36`)).toBe(
    'Chrome on Linux',
  );
  expect(deviceOf(`Mozilla/5.0 (Windows NT 10.0) ${webKit} Chrome/149.0 Safari/537.36 Edg/149.0`)).toBe(
    'Edge on Windows',
  );
  expect(deviceOf('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1')).toBe(
    'Safari on iPhone',
  );
  expect(deviceOf('curl/8.5.0')).toBe('Another program');
  expect(deviceOf()).toBe('Another program');
});
