import { describe, expect, it } from 'vitest';
import {
  type ClientFrame,
  type ClientMessageOf,
  closeCodes,
  decodeClientFrame,
  encodeServerFrame,
  pingIntervalMs,
  resumeWindowMs,
  type ServerMessage,
} from '../signaling/messages.ts';
import type { FailureFields } from './failure.ts';
import { type ConversationToken, SignalConversation, type SocketEvents } from './signal-conversation.ts';

class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  constructor({ code, message, status = 0 }: FailureFields) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

interface FakeSocket {
  readonly events: SocketEvents;
  readonly sent: ClientFrame[];
  closedWith: number | undefined;
}

/** A conversation with the world around it in the hands of the test: sockets, tokens and the clock. */
class Bench {
  readonly sockets: FakeSocket[] = [];
  readonly told: string[] = [];
  readonly conversation: SignalConversation<Refusal>;
  readonly tokenLifeMs: number;
  tokenError: unknown;
  tokenCount = 0;
  nowMs = 1_000_000;
  #sequence = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly act: () => void }>();

  constructor({ tokenLifeMs = 3_600_000, tokenError }: { tokenLifeMs?: number; tokenError?: unknown } = {}) {
    this.tokenLifeMs = tokenLifeMs;
    this.tokenError = tokenError;
    this.conversation = new SignalConversation({
      agent: 'a test',
      instanceId: 'an-instance-of-16-characters',
      fetchToken: async () => this.#mint(),
      openSocket: (_url, events) => {
        const socket: FakeSocket = { events, sent: [], closedWith: undefined };
        this.sockets.push(socket);
        return {
          send: (source) => {
            const decoded = decodeClientFrame(source);
            if (decoded.ok) socket.sent.push(decoded.frame);
          },
          close: (code) => {
            socket.closedWith = code;
          },
        };
      },
      toFailure: (fields) => new Refusal(fields),
      asRefusal: (error) => (error instanceof Refusal ? error : undefined),
      pageOf: (code) => `/docs/errors/${code}`,
      nowMs: () => this.nowMs,
      after: (ms, act) => {
        const timer = { atMs: this.nowMs + ms, act };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
      random: () => 1,
    });
    this.conversation.on('stateChanged', (state) => this.told.push(state));
    this.conversation.on('lost', ({ code }) => this.told.push(`lost:${code}`));
    this.conversation.on('refused', ({ code }) => this.told.push(`refused:${code}`));
    this.conversation.on('frame', ({ type }) => this.told.push(`frame:${type}`));
    this.conversation.start();
  }

  #mint(): ConversationToken {
    this.tokenCount += 1;
    if (this.tokenError !== undefined) throw this.tokenError;
    const token = `name.${this.tokenCount}`;
    return { token, signalUrl: 'ws://x', expiresAtMs: this.nowMs + this.tokenLifeMs };
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('No socket was opened.');
    return socket;
  }

  /** Lets time pass, and what was promised in it come about. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#timers].sort((one, other) => one.atMs - other.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#timers.delete(next);
      next.act();
    }
    this.nowMs = endMs;
  }

  say(message: ServerMessage, sequence = 0): void {
    this.socket.events.onMessage(encodeServerFrame({ ...message, sequence }));
  }

  /** A numbered frame. */
  tell(sessionId = 'ses_1'): void {
    this.#sequence += 1;
    this.say({ type: 'signal', sessionId, generation: 0, data: { kind: 'renegotiate' } }, this.#sequence);
  }

  hello(): ClientMessageOf<'authenticate'> {
    this.socket.events.onOpen();
    const [first] = this.socket.sent;
    if (first?.type !== 'authenticate') throw new Error('The first frame was another one.');
    return first;
  }

  /** The platform takes it, or takes it up again. */
  async welcome(fields: Partial<Extract<ServerMessage, { type: 'authenticated' }>> = {}): Promise<void> {
    await settled();
    this.hello();
    this.say({
      type: 'authenticated',
      protocolVersion: 1,
      connectionId: 'con_1',
      identity: 'alice',
      accountId: 'acc_1',
      resumeToken: 'resume',
      resumed: false,
      receivedSequence: 0,
      expiresAtMs: this.nowMs + this.tokenLifeMs,
      relayUrls: [],
      sessions: [],
      helpUrl: 'https://platform.example/',
      ...fields,
    });
  }

  async lose(code = 1006, reason = ''): Promise<void> {
    this.socket.events.onClose(code, reason);
    await settled();
  }
}

const settled = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};
const hangup = (sessionId: string) => ({ type: 'hangup', sessionId }) as const;
const problem = (code: string, status: number) =>
  ({ type: 'error', problem: { type: '', code, title: code, status } }) as const;

describe('a conversation that is resumed', () => {
  it('sends what was not acknowledged once more and in order, and hears nothing twice', async () => {
    const bench = new Bench();
    await bench.welcome();
    for (const id of ['a', 'b', 'c']) bench.conversation.send(hangup(id));
    bench.tell();
    await bench.lose();
    bench.conversation.send(hangup('d'));
    await bench.pass(200);
    expect(bench.hello()).toMatchObject({ resumeToken: 'resume', lastSequence: 1 });
    await bench.welcome({ resumed: true, receivedSequence: 2 });
    const again = bench.socket.sent.flatMap((frame) => (frame.type === 'hangup' ? frame.sessionId : []));
    expect(again).toEqual(['c', 'd']);
    const before = bench.told.length;
    bench.say({ type: 'signal', sessionId: 's', generation: 0, data: { kind: 'renegotiate' } }, 1);
    expect(bench.told).toHaveLength(before);
    expect(bench.told).toEqual(['connected', 'frame:signal', 'reconnecting', 'connected']);
  });

  it('shows the same token while it lasts: its calls need no other relay', async () => {
    const bench = new Bench();
    await bench.welcome();
    await bench.lose();
    await bench.pass(200);
    await bench.welcome({ resumed: true });
    expect(bench.tokenCount).toBe(1);
  });

  it('tries less and less often, and half of each pause is chance', async () => {
    const bench = new Bench();
    await bench.welcome();
    const openedAtMs: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      await bench.lose();
      const [count, lostAtMs] = [bench.sockets.length, bench.nowMs];
      while (bench.sockets.length === count) await bench.pass(100);
      openedAtMs.push(bench.nowMs - lostAtMs);
    }
    expect(openedAtMs).toEqual([200, 400, 800, 1_600, 3_200, 4_000, 4_000]);
  });

  it('a platform that is silent for three pings is a lost one, and so is one that never greets', async () => {
    const bench = new Bench();
    await bench.welcome();
    await bench.pass(4 * pingIntervalMs);
    expect(bench.sockets[0]?.closedWith).toBe(4000);
    expect(bench.told).toEqual(['connected', 'reconnecting']);
    await bench.pass(200);
    const count = bench.sockets.length;
    bench.hello();
    await bench.pass(8_500);
    expect(bench.sockets.length).toBe(count + 1);
  });
});

describe('a conversation that is over', () => {
  it('the platform says why nothing was taken up', async () => {
    const bench = new Bench();
    await bench.welcome();
    bench.conversation.send(hangup('a'));
    await bench.lose();
    await bench.pass(200);
    const lossReason = {
      code: 'signaling.node_lost',
      helpUrl: 'https://platform.example/x',
      detail: 'Failed.',
    };
    await bench.welcome({ resumed: false, lossReason });
    expect(bench.told).toEqual(['connected', 'reconnecting', 'lost:signaling.node_lost', 'connected']);
    expect(bench.socket.sent.map(({ type }) => type)).toEqual(['authenticate']);
  });

  it('ends by itself when the time to resume is over, not before, and the next connection is a new one', async () => {
    const bench = new Bench();
    await bench.welcome();
    await bench.lose();
    while (!bench.told.includes('lost:signaling.connection_lost') && bench.nowMs < 2_000_000) {
      await bench.pass(250);
      if (bench.socket.closedWith === undefined) await bench.lose();
    }
    expect(bench.nowMs - 1_000_000).toBe(resumeWindowMs);
    await bench.pass(4_000);
    expect(bench.hello().resumeToken).toBeUndefined();
    await bench.welcome();
    expect(bench.told.filter((event) => event.startsWith('lost'))).toHaveLength(1);
  });

  it('a platform that lacks more than was kept for it is not taken up', async () => {
    const bench = new Bench();
    await bench.welcome();
    for (let index = 0; index < 300; index++) bench.conversation.send(hangup('a'));
    await bench.lose();
    await bench.pass(200);
    await bench.welcome({ resumed: true, receivedSequence: 3 });
    expect(bench.told.at(-1)).toBe('lost:signaling.connection_lost');
    await bench.pass(400);
    expect(bench.hello().resumeToken).toBeUndefined();
  });
});

describe('a conversation that is refused', () => {
  it('ends for good with what the platform said', async () => {
    const bench = new Bench();
    await settled();
    bench.hello();
    bench.say(problem('credential.used_up', 403));
    await bench.lose(closeCodes.unauthenticated, 'credential.used_up');
    expect(bench.told).toEqual(['closed', 'refused:credential.used_up']);
    await bench.pass(60_000);
    expect(bench.sockets).toHaveLength(1);
    await expect(bench.conversation.ready()).rejects.toMatchObject({ code: 'client.closed' });
  });

  it('goes on trying when what is in the way will pass: no call ends because the control plane is away', async () => {
    const bench = new Bench();
    await bench.welcome();
    await bench.lose();
    await bench.pass(200);
    bench.hello();
    bench.say(problem('platform.unavailable', 503));
    await bench.lose(closeCodes.unauthenticated, 'platform.unavailable');
    await bench.pass(400);
    await bench.welcome({ resumed: true });
    expect(bench.told).toEqual(['connected', 'reconnecting', 'connected']);
  });

  it('a token that ran out is no refusal: the next one is asked for', async () => {
    const bench = new Bench({ tokenLifeMs: 6_000 });
    await bench.welcome();
    bench.nowMs += 10_000;
    await bench.lose(closeCodes.credentialEnded, 'credential.expired');
    await bench.pass(200);
    expect(bench.told).toEqual(['connected', 'reconnecting']);
    expect(bench.hello().token).toBe('name.2');
  });

  it('the application that refuses a token ends it, and one that fails does not', async () => {
    const bench = new Bench({ tokenError: new TypeError('The network failed.') });
    await bench.pass(100);
    bench.tokenError = new Refusal({ code: 'x', message: 'Too many.', status: 429 });
    await bench.pass(1_000);
    expect(bench.told).toEqual([]);
    bench.tokenError = new Refusal({
      code: 'client.token_refused',
      message: 'Nobody is signed in.',
      status: 401,
    });
    await bench.pass(4_000);
    expect(bench.told).toEqual(['closed', 'refused:client.token_refused']);
  });

  it('a token is replaced when a fifth of its life is left, on the same connection', async () => {
    const bench = new Bench({ tokenLifeMs: 100_000 });
    await bench.welcome();
    for (let passedMs = 0; passedMs < 80_000; passedMs += 10_000) {
      await bench.pass(10_000);
      bench.say({ type: 'pong', nonce: 1, receivedSequence: 0 });
    }
    await settled();
    const renewals = bench.socket.sent.filter(({ type }) => type === 'renew');
    expect(renewals).toMatchObject([{ token: 'name.2' }]);
    expect(bench.sockets).toHaveLength(1);
  });
});
