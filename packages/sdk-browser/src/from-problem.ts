import type { Problem } from '@patchbay/protocol/signaling/messages';
import { PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';

/** A problem as the platform sent it. A code that is newer than this SDK is passed on as it is. */
export function fromProblem({ type: helpUrl, title, detail, code, ...rest }: Problem): PatchbayError {
  return new PatchbayError({ ...rest, code: code as PatchbayErrorCode, helpUrl, message: detail ?? title });
}
