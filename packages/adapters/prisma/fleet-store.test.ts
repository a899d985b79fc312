import { randomBytes } from 'node:crypto';
import type { NodeRole } from '@patchbay/domain/fleet/internal-api';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type FleetStore, fleetStore } from './fleet-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let fleet: FleetStore;
beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  fleet = fleetStore(database.prisma);
}, 120_000);
afterAll(() => database.close());

const join = async (roles: readonly NodeRole[], region: string) => {
  const joinToken = await fleet.createJoinToken({ roles, region, lifetimeMs: 60_000 });
  const node = await fleet.enrol({ joinToken, name: 'n', roles, region, publicKey: randomBytes(32) });
  if (node === undefined) throw new Error('The node was not let in.');
  return node.id;
};

test('a join token lets in one node, once, with the roles and the region that it names', async () => {
  const tokenFor = (lifetimeMs = 60_000) =>
    fleet.createJoinToken({ roles: ['relay', 'signaling'], region: 'eu', lifetimeMs });
  const enrol = (
    joinToken: string,
    node: { roles?: NodeRole[]; region?: string; publicKey?: Uint8Array } = {},
  ) =>
    fleet.enrol({
      joinToken,
      name: 'r',
      roles: ['relay'],
      region: 'eu',
      publicKey: randomBytes(32),
      ...node,
    });

  const token = await tokenFor();
  expect(await enrol(token, { roles: ['relay', 'media'] })).toBeUndefined();
  expect(await enrol(token, { region: 'us' })).toBeUndefined();
  expect(await enrol(token, { publicKey: randomBytes(31) })).toBeUndefined();
  const admitted = (await Promise.all(Array.from({ length: 4 }, () => enrol(token)))).filter(
    (entry) => entry !== undefined,
  );
  expect(admitted).toMatchObject([{ roles: ['relay'], region: 'eu', state: 'joined' }]);
  expect(await fleet.find(admitted[0]?.id ?? '')).toEqual(admitted[0]);
  expect(await enrol(await tokenFor(-1))).toBeUndefined();
});

test('a node whose answer was lost enrols again with its key and token, and is who it was', async () => {
  const joinToken = await fleet.createJoinToken({ roles: ['relay'], region: 'eu', lifetimeMs: 60_000 });
  const enrol = (publicKey: Uint8Array) =>
    fleet.enrol({ joinToken, name: 'r', roles: ['relay'], region: 'eu', publicKey });
  const publicKey = randomBytes(32);
  const first = await enrol(publicKey);
  expect(first).toBeDefined();
  expect(await enrol(publicKey)).toEqual(first);
  expect(await enrol(randomBytes(32))).toBeUndefined();
  await fleet.remove(first?.id ?? '');
  expect(await enrol(publicKey)).toBeUndefined();
});

test('what a node runs is kept where it changes, from that boot on, and forgotten when it says nothing any more (spec part C)', async () => {
  const nodeId = await join(['relay'], 'eu');
  const owner = await connectAs(database.url);
  const kept = async () =>
    (
      await owner.query(
        `SELECT boot::int, concat_ws(' ', implementation, version) AS ran FROM node_software WHERE node_id = $1 ORDER BY 1`,
        [nodeId],
      )
    ).rows.map(({ boot, ran }) => [boot, ran]);
  const beat = (boot: number, version?: string) =>
    fleet.beat({
      ...{ nodeId, boot, isDraining: false, urls: {}, load: {} },
      software: version === undefined ? undefined : { implementation: 'patchbay', version },
    });
  await beat(1);
  expect(await kept()).toEqual([]);
  for (const boot of [2, 2, 3]) expect(await beat(boot, '1.0.0')).toBe(true);
  await beat(4, '1.1.0');
  await beat(5);
  expect(await kept()).toEqual([
    [2, 'patchbay 1.0.0'],
    [4, 'patchbay 1.1.0'],
    [5, ' '],
  ]);
  await fleet.remove(nodeId);
  expect(await beat(6, '2.0.0')).toBe(false);
  expect(await kept()).toHaveLength(3);
  await owner.end();
});

test('a node takes sessions while it is heard of, its own region first, and no longer when drained or silent', async () => {
  const near = await join(['relay', 'signaling'], 'us');
  const far = await join(['signaling'], 'eu');
  const liveIds = async () => (await fleet.live({ role: 'signaling', region: 'eu' })).map(({ id }) => id);
  expect(await liveIds()).toEqual([]);

  const beat = (nodeId: string, { boot = 7, isDraining = false } = {}) =>
    fleet.beat({ nodeId, boot, isDraining, urls: { signal: ['ws://192.0.2.1'] }, load: { sessions: 3 } });
  expect(await beat(near)).toBe(true);
  expect(await beat(far)).toBe(true);
  expect(await liveIds()).toEqual([far, near]);
  expect(await fleet.find(far)).toMatchObject({ boot: 7, urls: { signal: ['ws://192.0.2.1'] } });

  await fleet.drain(far);
  await beat(far);
  expect(await liveIds()).toEqual([near]);
  await beat(far, { boot: 8 });
  expect(await liveIds()).toEqual([far, near]);
  await beat(far, { boot: 8, isDraining: true });
  expect(await liveIds()).toEqual([near]);

  const owner = await connectAs(database.url);
  await owner.query(`UPDATE node SET last_heartbeat_at = now() - interval '11 seconds' WHERE id = $1`, [
    near,
  ]);
  await owner.end();
  expect(await liveIds()).toEqual([]);
  await beat(near);
  expect(await liveIds()).toEqual([near]);

  await fleet.remove(near);
  expect(await beat(near)).toBe(false);
  expect(await beat('nod_nobody')).toBe(false);
});
