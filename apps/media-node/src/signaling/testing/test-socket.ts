import type { ServerFrame } from '@patchbay/protocol/signaling/messages';
import WebSocket from 'ws';

/** A client of signaling over a real WebSocket: it says what a test says and nothing by itself. */
export class TestSocket {
  readonly frames: ServerFrame[] = [];
  readonly socket: WebSocket;
  closeCode: number | undefined;
  #wake: (() => void)[] = [];

  /** At a port of 127.0.0.1, or at a URL. */
  constructor(at: number | URL, headers: Readonly<Record<string, string>> = {}, localAddress?: string) {
    this.socket = new WebSocket(
      at instanceof URL ? at : `ws://127.0.0.1:${at}/`,
      localAddress === undefined ? { headers } : { headers, localAddress },
    );
    this.socket.on('message', (data) => this.#note(() => this.frames.push(JSON.parse(String(data)))));
    this.socket.on('close', (code) => this.#note(() => (this.closeCode = code)));
    this.socket.on('error', () => this.#note(() => (this.closeCode ??= -1)));
    this.socket.on('open', () => this.#note(() => undefined));
  }

  #note(change: () => void): void {
    change();
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Waits for a condition with the bound of the test itself. */
  async until<Value>(condition: () => Value | undefined | false): Promise<Value> {
    for (;;) {
      const value = condition();
      if (value !== undefined && value !== false) return value;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  frame<Type extends ServerFrame['type']>(type: Type) {
    return this.until(() =>
      this.frames.find((frame): frame is Extract<ServerFrame, { type: Type }> => frame.type === type),
    );
  }

  async authenticate(token: string, sequence = 0): Promise<this> {
    await this.until(() => this.socket.readyState === WebSocket.OPEN);
    this.socket.send(JSON.stringify({ type: 'authenticate', sequence, token, protocolVersion: 1 }));
    await this.frame('authenticated');
    return this;
  }
}
