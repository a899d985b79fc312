// biome-ignore-all lint/performance/noBarrelFile: A published package has one entry, and this is its surface.
export type { ClientErrorCode } from '@patchbay/protocol/client/codes';
export type { AnsweredFile } from './answered-file.ts';
export type { CallOptions } from './call-options.ts';
export { type ClientOptions, createClient } from './client.ts';
export type { Continued } from './continued.ts';
export type { Id, IdLike } from './ids.ts';
export type { List, Page } from './list.ts';
export type * from './operation-types.generated.ts';
export type { ErrorCode, Operations } from './operations.generated.ts';
export {
  errorPagePath,
  PatchbayError,
  type PatchbayErrorCode,
  type PatchbayErrorFields,
} from './patchbay-error.ts';
export { requestIdOf } from './request-id.ts';
export type { TransportOptions } from './transport.ts';
export type { EventType, WebhookEvent } from './webhook-event.ts';
