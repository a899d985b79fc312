import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { FLEET_AGE_MS_MAX, FleetView, startHeartbeat } from './fleet-view.ts';

let folder: string;
let failures: string[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fleet-'));
  failures = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const wanted = { role: 'signaling', region: 'eu', use: 'link' } as const;
const signaling = {
  nodeId: 'nod_1',
  roles: ['signaling' as const],
  region: 'eu',
  publicKey: 'key',
  urls: { link: ['ws://192.0.2.1:1'] },
  isLive: true,
};

/** A node that starts. Without `nodes` the control plane is away. */
function start(nodes?: readonly (typeof signaling)[], nowMs = 0) {
  const call = () =>
    nodes === undefined ? Promise.reject(new Error('away')) : Promise.resolve({ items: [...nodes] });
  return new FleetView({
    client: { call: call as never },
    file: path.join(folder, 'fleet.json'),
    onFailure: (_error, message) => failures.push(message),
    nowMs: () => nowMs,
  });
}

test('a node that starts without the control plane knows whom its last start knew, and nobody has said who is gone', async () => {
  expect(start().urlsOf(wanted)).toEqual([]);
  await start([{ ...signaling, isLive: false }]).refresh();
  expect(start().urlsOf(wanted)).toEqual([{ url: 'ws://192.0.2.1:1', isLive: true }]);
  expect(await start().publicKeyOf('nod_1', 'signaling')).toBe('key');
  // Enrolled as one thing, it speaks as nothing else.
  await expect(start().publicKeyOf('nod_1', 'media')).rejects.toThrow('away');
  await expect(start().publicKeyOf('nod_2', 'signaling')).rejects.toThrow('away');
  expect(statSync(path.join(folder, 'fleet.json')).mode & 0o077).toBe(0);
  expect(failures).toEqual([]);
});

test('what was known a day ago holds no more, and what was read goes on to be known', async () => {
  await start([signaling]).refresh();
  const late = start(undefined, FLEET_AGE_MS_MAX);
  expect(late.urlsOf(wanted)).toHaveLength(1);
  await expect(late.refresh()).rejects.toThrow();
  expect(late.urlsOf(wanted)).toHaveLength(1);
  expect(start(undefined, FLEET_AGE_MS_MAX + 1).urlsOf(wanted)).toEqual([]);
  await start([signaling], 2 * FLEET_AGE_MS_MAX).refresh();
  expect(start(undefined, 0).urlsOf(wanted)).toEqual([]);
});

test('each heartbeat says which implementation and version the node runs, by its package (spec part C)', async () => {
  const said = await new Promise((resolve) => {
    const stop = startHeartbeat({
      client: {
        call: ((_name: string, report: unknown) => {
          resolve(report);
          stop();
          return Promise.reject(new Error('away'));
        }) as never,
      },
      fleet: start([]),
      report: () => ({ boot: 1, urls: {}, load: {}, isDraining: false }),
      onFailure: () => {},
    });
  });
  expect(said).toMatchObject({ software: { implementation: 'patchbay', version: manifest.version } });
});

test('a file that is damaged, or of another shape, is passed over and said', () => {
  for (const text of ['{', '{"savedAtMs":0,"nodes":[{"nodeId":7}]}']) {
    writeFileSync(path.join(folder, 'fleet.json'), text);
    expect(start().urlsOf(wanted)).toEqual([]);
  }
  expect(failures).toHaveLength(2);
});

test('a disk that takes nothing is said, and what is known holds', async () => {
  rmSync(folder, { recursive: true });
  const view = start([signaling]);
  await view.refresh();
  expect(view.urlsOf(wanted)).toHaveLength(1);
  expect(failures).toHaveLength(1);
});
