import type { NodeRole } from './internal-api.ts';

/** What somebody lets through their firewall to use the platform. */
export interface PublishedAddress {
  /** `api`: the control plane. The others: what a node of that role is reached at. */
  readonly role: 'api' | 'relay' | 'signaling';
  /** `client`: what an account's clients and servers open connections to. `peer`: where relayed media comes from. */
  readonly use: 'client' | 'peer';
  /** Of the control plane, which is in no region, absent. */
  readonly region?: string | undefined;
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** An address, or a name where the operator published one. */
  readonly host: string;
  readonly portMin: number;
  readonly portMax: number;
}

export interface PublishingNode {
  readonly roles: readonly NodeRole[];
  readonly region: string;
  /** As its heartbeat tells them, by use. What is between nodes alone, such as `link`, is nobody else's business. */
  readonly urls: Readonly<Record<string, readonly string[]>>;
}

/** Every address of live nodes and of the control plane once, by role, region, transport, host and port. */
export function publishedAddresses(nodes: readonly PublishingNode[], apiUrl: string): PublishedAddress[] {
  const found = [
    ...webAddress(apiUrl).map((place) => ({ role: 'api', use: 'client', ...place }) as const),
    ...nodes.flatMap(({ region, urls: { turn = [], relayed = [], signal = [] } }) => [
      ...turn.flatMap((url) =>
        turnAddress(url).map((place) => ({ role: 'relay', use: 'client', region, ...place }) as const),
      ),
      ...relayed.flatMap((url) =>
        relayedAddress(url).map((place) => ({ role: 'relay', use: 'peer', region, ...place }) as const),
      ),
      ...signal.flatMap((url) =>
        webAddress(url).map((place) => ({ role: 'signaling', use: 'client', region, ...place }) as const),
      ),
    ]),
  ];
  const byText = new Map(found.map((address) => [textOf(address), address]));
  return [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, address]) => address);
}

const textOf = ({ role, use, region = '', transport, host, portMin }: PublishedAddress): string =>
  [role, region, use, transport, host, String(portMin).padStart(5, '0')].join(' ');

type Place = Pick<PublishedAddress, 'transport' | 'host' | 'portMin' | 'portMax'>;

const placeOf = (
  transport: Place['transport'],
  hostText: string,
  ports: readonly [number, number],
): Place => ({
  transport,
  host: hostText.replace(/^\[|\]$/g, ''),
  portMin: ports[0],
  portMax: ports[1],
});

/** RFC 7065 §3.1: `turn:host:port?transport=udp`; without a port 3478, and 5349 over TLS. */
function turnAddress(url: string): readonly Place[] {
  const match = /^(turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(url);
  if (match === null) return [];
  const [, scheme, host = '', portText, transport] = match;
  const isSecure = scheme === 'turns';
  const port = Number(portText ?? (isSecure ? 5_349 : 3_478));
  const over = transport ?? (isSecure ? 'tcp' : 'udp');
  return [placeOf(isSecure && over === 'tcp' ? 'tls' : over === 'tcp' ? 'tcp' : 'udp', host, [port, port])];
}

/** As relays tell it: `udp:host:first-last`. */
function relayedAddress(url: string): readonly Place[] {
  const match = /^udp:(\[[^\]]+\]|[^:]+):(\d+)-(\d+)$/.exec(url);
  if (match === null) return [];
  const [, host = '', first, last] = match;
  return [placeOf('udp', host, [Number(first), Number(last)])];
}

function webAddress(url: string): readonly Place[] {
  if (!URL.canParse(url)) return [];
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  const number = port === '' ? (isSecure ? 443 : 80) : Number(port);
  return [placeOf(isSecure ? 'tls' : 'tcp', hostname, [number, number])];
}
