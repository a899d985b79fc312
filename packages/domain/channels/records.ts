import type { MessageBody, StoredMessage } from './message.ts';
import type { NamespaceSettings } from './namespace.ts';

export interface ChannelRecord {
  readonly name: string;
  readonly epoch: string;
  readonly headOffset: number;
  readonly createdAt: Date;
  readonly publishedAt: Date;
}

export interface NamespaceRecord {
  readonly name: string;
  readonly settings: NamespaceSettings;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface InChannel {
  readonly accountId: string;
  readonly channel: string;
}

export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface Publication extends InChannel {
  readonly body: MessageBody;
  readonly publisher?: string | undefined;
  readonly key?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

export interface Published {
  readonly message: StoredMessage;
  /** False: it was published before, under the same key. */
  readonly isFresh: boolean;
}
