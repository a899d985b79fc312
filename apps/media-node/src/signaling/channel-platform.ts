import type { LogPart } from '@patchbay/domain/channels/channel-log';
import type { ChannelMember, StoredMessage } from '@patchbay/domain/channels/message';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type { Problem } from '@patchbay/protocol/signaling/messages';
import type { notification } from '@patchbay/services/notification/definition';

export type ChannelFeature = keyof (typeof notification)['features'];
export type ChannelRight = { readonly ok: true } | { readonly ok: false; readonly problem: Problem };

/** What of the holder of a credential channels go by. */
export interface ChannelUser {
  readonly accountId: string;
  readonly applicationId?: string;
  readonly instanceType?: string;
  readonly identity: string;
  readonly deviceKind?: DeviceKind;
  readonly limits: { readonly isCounted?: boolean };
  /** Whether it may use a feature of channels now. Does not reject. */
  mayUseChannels(feature: ChannelFeature): Promise<ChannelRight>;
}

/** Behind which message; without an epoch, of whichever log there is. */
export interface LogPlace {
  readonly epoch?: string;
  readonly offset: number;
}

/** What a client asks of channels that the node cannot answer by itself. */
export type ChannelQuestion =
  | {
      readonly kind: 'subscribe';
      readonly principal: ChannelUser;
      readonly channel: string;
      readonly connectionId: string;
      readonly isPresent: boolean;
      /** Absent: from now on. */
      readonly after?: LogPlace;
      /** It stands already: what policies let begin is not asked again. */
      readonly isRunning: boolean;
    }
  | { readonly kind: 'read'; readonly accountId: string; readonly channel: string; readonly after: LogPlace }
  | {
      readonly kind: 'publish';
      readonly principal: ChannelUser;
      readonly channel: string;
      readonly encoding: 'json' | 'base64';
      readonly data: string;
      readonly key: string;
      readonly ttlSeconds?: number;
    }
  | {
      readonly kind: 'members';
      readonly accountId: string;
      readonly channel: string;
      readonly cursor?: string;
    };

export type ChannelAnswer =
  | { readonly kind: 'subscribed'; readonly part: LogPart<StoredMessage>; readonly showsPresence: boolean }
  | { readonly kind: 'read'; readonly part: LogPart<StoredMessage> }
  | {
      readonly kind: 'published';
      readonly epoch: string;
      readonly offset: number;
      readonly messageId: string;
      readonly isFresh: boolean;
    }
  | {
      readonly kind: 'members';
      readonly items: readonly ChannelMember[];
      readonly memberCount: number;
      readonly nextCursor?: string;
    }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Nobody can say now. */
  | { readonly kind: 'away'; readonly problem: Problem };

/** A connection that is in a channel no more. */
export interface ChannelLeave {
  readonly accountId: string;
  readonly channel: string;
  readonly connectionId: string;
}

/** Signaling's side of the control plane's channels. */
export interface ChannelPlatform {
  /** Does not reject. */
  ask(question: ChannelQuestion): Promise<ChannelAnswer>;
  /** Tells it until it is heard. */
  leave(leave: ChannelLeave): void;
  /** What was counted for the subscriptions of a connection is free again. */
  release(connectionId: string): void;
}

/** What the bus says of channels. */
export type ChannelNotice =
  | {
      readonly type: 'channelMessage';
      readonly accountId: string;
      readonly channel: string;
      readonly message: StoredMessage;
    }
  | {
      readonly type: 'channelPresence';
      readonly accountId: string;
      readonly channel: string;
      readonly change: 'joined' | 'left';
      readonly member: ChannelMember;
    }
  /** Who may do what may have changed, or a log was removed. */
  | { readonly type: 'channelsChanged'; readonly accountId: string }
  /** Something may have been said that was not heard. */
  | { readonly type: 'busGap' };
