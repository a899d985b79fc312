import { errorPagePath } from '@patchbay/kit/errors';
import { type ChannelRefusalCode, channelRefusals } from '@patchbay/protocol/signaling/channel-codes';
import {
  type SignalingEndingCode as EndingCode,
  endings,
  type SignalingRefusalCode as RefusalCode,
  refusals,
} from '@patchbay/protocol/signaling/codes';
import type { EndReason, Problem, ServerMessage } from '@patchbay/protocol/signaling/messages';
import type { Client } from './clients.ts';

/** Why a session ends, where one party is told another reason than the rest. */
export interface Ending extends EndReason {
  readonly removed: { readonly client: Client; readonly reason: EndReason };
}

/** What is said with a code. The page about it is a path: within the node, and in logs, no host is named. */
export class Reasons {
  problem(code: RefusalCode, detail?: string): Problem {
    const { status, title } = refusals[code];
    return { type: errorPagePath(code), code, title, status, ...(detail === undefined ? {} : { detail }) };
  }

  channelProblem(code: ChannelRefusalCode, detail?: string): Problem {
    const { status, title } = channelRefusals[code];
    return { type: errorPagePath(code), code, title, status, ...(detail === undefined ? {} : { detail }) };
  }

  ending(code: EndingCode, detail: string = endings[code]): EndReason {
    return { code, helpUrl: errorPagePath(code), detail };
  }

  /** What a client is told that has to go: its credential is good for nothing any more. */
  expulsion(code: EndingCode, detail?: string): Problem {
    const problem = { type: errorPagePath(code), code, title: endings[code], status: 401 };
    return detail === undefined ? problem : { ...problem, detail };
  }

  /** A reason whose code another part of the platform chose. */
  foreignEnding(code: string, detail: string): EndReason {
    return { code, helpUrl: errorPagePath(code), detail };
  }
}

type Explaining = Extract<
  ServerMessage,
  { readonly problem: Problem } | { readonly reason: EndReason } | { readonly lossReason?: EndReason }
>;

/** A message as a client is told it: with pages at the host that the clients of its account may know (PRD-2). */
export function withPages(
  message: ServerMessage,
  { pagesUrl }: { readonly pagesUrl?: string },
): ServerMessage {
  if (pagesUrl === undefined) return message;
  const at = (path: string) => URL.parse(path, pagesUrl)?.href ?? path;
  const reasonAt = (reason: EndReason) => ({ ...reason, helpUrl: at(reason.helpUrl) });
  switch (message.type) {
    case 'refused':
    case 'error':
      return { ...message, problem: { ...message.problem, type: at(message.problem.type) } };
    case 'ended':
    case 'unsubscribed':
      return { ...message, reason: reasonAt(message.reason) };
    case 'authenticated':
      return message.lossReason === undefined
        ? message
        : { ...message, lossReason: reasonAt(message.lossReason) };
    default: {
      const explainsNothing: Exclude<ServerMessage, Explaining> = message;
      return explainsNothing;
    }
  }
}
