import { type FailureFields, failureOf } from '@patchbay/protocol/client/failure';
import type { Problem } from '@patchbay/protocol/signaling/messages';
import { PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';

export function toPatchbayError({ code, ...fields }: FailureFields): PatchbayError {
  return new PatchbayError({ ...fields, code: code as PatchbayErrorCode });
}

export const fromProblem = (problem: Problem): PatchbayError => toPatchbayError(failureOf(problem));
