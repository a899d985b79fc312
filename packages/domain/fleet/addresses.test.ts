import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import { fleet } from './definition.ts';
import { handlers } from './handlers.ts';
import { type PublishingNode, publishedAddresses } from './published-address.ts';

const relay: PublishingNode = {
  roles: ['relay'],
  region: 'eu',
  urls: {
    turn: [
      'turn:192.0.2.1:3478?transport=udp',
      'turns:turn.example.com',
      'turn:[2001:db8::1]:3478?transport=tcp',
    ],
    relayed: ['udp:192.0.2.1:49152-65535'],
    link: ['ws://10.0.0.1:9'],
  },
};
const signaling: PublishingNode = {
  roles: ['signaling'],
  region: 'us',
  urls: { signal: ['wss://signal.example.com/v1'], link: ['ws://10.0.0.2:9'] },
};
const ports = {
  nodes: { serving: async () => [relay, relay, signaling] },
  apiUrlAt: async () => 'https://api.example.com',
};

const at = (host: string, port: number, last = port) => ({ host, portMin: port, portMax: last });
const everything = [
  { role: 'api', use: 'client', transport: 'tls', ...at('api.example.com', 443) },
  { role: 'relay', use: 'client', region: 'eu', transport: 'tcp', ...at('2001:db8::1', 3478) },
  { role: 'relay', use: 'client', region: 'eu', transport: 'tls', ...at('turn.example.com', 5349) },
  { role: 'relay', use: 'client', region: 'eu', transport: 'udp', ...at('192.0.2.1', 3478) },
  { role: 'relay', use: 'peer', region: 'eu', transport: 'udp', ...at('192.0.2.1', 49_152, 65_535) },
  { role: 'signaling', use: 'client', region: 'us', transport: 'tls', ...at('signal.example.com', 443) },
];

async function ask(request: object) {
  const { context } = domainContext<typeof fleet, 'platform', 'addresses'>(fleet);
  const { request: asked, response } = fleet.resources.platform.operations.addresses;
  return response.parse(await handlers.platform.addresses(context, asked.parse(request), ports)).items;
}

test('platform.addresses 200: each place of the live fleet once, and nothing of what nodes say to each other (ACC-9)', async () => {
  expect(await ask({})).toEqual(everything);
  expect(await ask({ role: 'relay', region: 'eu' })).toEqual(everything.slice(1, 5));
  expect(await ask({ region: 'ap' })).toEqual([]);
});

test('what a node tells that is no address is left out, and spoils nothing', () => {
  const odd = { ...relay, urls: { turn: ['turn:', 'x'], relayed: ['udp:192.0.2.1'], signal: ['not a url'] } };
  expect(publishedAddresses([odd], 'http://127.0.0.1:3000')).toEqual([
    { role: 'api', use: 'client', transport: 'tcp', ...at('127.0.0.1', 3000) },
  ]);
});
