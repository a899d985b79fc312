import type { ClientErrorCode } from '@patchbay/protocol/client/codes';
import type { CredentialErrorCode } from '@patchbay/protocol/credential/refusal';
import type { SignalingEndingCode, SignalingRefusalCode } from '@patchbay/protocol/signaling/codes';
import type { ErrorCode } from './operations.generated.ts';

/** Every code that an error can have. Comparing with one narrows the type. */
export type PatchbayErrorCode =
  | ErrorCode
  | CredentialErrorCode
  | ClientErrorCode
  | SignalingRefusalCode
  | SignalingEndingCode;

/** What an error is made of. */
export interface PatchbayErrorFields {
  readonly code: PatchbayErrorCode;
  readonly message: string;
  /** The HTTP status, or 0 when no answer came. */
  readonly status?: number;
  readonly helpUrl?: string;
  readonly requestId?: string;
  readonly retryAfterMs?: number;
  readonly rule?: string;
  readonly level?: string;
  readonly current?: object;
}

/** The one class of errors. `code` is stable and can be compared; `message` is for people and may change. */
export class PatchbayError extends Error {
  readonly code: PatchbayErrorCode;
  /** The HTTP status, or 0 when no answer came. */
  readonly status: number;
  /** The page that explains this code and what to do about it. */
  readonly helpUrl: string;
  /** Name it when you ask for help. */
  readonly requestId: string | undefined;
  /** How long to wait before the same request may succeed, where that is known. */
  readonly retryAfterMs: number | undefined;
  /** For a refusal: the rule that refused. */
  readonly rule: string | undefined;
  /** For a refusal: the level that set the rule, such as an account's id. */
  readonly level: string | undefined;
  /** Where a change was not made, for it was to be made to what is no more so: what reading it answers now. */
  readonly current: object | undefined;

  constructor(fields: PatchbayErrorFields, options?: ErrorOptions) {
    super(fields.message, options);
    this.name = 'PatchbayError';
    this.code = fields.code;
    this.status = fields.status ?? 0;
    this.helpUrl = fields.helpUrl ?? errorPagePath(fields.code);
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
    this.rule = fields.rule;
    this.level = fields.level;
    this.current = fields.current;
  }
}

/** Where the platform explains a code: below its own address. */
export function errorPagePath(code: string): `/docs/errors/${string}` {
  return `/docs/errors/${code}`;
}
