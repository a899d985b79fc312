// biome-ignore-all lint/performance/noBarrelFile: A published package has one entry, and this is its surface.

export type { Channel, PublishOptions, PublishReceipt } from '@patchbay/protocol/client/channel';
export type {
  ChannelEntry,
  Subscription,
  SubscriptionEvents,
  SubscriptionOptions,
} from '@patchbay/protocol/client/subscription';
export type { LimitOutcome, LimitScope, MediaKind } from '@patchbay/protocol/credential/caveats';
export type { LogPosition, PresentMember } from '@patchbay/protocol/signaling/channel-messages';
export {
  type AnsweredFile,
  type CallOptions,
  type Continued,
  type ErrorCode,
  type EventType,
  type Id,
  type IdLike,
  type List,
  type Operations,
  type Page,
  PatchbayError,
  type PatchbayErrorCode,
  requestIdOf,
  type WebhookEvent,
} from '@patchbay/sdk';
export type { ChannelClient } from './calling/channel-client.ts';
export type { IncomingPhoneCall, Phone, PhoneCallOptions, PhoneEvents } from './calling/phone.ts';
export type { MediaTrack, PhoneCall, PhoneCallEvents } from './calling/phone-call.ts';
export type { CredentialLimits } from './credential-options.ts';
export { type LogicBuilder, type LogicRequest, logic, logicHandler } from './logic.ts';
export type { LogicDocument, LogicVerb } from './logic-verbs.generated.ts';
export type { IceServer } from './minter.ts';
export type * from './operation-types.generated.ts';
export {
  type ConnectOptions,
  Patchbay,
  type PatchbayOptions,
  type TokenLimits,
  type TokenService,
} from './patchbay.ts';
export {
  atLeast,
  fee,
  flat,
  free,
  type Price,
  type PriceMethods,
  type PriceSheet,
  perGB,
  perMinute,
  perUnit,
  started,
  type Tier,
  tiers,
  wholeSessions,
} from './prices.ts';
export { type AuthorisePush, type PushHandling, pushHandler } from './push-handler.ts';
export type { SpeakRequest, SpeechMethods } from './speech.ts';
export type { ListenRequest, SpeechDetectionMethods } from './speech-detection.ts';
export type { TokenAnswer } from './token-answer.ts';
export {
  type Authorise,
  type TokenHandler,
  type TokenRequest,
  tokenHandler,
} from './token-handler.ts';
export type { InspectRequest, TranscodeRequest, TranscodingMethods } from './transcoding.ts';
export type { RequestHandler, WebInput } from './web-request.ts';
export {
  type SignedRequest,
  verifyWebhook,
  verifyWebhooks,
  type WebhookArrival,
  type WebhookHandlers,
  type WebhookOptions,
  type WebhookSecret,
  webhookHandler,
} from './webhook-handler.ts';
