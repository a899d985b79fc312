import type { ErrorDefinition } from '@patchbay/kit/errors';
import { channelEndings, channelRefusals } from '@patchbay/protocol/signaling/channel-codes';
import { mintingErrors, noSignalingNode } from '../credential-request.ts';

/** What whoever uses channels may be refused: of clients the protocol says code, status and title. */
export const channelErrors = {
  subscribe_refused: {
    ...channelRefusals['notification.subscribe_refused'],
    owner: 'config',
    retry: 'never',
    remedy:
      'Set subscribers of the channel’s namespace so that this client may, or give it another credential.',
  },
  publish_refused: {
    ...channelRefusals['notification.publish_refused'],
    owner: 'config',
    retry: 'never',
    remedy: 'Set publishers of the channel’s namespace so that this client may, or publish from your server.',
  },
  presence_refused: {
    ...channelRefusals['notification.presence_refused'],
    owner: 'config',
    retry: 'never',
    remedy: 'Set presence of the channel’s namespace, or give the client a credential that has the feature.',
  },
  message_too_large: {
    ...channelRefusals['notification.message_too_large'],
    owner: 'client',
    retry: 'never',
    remedy: 'Send less, and what is large by reference. messageBytesMax in the configuration says how much.',
  },
  message_malformed: {
    ...channelRefusals['notification.message_malformed'],
    owner: 'client',
    retry: 'never',
    remedy: 'Use the SDK, or send JSON text or base64 in data, and a channel’s name without blanks.',
  },
  too_many_subscriptions: {
    ...channelRefusals['notification.too_many_subscriptions'],
    owner: 'client',
    retry: 'never',
    remedy: 'Unsubscribe from channels that nobody looks at, or say more in one channel.',
  },
  too_many_channels: {
    ...channelRefusals['notification.too_many_channels'],
    owner: 'capacity',
    retry: 'never',
    remedy: 'Remove channels, or wait: one in which nothing was said for 30 days goes by itself.',
  },
  too_slow: {
    status: 429,
    title: channelEndings['notification.too_slow'],
    owner: 'client',
    retry: 'now',
    remedy: 'Nothing: the SDK subscribes again by itself, from where it stopped.',
  },
  too_many_namespaces: {
    status: 409,
    title: 'The account has as many namespaces as it may.',
    owner: 'client',
    retry: 'never',
    remedy: 'Remove a namespace, or let several kinds of channels share one.',
  },
  no_node: noSignalingNode,
  ...mintingErrors('token', 'tokenTtlSecondsMax'),
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
