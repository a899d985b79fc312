/** What may be set for one call, beside its request. */
export interface CallOptions {
  /** Ends the call, retries included. The call then rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
  /** For each attempt. Default: that of the client. */
  readonly timeoutMs?: number;
  /** Makes the call repeatable across processes: one key, one effect. Default: a new one for each call. */
  readonly idempotencyKey?: string;
  /**
   * What `get` answered to this program: the change is made only if that is still so. Otherwise nothing is changed, the call
   * rejects with `request.precondition_failed`, and the error's `current` is what it is now.
   */
  readonly unlessChanged?: object;
}
