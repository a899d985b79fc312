import { type ConnectOptions, PatchbayClient } from './client.ts';

export type { Channel, PublishOptions, PublishReceipt } from '@patchbay/protocol/client/channel';
export type {
  DirectMessage,
  MessageReceipt,
  Messages,
  MessagesEvents,
  MessagesOptions,
} from '@patchbay/protocol/client/messages';
export type { Notice, NoticeEvents, Notices, NoticesOptions } from '@patchbay/protocol/client/notices';
export type { IdentityPresence, PresenceEvents, PresenceWord } from '@patchbay/protocol/client/presences';
export type {
  ChannelEntry,
  Subscription,
  SubscriptionEvents,
  SubscriptionOptions,
} from '@patchbay/protocol/client/subscription';
export type { LogPosition, PresentMember } from '@patchbay/protocol/signaling/channel-messages';
export type { Media, MediaPath, MediaTransport, RingDevices } from '@patchbay/protocol/signaling/messages';
export type { SeenPresence } from '@patchbay/protocol/signaling/presence-messages';
// biome-ignore lint/performance/noBarrelFile: a published package has one entry, and it lists its surface.
export { PatchbayError, type PatchbayErrorCode, type PatchbayErrorFields } from '@patchbay/sdk';
export type { Call, CallEvents, CallState } from './call.ts';
export type { CallOptions, ClientEvents, ConnectOptions, PatchbayClient } from './client.ts';
export type { Check, Diagnosis } from './doctor.ts';
export type { AcceptOptions, IncomingCall } from './incoming-call.ts';
export type { MediaOptions } from './local-media.ts';
export type { CreatePeerTransport, PeerTransport, PeerTransportOptions } from './peer-transport.ts';
export { type PushOptions, subscribeToPush, unsubscribeFromPush } from './push-subscription.ts';
export type { Quality, QualityLevel } from './quality.ts';
export type { RemoteTrack } from './remote-track.ts';
export { type EndpointOptions, type Token, TokenSource } from './token-source.ts';

/** The build puts it here; the source itself has none. */
declare const PACKAGE_VERSION: string | undefined;

/** Name and version, as the session log shows them. */
const agent = `@patchbay/sdk-browser ${typeof PACKAGE_VERSION === 'string' ? PACKAGE_VERSION : 'source'}`;

/** Connects an identity. Returns at once; what is asked of the client waits for the connection. */
export function connect(options: ConnectOptions): PatchbayClient {
  return new PatchbayClient(options, agent);
}
