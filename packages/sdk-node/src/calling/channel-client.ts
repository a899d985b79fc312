import type { Channel } from '@patchbay/protocol/client/channel';
import { Channels } from '@patchbay/protocol/client/channels';
import { ANSWER_MS_MAX } from '@patchbay/protocol/client/deadline';
import type { PatchbayError } from '@patchbay/sdk';
import type { TokenAnswer } from '../token-answer.ts';
import { after, createSignalLine, type SignalLine, toPatchbayError } from './signal-line.ts';

/** One identity, connected from a server for messages and presence. Made by `pb.connectChannels`. */
export class ChannelClient {
  readonly #line: SignalLine;
  readonly #channels: Channels<PatchbayError>;

  private constructor(mintToken: () => TokenAnswer) {
    this.#line = createSignalLine(mintToken);
    this.#channels = new Channels(this.#line, { toFailure: toPatchbayError, after });
    this.#line.start();
  }

  /** Resolves once connected; throws a PatchbayError when the platform refuses. */
  static async connect(mintToken: () => TokenAnswer, timeoutMs = ANSWER_MS_MAX): Promise<ChannelClient> {
    const client = new ChannelClient(mintToken);
    try {
      await client.#line.ready(timeoutMs);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** A channel such as `news`. Nothing is asked before it is used. */
  channel(name: string): Channel {
    return this.#channels.of(name);
  }

  /** Ends every subscription and disconnects. */
  close(): void {
    this.#line.close();
  }
}
