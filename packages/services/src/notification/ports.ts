import type { ChannelMember, StoredMessage } from '@patchbay/domain/channels/message';
import type { NamespaceSettings } from '@patchbay/domain/channels/namespace';
import type {
  ChannelRecord,
  InChannel,
  NamespaceRecord,
  Page,
  PageRequest,
  Publication,
  Published,
} from '@patchbay/domain/channels/records';
import type { Minting } from '../credential-request.ts';
import type { NoticePorts } from './notice-ports.ts';

/** What notification needs from the world. All of it is of the account that is named. */
export interface NotificationPorts extends NoticePorts {
  readonly channels: {
    list(
      page: PageRequest & { readonly accountId: string; readonly namespace?: string | undefined },
    ): Promise<Page<ChannelRecord>>;
    find(channel: InChannel): Promise<ChannelRecord | undefined>;
    /** Gives a message its number, keeps it, and tells nodes and webhooks of it: all of that or nothing. */
    publish(publication: Publication): Promise<Published | 'too_many'>;
    /** What is kept: with `after` the oldest first behind that offset, else the newest first. */
    messages(page: InChannel & PageRequest & { readonly after?: number | undefined }): Promise<
      Page<StoredMessage> & {
        readonly epoch?: string;
        readonly headOffset: number;
        readonly firstOffset: number;
      }
    >;
    /** The log as it stood, or undefined: there is none. Nodes are told. */
    remove(channel: InChannel): Promise<ChannelRecord | undefined>;
  };
  readonly members: {
    list(page: InChannel & PageRequest): Promise<Page<ChannelMember>>;
    count(channels: {
      readonly accountId: string;
      readonly names: readonly string[];
    }): Promise<ReadonlyMap<string, number>>;
  };
  readonly namespaces: {
    list(page: PageRequest & { readonly accountId: string }): Promise<Page<NamespaceRecord>>;
    find(namespace: {
      readonly accountId: string;
      readonly name: string;
    }): Promise<NamespaceSettings | undefined>;
    /** What was set before; nodes ask again who may do what. */
    set(
      namespace: { readonly accountId: string } & NamespaceRecord,
    ): Promise<NamespaceSettings | undefined | 'too_many'>;
    remove(namespace: {
      readonly accountId: string;
      readonly name: string;
    }): Promise<NamespaceSettings | undefined>;
  };
  readonly minting: Minting;
  readonly placement: {
    /** Where a client connects, `ws://…` or `wss://…`; undefined when no signaling node of these regions is in service. */
    signalUrl(input: {
      readonly accountId: string;
      readonly regions?: readonly string[] | undefined;
    }): Promise<string | undefined>;
  };
}
