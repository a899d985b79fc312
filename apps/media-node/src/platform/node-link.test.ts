import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, it } from 'vitest';
import type { FleetUrl } from './fleet-view.ts';
import { NodeIdentity } from './node-identity.ts';
import { type LinkEvent, type LinkOrder, RelayLinks, type SessionLine, SignalingLinks } from './node-link.ts';
import type { LiveSession } from './session-register.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A relay and a signaling node, and what the relay knows of the fleet, which a test may change. */
async function linked(liveSessions: readonly LiveSession[] = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-link-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const identity = NodeIdentity.open(folder);
  identity.enrolled('nod_relay');
  const events: LinkEvent[] = [];
  const orders: LinkOrder[] = [];
  const signaling = await SignalingLinks.listen({
    listen: { host: '127.0.0.1', port: 0 },
    publicKeyOf: () => Promise.resolve(identity.publicKey),
    onEvent: (event) => events.push(event),
    liveSessions: () => liveSessions,
  });
  stops.push(() => signaling.stop());
  const fleet: { urls: readonly FleetUrl[] } = {
    urls: [{ url: `ws://127.0.0.1:${signaling.port}`, isLive: true }],
  };
  const said = { heartbeatCount: 0, isDraining: false };
  const relay = new RelayLinks({
    identity,
    boot: 1,
    turnUrls: ['turn:127.0.0.1:1?transport=udp'],
    linkUrls: () => fleet.urls,
    heartbeat: () => ({ allocationCount: ++said.heartbeatCount, isDraining: said.isDraining }),
    onOrder: (order) => orders.push(order),
  });
  relay.start();
  stops.push(() => relay.stop());
  await until(() => events.length > 0, { what: 'the link' });
  return { fleet, relay, signaling, events, orders, said };
}

const eventTypes = (events: readonly LinkEvent[]) => events.map(({ type }) => type);

it('a control plane that was away, and has heard of nobody, starts no failover (architecture §6)', async () => {
  const { fleet, relay, signaling, events } = await linked();
  fleet.urls = fleet.urls.map(({ url }) => ({ url, isLive: false }));
  const before = signaling.relays()[0]?.allocationCount ?? 0;
  for (let count = 0; count < 3; count++) relay.beat();
  await until(() => (signaling.relays()[0]?.allocationCount ?? 0) >= before + 3, {
    what: 'three heartbeats',
  });
  expect(eventTypes(events)).toEqual(['relayAlive']);
});

it('a signaling node that was removed is left', async () => {
  const { fleet, relay, events } = await linked();
  fleet.urls = [];
  relay.beat();
  await until(() => eventTypes(events).includes('relayDead'), { what: 'the line to be closed' });
});

it('a relay that drains says so once, and gets no new work', async () => {
  const { relay, signaling, events, said } = await linked();
  said.isDraining = true;
  for (let count = 0; count < 3; count++) relay.beat();
  await until(() => signaling.relays().length === 0, { what: 'the word to arrive' });
  expect(eventTypes(events)).toEqual(['relayAlive', 'relayDraining']);
});

const lineNumbered = (index: number): SessionLine => ({
  sessionId: 'ses_1',
  accountId: 'acc_a',
  credentialIds: ['crd_a'],
  atMs: 1_000 + index,
  line: {
    type: 'limit.reached',
    data: { allocationId: `a.${index}`, limit: 'limit.session_bytes', max: 7, outcome: 'notify' },
  },
});

it('lines of a relay come once each and in order, over a link that was lost between them, and from before it stood (MET-7)', async () => {
  const { fleet, relay, signaling, events } = await linked();
  const heard = () => events.flatMap((event) => (event.type === 'sessionLine' ? [event.atMs - 1_000] : []));
  relay.carry(lineNumbered(0));
  await until(() => heard().length === 1, { what: 'the line over the link' });
  const { urls } = fleet;
  fleet.urls = [];
  relay.beat();
  await until(() => signaling.relays().length === 0, { what: 'the link to be lost' });
  for (const index of [1, 2, 3]) relay.carry(lineNumbered(index));
  fleet.urls = urls;
  relay.beat();
  await until(() => heard().length >= 4, { what: 'the lines of the time without a link' });
  relay.carry(lineNumbered(4));
  await until(() => heard().length >= 5, { what: 'the last line' });
  expect(heard()).toEqual([0, 1, 2, 3, 4]);
});

it('a relay hears of all live sessions when it connects, and of each that begins or ends after (C1)', async () => {
  const liveSessions = Array.from({ length: 450 }, (_, index) => ({
    sessionId: `ses_${index}`,
    accountIds: ['acc_a', 'acc_b'],
  }));
  const { signaling, orders } = await linked(liveSessions);
  const heard = () => orders.flatMap((order) => (order.type === 'sessionsLive' ? order.sessions : []));
  await until(() => heard().length >= liveSessions.length, { what: 'the sessions' });
  expect(heard()).toEqual(liveSessions);
  const one = { sessionId: 'ses_new', accountIds: ['acc_a'] };
  signaling.order({ type: 'sessionsLive', sessions: [one] });
  signaling.order({ type: 'endSession', sessionId: 'ses_new', detail: 'It ended.' });
  await until(() => orders.at(-1)?.type === 'endSession', { what: 'the end' });
  expect(heard().at(-1)).toEqual(one);
  expect(orders.at(-1)).toMatchObject({ sessionId: 'ses_new', detail: 'It ended.' });
});
