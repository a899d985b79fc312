import { type ChannelRefusalCode, channelRefusals } from '@patchbay/protocol/signaling/channel-codes';
import {
  type SignalingEndingCode as EndingCode,
  endings,
  type SignalingRefusalCode as RefusalCode,
  refusals,
} from '@patchbay/protocol/signaling/codes';
import type { EndReason, Problem } from '@patchbay/protocol/signaling/messages';
import type { Client } from './clients.ts';

export type HelpUrl = (code: string) => string;

/** Why a session ends, where one party is told another reason than the rest. */
export interface Ending extends EndReason {
  readonly removed: { readonly client: Client; readonly reason: EndReason };
}

export class Reasons {
  readonly #helpUrl: HelpUrl;

  constructor(helpUrl: HelpUrl) {
    this.#helpUrl = helpUrl;
  }

  /** Below this address stands a page for each code. */
  get pagesUrl(): string {
    return this.#helpUrl('');
  }

  problem(code: RefusalCode, detail?: string): Problem {
    const { status, title } = refusals[code];
    return { type: this.#helpUrl(code), code, title, status, ...(detail === undefined ? {} : { detail }) };
  }

  channelProblem(code: ChannelRefusalCode, detail?: string): Problem {
    const { status, title } = channelRefusals[code];
    return { type: this.#helpUrl(code), code, title, status, ...(detail === undefined ? {} : { detail }) };
  }

  ending(code: EndingCode, detail: string = endings[code]): EndReason {
    return { code, helpUrl: this.#helpUrl(code), detail };
  }

  /** What a client is told that has to go: its credential is good for nothing any more. */
  expulsion(code: EndingCode, detail?: string): Problem {
    const problem = { type: this.#helpUrl(code), code, title: endings[code], status: 401 };
    return detail === undefined ? problem : { ...problem, detail };
  }

  /** A reason whose code another part of the platform chose. */
  foreignEnding(code: string, detail: string): EndReason {
    return { code, helpUrl: this.#helpUrl(code), detail };
  }
}
