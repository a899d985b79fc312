import { randomBytes } from 'node:crypto';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FleetStore, fleetStore } from './fleet-store.ts';
import { connectAs } from './tenant-attack.ts';

let database: TenancyDatabase;
let fleet: FleetStore;
beforeAll(async () => {
  database = await createTenancyDatabase();
  fleet = fleetStore(database.prisma);
}, 60_000);
afterAll(() => database.close());

const join = async (roles: readonly string[], region: string) => {
  const token = await fleet.createJoinToken({ roles, region, lifetimeMs: 60_000 });
  const node = await fleet.enrol({ token, name: `${roles} in ${region}`, publicKey: randomBytes(32) });
  if (node === undefined) throw new Error('The node was not let in.');
  return node.id;
};

test('a join token lets in one node, once, with the roles and the region that it names', async () => {
  const token = await fleet.createJoinToken({ roles: ['relay'], region: 'eu', lifetimeMs: 60_000 });
  const entries = await Promise.all(
    Array.from({ length: 4 }, () => fleet.enrol({ token, name: 'r1', publicKey: randomBytes(32) })),
  );
  const admitted = entries.filter((entry) => entry !== undefined);
  expect(admitted).toMatchObject([{ roles: ['relay'], region: 'eu', state: 'joined' }]);
  expect(await fleet.find(admitted[0]?.id ?? '')).toEqual(admitted[0]);

  const late = await fleet.createJoinToken({ roles: ['relay'], region: 'eu', lifetimeMs: -1 });
  expect(await fleet.enrol({ token: late, name: 'r2', publicKey: randomBytes(32) })).toBeUndefined();
  const short = await fleet.createJoinToken({ roles: ['relay'], region: 'eu', lifetimeMs: 60_000 });
  expect(await fleet.enrol({ token: short, name: 'r3', publicKey: randomBytes(31) })).toBeUndefined();
});

test('a node takes sessions while it is heard of, its own region first, and no longer when drained or silent', async () => {
  const near = await join(['relay', 'signaling'], 'us');
  const far = await join(['signaling'], 'eu');
  const liveIds = async () => (await fleet.live({ role: 'signaling', region: 'eu' })).map(({ id }) => id);
  expect(await liveIds()).toEqual([]);

  const beat = (nodeId: string) =>
    fleet.beat({ nodeId, bootId: 'b1', urls: { signaling: ['ws://192.0.2.1'] }, load: { sessions: 3 } });
  expect(await beat(near)).toBe(true);
  expect(await beat(far)).toBe(true);
  expect(await liveIds()).toEqual([far, near]);
  expect(await fleet.find(far)).toMatchObject({ bootId: 'b1', urls: { signaling: ['ws://192.0.2.1'] } });

  await fleet.drain(far);
  await beat(far);
  expect(await liveIds()).toEqual([near]);

  const owner = await connectAs(database.url);
  await owner.query(`UPDATE node SET last_heartbeat_at = now() - interval '6 seconds' WHERE id = $1`, [near]);
  await owner.end();
  expect(await liveIds()).toEqual([]);
  await beat(near);
  expect(await liveIds()).toEqual([near]);

  await fleet.remove(near);
  expect(await beat(near)).toBe(false);
  expect(await beat('nod_nobody')).toBe(false);
});
