import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { PeerNotice } from '../signaling/peer-words.ts';
import { NodeIdentity } from './node-identity.ts';
import { SignalingLinks } from './node-link.ts';
import { NumberedWords } from './numbered-words.ts';
import { GuestLines, HomeLines } from './peer-lines.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The node that holds sessions, and one at which devices are, that knows its key or does not. */
async function lined({ known = 'own' }: { known?: 'own' | 'none' | 'another' } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-peers-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const identity = NodeIdentity.open(folder);
  identity.enrolled('nod_home');
  const another = NodeIdentity.open(path.join(folder, 'another'));
  const keys = { own: identity.publicKey, none: undefined, another: another.publicKey };
  const [heardAtHome, heardAtGuest]: PeerNotice[][] = [[], []];
  const sockets: WebSocket[] = [];
  const guest = new GuestLines({
    publicKeyOf: async () => keys[known],
    meet: (connectionIds) =>
      connectionIds.map((connectionId) => ({
        connectionId,
        principal: {
          ...{ accountId: 'acc_a', accountPath: ['acc_a'], keyId: 'key_1', credentialId: 'crd_1' },
          ...{ prefixIds: [], identity: 'bob', limits: { expiresAtMs: 1, seconds: [] } },
        },
        understands: [],
        device: { kind: 'mobile' },
        isConnected: true,
        sinceMs: 1,
      })),
    onNotice: (notice) => heardAtGuest?.push(notice),
  });
  stops.push(() => guest.stop());
  const links = await SignalingLinks.listen({
    listen: { host: '127.0.0.1', port: 0 },
    publicKeyOf: async () => undefined,
    onEvent: () => {},
    onPeer: (socket) => {
      sockets.push(socket);
      guest.accept(socket);
    },
    liveSessions: () => [],
  });
  stops.push(() => links.stop());
  const home = new HomeLines({
    identity,
    boot: 1,
    linkOf: (nodeId) => (nodeId === 'nod_guest' ? `ws://127.0.0.1:${links.port}` : undefined),
    onNotice: (notice) => heardAtHome?.push(notice),
  });
  stops.push(() => home.stop());
  return { home, guest, heardAtHome, heardAtGuest, sockets };
}

const wordsOf = (notices: readonly PeerNotice[] = []) =>
  notices.flatMap((notice) => (notice.type === 'homeSays' ? [notice.word.source] : []));

it('carries words in order and each once, over a connection that breaks in between', async () => {
  const { home, guest, heardAtHome, heardAtGuest, sockets } = await lined();
  for (const source of ['1', '2']) home.say('nod_guest', { connectionId: 'con_1', source });
  await until(() => wordsOf(heardAtGuest).length === 2, { what: 'the first words' });
  sockets[0]?.terminate();
  for (const source of ['3', '4']) home.say('nod_guest', { connectionId: 'con_1', source });
  guest.say('nod_home', { type: 'standing', connectionId: 'con_1', isConnected: false });
  await until(() => wordsOf(heardAtGuest).length === 4, { what: 'the words after' });
  expect(wordsOf(heardAtGuest)).toEqual(['1', '2', '3', '4']);
  await until(() => heardAtHome?.length === 1, { what: 'what was said back' });
  expect(heardAtHome?.[0]).toMatchObject({ type: 'guestSays', nodeId: 'nod_guest' });
});

it('takes a word that comes again for the one that it was', () => {
  const words = new NumberedWords<{ readonly of: string }>();
  words.stamp({ of: 'a' });
  words.stamp({ of: 'b' });
  words.acknowledge(1);
  expect(words.unheard()).toEqual([JSON.stringify({ type: 'word', number: 2, word: { of: 'b' } })]);
  expect([words.admit(1), words.admit(1), words.admit(2)]).toEqual([true, false, true]);
});

it('is asked which of its devices are there', async () => {
  const { home } = await lined();
  expect(await home.meet('nod_guest', ['con_1'])).toMatchObject([
    { nodeId: 'nod_guest', connectionId: 'con_1', device: { kind: 'mobile' } },
  ]);
});

it('hears nobody who does not prove to be an enrolled node, and has no devices for them', async () => {
  for (const known of ['none', 'another'] as const) {
    const { home, heardAtGuest } = await lined({ known });
    home.say('nod_guest', { connectionId: 'con_1', source: '1' });
    expect(await home.meet('nod_guest', ['con_1'])).toEqual([]);
    expect(heardAtGuest).toEqual([]);
  }
});
