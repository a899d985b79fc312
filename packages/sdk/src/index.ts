// biome-ignore-all lint/performance/noBarrelFile: A published package has one entry, and this is its surface.
export { type CallOptions, type ClientOptions, createClient, type List } from './client.ts';
export type { Page } from './list.ts';
export type { ErrorCode, Operations } from './operations.generated.ts';
export {
  type ClientErrorCode,
  errorPagePath,
  PatchbayError,
  type PatchbayErrorCode,
  type PatchbayErrorFields,
} from './patchbay-error.ts';
export type { TransportOptions } from './transport.ts';
