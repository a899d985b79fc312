import type { Problem } from '@patchbay/protocol/signaling/messages';

export interface PatchbayErrorFields {
  /** Stable: compare with this, never with the message. */
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly helpUrl?: string;
  readonly requestId?: string;
  readonly retryAfterMs?: number;
  /** For a refusal: the rule that refused, and the level of the entity chain that set it. */
  readonly rule?: string;
  readonly level?: string;
}

/** Every failure that this SDK reports. */
export class PatchbayError extends Error {
  override readonly name = 'PatchbayError';
  readonly code: string;
  readonly status: number | undefined;
  readonly helpUrl: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly rule: string | undefined;
  readonly level: string | undefined;

  constructor(fields: PatchbayErrorFields, options?: ErrorOptions) {
    super(fields.message, options);
    this.code = fields.code;
    this.status = fields.status;
    this.helpUrl = fields.helpUrl;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
    this.rule = fields.rule;
    this.level = fields.level;
  }

  /** A problem as the platform sent it. */
  static fromProblem(problem: Problem): PatchbayError {
    const { type: helpUrl, title, detail, ...rest } = problem;
    return new PatchbayError({ ...rest, helpUrl, message: detail ?? title });
  }
}
