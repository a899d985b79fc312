import { z } from 'zod';
import { ownPartOf } from './channel-name.ts';

/** Namespaces with a configuration of their own, of one account. */
export const NAMESPACE_COUNT_MAX = 200;
/** Of a message as it is stored: JSON text, or base64. So that one escaped into a frame of signaling still fits. */
export const MESSAGE_BYTES_MAX = 24 * 1_024;
export const HISTORY_COUNT_MAX = 10_000;
/** Seven days. */
export const HISTORY_SECONDS_MAX = 604_800;

/**
 * Which clients may do something in the channels of a namespace. Keys of the account always may.
 * - `nobody`: no client.
 * - `named`: the client whose identity stands behind the namespace, as bob in `inbox:bob`.
 * - `anybody`: every client whose credential is for the service.
 */
export const audiences = ['nobody', 'named', 'anybody'] as const;
export type Audience = (typeof audiences)[number];

/** How the channels of a namespace behave. Every field has a default: nobody has to configure anything. */
export const namespaceSettings = z.strictObject({
  historyCount: z
    .int()
    .min(1)
    .max(HISTORY_COUNT_MAX)
    .default(100)
    .describe('The newest messages that are kept for whoever comes back.'),
  historySeconds: z
    .int()
    .min(10)
    .max(HISTORY_SECONDS_MAX)
    .default(300)
    .describe('How long a message is kept at most.'),
  presence: z.boolean().default(true).describe('Whether subscribers are shown to each other.'),
  subscribers: z.enum(audiences).default('anybody').describe('Which clients may subscribe.'),
  publishers: z
    .enum(audiences)
    .default('nobody')
    .describe('Which clients may publish. Your server may in any case.'),
  instanceTypes: z
    .array(z.string().min(1).max(64))
    .max(32)
    .default([])
    .describe('Of an application: a client of any other has no part in these channels. None: all may.'),
  messageEvents: z
    .boolean()
    .default(false)
    .describe('Tells webhooks of each message, by the event notification.message.published.'),
  presenceEvents: z
    .boolean()
    .default(false)
    .describe('Tells webhooks who joins and leaves, by notification.channel.joined and left.'),
});

export type NamespaceSettings = z.output<typeof namespaceSettings>;

export const defaultSettings: NamespaceSettings = namespaceSettings.parse({});

/** Where endpoints hear of what they are told: each of its own, a week back. */
export const NOTICES_NAMESPACE = 'notices';
/** Where endpoints are written to by others, once their account lets clients publish there. */
export const DIRECT_NAMESPACE = 'direct';
const ownSettings: NamespaceSettings = {
  ...defaultSettings,
  subscribers: 'named',
  historyCount: 1_000,
  historySeconds: HISTORY_SECONDS_MAX,
};

/** How a namespace behaves for which nobody has set anything. */
export const defaultSettingsOf = (namespace: string): NamespaceSettings =>
  namespace === NOTICES_NAMESPACE || namespace === DIRECT_NAMESPACE ? ownSettings : defaultSettings;

/** A client, as far as its right to a channel rests on it. */
export interface ChannelClient {
  readonly identity: string;
  readonly instanceType?: string | undefined;
}

/** What a client may do in a channel. */
export type ChannelUse = 'subscribe' | 'publish';

/** Why a client may not, or undefined: it may (least privilege: who is not named is refused). */
export function channelRefusal(
  settings: Pick<NamespaceSettings, 'subscribers' | 'publishers' | 'instanceTypes'>,
  { channel, use, client }: { channel: string; use: ChannelUse; client: ChannelClient },
): string | undefined {
  const { instanceTypes } = settings;
  if (instanceTypes.length > 0 && !instanceTypes.includes(client.instanceType ?? ''))
    return `The namespace of ${channel} is for clients of other instance types.`;
  const audience = use === 'subscribe' ? settings.subscribers : settings.publishers;
  switch (audience) {
    case 'anybody':
      return undefined;
    case 'nobody':
      return `The namespace of ${channel} lets no client ${use}.`;
    case 'named':
      return ownPartOf(channel) === client.identity
        ? undefined
        : `The namespace of ${channel} lets a client ${use} only where its identity is the rest of the name.`;
  }
}
