import type { ClientMessage, ServerFrame } from '@patchbay/protocol/signaling/messages';

/** How long an answer may take on a busy machine. */
const ANSWER_MS_MAX = 10_000;

/** A client of a signaling node without an SDK: it sends what it likes, and keeps all that it hears. */
export class SignalingPeer {
  readonly frames: ServerFrame[] = [];
  readonly #socket: WebSocket;
  /** Who waits for something: asked again whenever anything came. */
  readonly #waiting = new Set<() => void>();
  #sequence = 0;
  closeCode: number | undefined;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('open', () => this.#look());
    this.#socket.addEventListener('message', ({ data }) => {
      this.frames.push(JSON.parse(String(data)));
      this.#look();
    });
    this.#socket.addEventListener('close', ({ code }) => {
      this.closeCode = code;
      this.#look();
    });
  }

  #look(): void {
    for (const ask of this.#waiting) ask();
  }

  /** Resolves with the first answer that is something, as soon as it came: thousands of these make the test. */
  #until<Value>(what: string, answer: () => Value | false | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(ask);
      };
      const ask = () => {
        const found = answer();
        if (found === undefined || found === false) return;
        end();
        resolve(found);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`Waited ${ANSWER_MS_MAX} ms for ${what}.`));
      }, ANSWER_MS_MAX);
      this.#waiting.add(ask);
      ask();
    });
  }

  /** Resolves when the node answered, be it with a welcome or by closing. */
  static async open(
    url: string,
    token: string,
    resume: { readonly resumeToken?: string; readonly lastSequence?: number } = {},
  ): Promise<SignalingPeer> {
    const peer = new SignalingPeer(url);
    await peer.#until('the socket to open', () => peer.#socket.readyState === WebSocket.OPEN);
    peer.#post({ type: 'authenticate', token, protocolVersion: 1, ...resume }, 0);
    await peer.#until('an answer', () => peer.frames.length > 0 || peer.closeCode !== undefined);
    return peer;
  }

  #post(message: ClientMessage, sequence: number): void {
    this.#socket.send(JSON.stringify({ ...message, sequence }));
  }

  send(message: ClientMessage): void {
    this.#sequence += 1;
    this.#post(message, this.#sequence);
  }

  /** Sends, and resolves when the node has worked through everything sent so far. */
  async settle(message?: ClientMessage): Promise<void> {
    if (message !== undefined) this.send(message);
    const nonce = Math.floor(Math.random() * 2 ** 31);
    this.#post({ type: 'ping', nonce, lastSequence: 0 }, this.#sequence);
    await this.#until(
      'the pong',
      () => this.closeCode !== undefined || this.frames.some((f) => f.type === 'pong' && f.nonce === nonce),
    );
  }

  frame<Type extends ServerFrame['type']>(type: Type): Promise<Extract<ServerFrame, { type: Type }>> {
    return this.#until(`a frame ${type}`, () =>
      this.frames.find((f): f is Extract<ServerFrame, { type: Type }> => f.type === type),
    );
  }

  /** What was heard, but for answers to pings. */
  heard(): readonly ServerFrame[] {
    return this.frames.filter(({ type }) => type !== 'pong');
  }

  close(): void {
    this.#socket.close(1000);
  }
}
