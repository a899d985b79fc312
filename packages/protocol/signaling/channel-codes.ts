/** Why a frame about a channel is refused. Codes are public and stay (API-1). */
export const channelRefusals = {
  'notification.subscribe_refused': { status: 403, title: 'This client may not subscribe to the channel.' },
  'notification.publish_refused': { status: 403, title: 'This client may not publish in the channel.' },
  'notification.presence_refused': { status: 403, title: 'This channel does not show who is there.' },
  'notification.message_too_large': { status: 413, title: 'The message is too large.' },
  'notification.message_malformed': { status: 400, title: 'The message or its channel has the wrong form.' },
  'notification.too_many_subscriptions': {
    status: 409,
    title: 'This client has as many subscriptions as it may.',
  },
  'notification.too_many_channels': { status: 429, title: 'The account has as many channels as it may.' },
} as const satisfies Readonly<Record<string, { status: number; title: string }>>;

export type ChannelRefusalCode = keyof typeof channelRefusals;

/** Why a subscription ends that its client did not end. */
export const channelEndings = {
  'notification.too_slow': 'The client takes messages more slowly than they come.',
  'notification.subscribe_refused': channelRefusals['notification.subscribe_refused'].title,
} as const satisfies Readonly<Record<string, string>>;

export type ChannelEndingCode = keyof typeof channelEndings;
