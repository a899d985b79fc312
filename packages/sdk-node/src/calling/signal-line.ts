import { randomUUID } from 'node:crypto';
import { type FailureFields, failureOf } from '@patchbay/protocol/client/failure';
import { SignalConversation } from '@patchbay/protocol/client/signal-conversation';
import type { Problem } from '@patchbay/protocol/signaling/messages';
import { errorPagePath, PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';
import WebSocket from 'ws';
import type { TokenAnswer } from '../token-answer.ts';

/** The build puts it here; the source itself has none. */
declare const PACKAGE_VERSION: string | undefined;

/** Name and version, as the session log shows them. */
const agent = `@patchbay/sdk-node ${typeof PACKAGE_VERSION === 'string' ? PACKAGE_VERSION : 'source'}`;

export type SignalLine = SignalConversation<PatchbayError>;

/** The conversation with signaling, over the WebSockets of ws. It begins with `start`. */
export function createSignalLine(mintToken: () => TokenAnswer, deviceName?: string): SignalLine {
  return new SignalConversation({
    agent,
    device: 'server',
    deviceName,
    instanceId: randomUUID(),
    // Minting costs nothing, and needs nobody.
    fetchToken: async () => mintToken(),
    openSocket(url, { onOpen, onMessage, onClose }) {
      const socket = new WebSocket(url);
      socket.on('open', onOpen);
      socket.on('message', (data) => onMessage(String(data)));
      socket.on('close', (code, reason) => onClose(code, String(reason)));
      // What follows is always 'close', with the code that decides.
      socket.on('error', () => undefined);
      return {
        send: (source) => socket.send(source),
        // A line that is dead answers no goodbye, and would keep the process waiting for one.
        close: (code) => (code === 1000 ? socket.close(code) : socket.terminate()),
      };
    },
    toFailure: toPatchbayError,
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

export function toPatchbayError({ code, ...fields }: FailureFields): PatchbayError {
  return new PatchbayError({ ...fields, code: code as PatchbayErrorCode });
}

export const fromProblem = (problem: Problem): PatchbayError => toPatchbayError(failureOf(problem));
