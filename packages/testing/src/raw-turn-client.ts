import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { ipFromText, ipToText } from '@patchbay/protocol/stun/ip-address';
import { decodeMessage, method, type StunMessage } from '@patchbay/protocol/stun/message';
import type { TransportAddress } from '@patchbay/protocol/stun/transport-address';
import {
  type AttributeDraft,
  type BuildOptions,
  channelNumber,
  codeOf,
  createClientSession,
  peerAddress,
  read,
  udpTransport,
} from '@patchbay/protocol/turn/testing/client-session';

/** Longest wait for anything in these tests. */
const waitMsMax = 5_000;

/** Waits for a condition, never for a time. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + waitMsMax;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`Not within ${waitMsMax} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface RawSocket {
  readonly address: TransportAddress;
  readonly received: Uint8Array[];
  send(bytes: Uint8Array, to: TransportAddress): void;
  close(): void;
}

/** A UDP socket that remembers what it got. */
export async function openRawSocket(host = '127.0.0.1'): Promise<RawSocket> {
  const ip = ipFromText(host);
  if (ip === undefined) throw new TypeError(host);
  const socket: Socket = createSocket({ type: ip.length === 4 ? 'udp4' : 'udp6', recvBufferSize: 4 << 20 });
  const received: Uint8Array[] = [];
  socket.on('message', (bytes) => received.push(Uint8Array.from(bytes)));
  socket.bind(0, host);
  await once(socket, 'listening');
  return {
    address: { ip, port: socket.address().port },
    received,
    send: (bytes, to) => socket.send(bytes, to.port, ipToText(to.ip)),
    close: () => void socket.close(),
  };
}

export interface RawClient {
  readonly socket: RawSocket;
  readonly session: ReturnType<typeof createClientSession>;
  /** Sends a request and waits for its answer. */
  ask(
    methodNumber: number,
    attributes?: readonly AttributeDraft[],
    options?: BuildOptions,
  ): Promise<StunMessage>;
  /** Takes the challenge, then allocates. */
  allocate(attributes?: readonly AttributeDraft[], options?: BuildOptions): Promise<StunMessage>;
  /** Binds a channel; gives the error code or 0. */
  bind(channel: number, peer: TransportAddress): Promise<number>;
  send(bytes: Uint8Array): void;
}

/** A TURN client of raw packets over a real socket: it does what a test says and nothing by itself. */
export async function openRawClient(
  relay: TransportAddress,
  credential: { username: string; password: string },
  host = '127.0.0.1',
): Promise<RawClient> {
  const socket = await openRawSocket(host);
  const session = createClientSession(credential);
  const answerTo = (transactionId: Uint8Array) =>
    socket.received.find((bytes) => {
      const decoded = decodeMessage(bytes);
      return decoded.ok && Buffer.compare(decoded.message.transactionId, transactionId) === 0;
    });
  const ask: RawClient['ask'] = async (methodNumber, attributes, options) => {
    const bytes = session.build(methodNumber, attributes, options);
    const transactionId = bytes.slice(8, 20);
    socket.send(bytes, relay);
    await until(() => answerTo(transactionId) !== undefined, `an answer to method ${methodNumber}`);
    return read(answerTo(transactionId));
  };
  let channelCount = 0;
  return {
    socket,
    session,
    ask,
    async allocate(attributes = [udpTransport], options) {
      const challenge = await ask(method.allocate, attributes, { isSigned: false });
      if (codeOf(challenge) !== 401) return challenge;
      session.learn(challenge);
      return await ask(method.allocate, attributes, options);
    },
    async bind(channel, peer) {
      const transactionId = new Uint8Array(12).fill(++channelCount);
      const attributes = [channelNumber(channel), peerAddress(peer, transactionId)];
      return codeOf(await ask(method.channelBind, attributes, { transactionId }));
    },
    send: (bytes) => socket.send(bytes, relay),
  };
}
