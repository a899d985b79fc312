import { attributeType } from '@patchbay/protocol/stun/attribute-type';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import type { TransportAddress } from '@patchbay/protocol/stun/transport-address';
import { encodeChannelData } from '@patchbay/protocol/turn/channel-data';
import { addressOf, codeOf, lifetime, phraseOf } from '@patchbay/protocol/turn/testing/client-session';
import type { IceServer } from '@patchbay/sdk-node';
import { openRawClient, type RawClient } from './raw-turn-client.ts';

const CHANNEL = 0x4000;
/** Of a ChannelData message before its payload (RFC 8656 §12.4). */
const HEADER_BYTES = 4;
const SEND_MS = 20;

/** The relay of `turn:127.0.0.1:3478?transport=udp`. */
function relayOf(servers: readonly IceServer[]): TransportAddress & { readonly credential: IceServer } {
  for (const server of servers) {
    const [, host = '', port = ''] = /^turn:([\d.]+):(\d+)/.exec(server.urls[0] ?? '') ?? [];
    const ip = ipFromText(host);
    if (ip !== undefined) return { ip, port: Number(port), credential: server };
  }
  throw new Error('There is no relay among the servers.');
}

const clientOf = async (servers: readonly IceServer[]): Promise<RawClient> => {
  const { credential, ...relay } = relayOf(servers);
  const { username = '', credential: password = '' } = credential;
  return await openRawClient(relay, { username, password });
};

/** What a relay answers to a client that wants an allocation: 0, or the code of its refusal with the phrase. */
export async function askForAllocation(
  servers: readonly IceServer[],
): Promise<{ readonly code: number; readonly phrase: string }> {
  const client = await clientOf(servers);
  try {
    const answer = await client.allocate();
    const code = codeOf(answer);
    if (code === 0) await client.ask(method.refresh, [lifetime(0)]);
    return { code, phrase: code === 0 ? '' : phraseOf(answer) };
  } finally {
    client.socket.close();
  }
}

export interface TurnPair {
  /** What came out at the other end so far, and when the last of it did, in milliseconds of `performance.now()`. */
  progress(): { readonly payloadBytes: number; readonly lastAtMs: number };
  /** How much comes out in a second from now on. */
  payloadBytesInASecond(): Promise<number>;
  /** Stops sending; what is under way still arrives. */
  pause(): void;
  /** Gives the allocations up: the codes of the answers, 0 or 437 where there is none any more. */
  close(): Promise<readonly number[]>;
}

/**
 * Two clients of a relay that reach each other through it alone, one of which sends a message every 20 ms: real traffic
 * without a browser.
 */
export async function openTurnPair({
  sender,
  receiver,
  messageBytes,
}: {
  readonly sender: readonly IceServer[];
  readonly receiver: readonly IceServer[];
  readonly messageBytes: number;
}): Promise<TurnPair> {
  const clients = await Promise.all([clientOf(sender), clientOf(receiver)]);
  const [from, to] = clients;
  if (from === undefined || to === undefined) throw new Error('Two were to come.');
  const answers = [await from.allocate(), await to.allocate()];
  for (const answer of answers)
    if (codeOf(answer) !== 0) throw new Error(`No allocation: ${codeOf(answer)} ${phraseOf(answer)}`);
  const [fromAt, toAt] = answers.map((answer) => addressOf(answer, attributeType.xorRelayedAddress));
  if (fromAt === undefined || toAt === undefined) throw new Error('An allocation has an address.');
  for (const code of [await from.bind(CHANNEL, toAt), await to.bind(CHANNEL, fromAt)])
    if (code !== 0) throw new Error(`No channel: ${code}`);

  let [payloadBytes, lastAtMs, readCount] = [0, 0, 0];
  const look = () => {
    for (; readCount < to.socket.received.length; readCount++) {
      const bytes = to.socket.received[readCount];
      // The first two bits tell ChannelData from STUN (RFC 8656 §12).
      if (bytes === undefined || (bytes[0] ?? 0) >> 6 !== 1) continue;
      payloadBytes += bytes.length - HEADER_BYTES;
      lastAtMs = performance.now();
    }
  };
  // As no STUN message and no connectivity check begins.
  const message = encodeChannelData({ channel: CHANNEL, data: new Uint8Array(messageBytes).fill(0x91) });
  const timer = setInterval(() => {
    from.send(message);
    look();
  }, SEND_MS);
  const progress = () => {
    look();
    return { payloadBytes, lastAtMs };
  };
  return {
    progress,
    async payloadBytesInASecond() {
      const [startedAtMs, before] = [performance.now(), progress().payloadBytes];
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return ((progress().payloadBytes - before) * 1_000) / (performance.now() - startedAtMs);
    },
    pause: () => clearInterval(timer),
    async close() {
      clearInterval(timer);
      const codes: number[] = [];
      for (const client of clients) {
        codes.push(codeOf(await client.ask(method.refresh, [lifetime(0)])));
        look();
        client.socket.close();
      }
      return codes;
    },
  };
}
