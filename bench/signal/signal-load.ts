import { once } from 'node:events';
import { WebSocket } from 'ws';

/** As candidates of browsers are. */
const CANDIDATE =
  'candidate:842163049 1 udp 1677729535 203.0.113.45 46154 typ srflx raddr 192.0.2.17 rport 46154 generation 0 ufrag Xk2v network-cost 999';
/** A client tells the node what it has, so that the node forgets it. The SDK does every ten seconds. */
const ACKNOWLEDGED_EVERY = 32;
/** Connections that are opened at a time. */
const OPENING_MAX = 100;

/** Two clients that send each other messages. */
export interface Pair {
  /** Sends a message one way and, when that has arrived, one back: two of them were carried. */
  roundTrip(): Promise<void>;
  close(): void;
}

/** How the clients of a server speak. */
export interface Dialect {
  pair(port: number, number: number): Promise<Pair>;
}

async function opened(port: number, number: number): Promise<WebSocket> {
  // Addresses of loopback, so that no address runs out of ports.
  const localAddress = `127.1.${(number >> 6) & 255}.1`;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, localAddress });
  await once(socket, 'open');
  return socket;
}

/** Resolves with the next message that `isIt` takes. */
function nextOf<Message>(
  socket: WebSocket,
  read: (text: string) => Message,
  isIt: (message: Message) => boolean,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onMessage = (data: unknown) => {
      const message = read(String(data));
      if (!isIt(message)) return;
      socket.off('message', onMessage).off('close', onClose);
      resolve(message);
    };
    const onClose = (code: number) => reject(new Error(`The server closed a connection with ${code}.`));
    socket.on('message', onMessage).on('close', onClose);
  });
}

interface Frame {
  readonly type: string;
  readonly sequence: number;
  readonly sessionId: string;
  readonly generation: number;
}

/** A client of a signaling node, with as little of an SDK as the node can be spoken to with. */
class Caller {
  readonly #socket: WebSocket;
  #sentCount = 0;
  #heardSequence = 0;
  #unacknowledgedCount = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(message: object): void {
    this.#sentCount += 1;
    this.#socket.send(JSON.stringify({ ...message, sequence: this.#sentCount }));
  }

  async authenticate(token: string): Promise<void> {
    this.#socket.send(JSON.stringify({ type: 'authenticate', sequence: 0, token, protocolVersion: 1 }));
    await this.next('authenticated');
  }

  async next(type: string): Promise<Frame> {
    const frame = await nextOf(
      this.#socket,
      (text) => JSON.parse(text) as Frame,
      (each) => each.type === type,
    );
    this.#heardSequence = Math.max(this.#heardSequence, frame.sequence);
    this.#unacknowledgedCount += 1;
    if (this.#unacknowledgedCount >= ACKNOWLEDGED_EVERY) this.#acknowledge();
    return frame;
  }

  #acknowledge(): void {
    this.#unacknowledgedCount = 0;
    const lastSequence = this.#heardSequence;
    this.#socket.send(JSON.stringify({ type: 'ping', sequence: this.#sentCount, nonce: 1, lastSequence }));
  }

  close(): void {
    this.#socket.terminate();
  }
}

const media = { audio: true, video: true, screen: false };

/** Two callers in a call, who send candidates. */
export const ours: Dialect = {
  async pair(port, number) {
    const [alice, bob] = [
      new Caller(await opened(port, 2 * number)),
      new Caller(await opened(port, 2 * number + 1)),
    ];
    await alice.authenticate(`alice${number}.token`);
    await bob.authenticate(`bob${number}.token`);
    const rings = bob.next('incoming');
    const starts = alice.next('started');
    alice.send({ type: 'call', requestId: 'r', to: `user:bob${number}`, media });
    const { sessionId } = await rings;
    const joins = bob.next('started');
    bob.send({ type: 'accept', sessionId, media });
    const { generation } = await starts;
    await joins;
    const data = { kind: 'candidate', candidate: CANDIDATE, sdpMid: '0', sdpMLineIndex: 0 };
    const carry = async (from: Caller, to: Caller) => {
      const arrives = to.next('signal');
      from.send({ type: 'signal', sessionId, generation, data });
      await arrives;
    };
    return {
      async roundTrip() {
        await carry(alice, bob);
        await carry(bob, alice);
      },
      close() {
        alice.close();
        bob.close();
      },
    };
  },
};

/** Two sockets that send each other texts as long as those frames. */
export const bare: Dialect = {
  async pair(port, number) {
    const [one, other] = [await opened(port, 2 * number), await opened(port, 2 * number + 1)];
    const isPaired = (text: string) => text === 'paired';
    const met = [one, other].map((each) => nextOf(each, String, isPaired));
    for (const each of [one, other]) each.send(`pair ${number}`);
    await Promise.all(met);
    const data = { kind: 'candidate', candidate: CANDIDATE, sdpMid: '0', sdpMLineIndex: 0 };
    const frame = { type: 'signal', sessionId: `ses_${'0'.repeat(29)}`, generation: 1, data, sequence: 1 };
    const text = JSON.stringify(frame);
    const carry = async (from: WebSocket, to: WebSocket) => {
      // Read as the others' frames are, so that the load generator has as much to do.
      const arrives = nextOf(
        to,
        (source) => JSON.parse(source) as Frame,
        ({ type }) => type === 'signal',
      );
      from.send(text);
      await arrives;
    };
    return {
      async roundTrip() {
        await carry(one, other);
        await carry(other, one);
      },
      close() {
        one.terminate();
        other.terminate();
      },
    };
  },
};

/** So many pairs, all connected. */
export async function connectPairs(
  dialect: Dialect,
  { port, count, signal }: { readonly port: number; readonly count: number; readonly signal: AbortSignal },
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  let next = 0;
  const connect = async () => {
    while (next < count && !signal.aborted) {
      const number = next++;
      pairs.push(await dialect.pair(port, number));
    }
  };
  await Promise.all(Array.from({ length: OPENING_MAX }, connect));
  signal.throwIfAborted();
  return pairs;
}

export interface Carried {
  readonly messageCount: number;
  readonly elapsedMs: number;
  /** Of two messages, there and back. */
  readonly roundTripMs: readonly number[];
}

/** Closed loop: so many pairs at a time are waiting for an answer, and all pairs take turns. */
export async function carry(
  pairs: readonly Pair[],
  { forMs, atOnce }: { readonly forMs: number; readonly atOnce: number },
): Promise<Carried> {
  const startedMs = performance.now();
  const roundTripMs: number[] = [];
  let turn = 0;
  const run = async () => {
    while (performance.now() - startedMs < forMs) {
      const pair = pairs[turn++ % pairs.length];
      const sentMs = performance.now();
      await pair?.roundTrip();
      roundTripMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  return { messageCount: 2 * roundTripMs.length, elapsedMs: performance.now() - startedMs, roundTripMs };
}
