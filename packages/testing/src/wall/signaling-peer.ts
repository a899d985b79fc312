import type { ClientMessage, ServerFrame } from '@patchbay/protocol/signaling/messages';
import { until } from '../until.ts';

/** A client of a signaling node without an SDK: it sends what it likes, and keeps all that it hears. */
export class SignalingPeer {
  readonly frames: ServerFrame[] = [];
  readonly #socket: WebSocket;
  #sequence = 0;
  closeCode: number | undefined;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('message', ({ data }) => this.frames.push(JSON.parse(String(data))));
    this.#socket.addEventListener('close', ({ code }) => {
      this.closeCode = code;
    });
  }

  /** Resolves when the node answered, be it with a welcome or by closing. */
  static async open(
    url: string,
    token: string,
    resume: { readonly resumeToken?: string; readonly lastSequence?: number } = {},
  ): Promise<SignalingPeer> {
    const peer = new SignalingPeer(url);
    await until(() => peer.#socket.readyState === WebSocket.OPEN, { what: 'the socket to open' });
    peer.#post({ type: 'authenticate', token, protocolVersion: 1, ...resume }, 0);
    await until(() => peer.frames.length > 0 || peer.closeCode !== undefined, { what: 'an answer' });
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
    await until(
      () => this.closeCode !== undefined || this.frames.some((f) => f.type === 'pong' && f.nonce === nonce),
      { what: 'the pong' },
    );
  }

  frame<Type extends ServerFrame['type']>(type: Type): Promise<Extract<ServerFrame, { type: Type }>> {
    return until(() => this.frames.find((f): f is Extract<ServerFrame, { type: Type }> => f.type === type), {
      what: `a frame ${type}`,
    });
  }

  /** What was heard, but for answers to pings. */
  heard(): readonly ServerFrame[] {
    return this.frames.filter(({ type }) => type !== 'pong');
  }

  close(): void {
    this.#socket.close(1000);
  }
}
