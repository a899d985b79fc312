import { SignalConversation } from '@patchbay/protocol/client/signal-conversation';
import { errorPagePath, PatchbayError } from '@patchbay/sdk';
import { deviceSaid } from './device-said.ts';
import { toPatchbayError } from './from-problem.ts';
import type { TokenSource } from './token-source.ts';

export type SignalConnection = SignalConversation<PatchbayError>;

/** The conversation with signaling, over the browser's WebSockets. It begins with `start`. */
export function createSignalConnection(
  source: TokenSource,
  { agent, deviceName }: { readonly agent: string; readonly deviceName?: string | undefined },
): SignalConnection {
  return new SignalConversation({
    agent,
    deviceName,
    understands: ['control'],
    device: deviceSaid(navigator),
    instanceId: crypto.randomUUID(),
    fetchToken: (signal) => source.fetchToken(signal),
    openSocket(url, { onOpen, onMessage, onClose }) {
      const socket = new WebSocket(url);
      socket.onopen = onOpen;
      socket.onmessage = ({ data }) => onMessage(String(data));
      socket.onclose = ({ code, reason }) => onClose(code, reason);
      return socket;
    },
    toFailure: toPatchbayError,
    // A refusal by the application's own endpoint; else the network failed, and that passes.
    asRefusal: (error) => (error instanceof PatchbayError ? error : undefined),
    pageOf: errorPagePath,
    nowMs: Date.now,
    after,
    random: Math.random,
  });
}

/** Acts once, later, unless the returned function is called before. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}
