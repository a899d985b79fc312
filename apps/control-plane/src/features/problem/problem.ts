import { allErrors } from '@patchbay/faces/mounted';
import { errorPagePath, type Problem, platformErrors, problemSchema } from '@patchbay/kit/errors';
import { TRPCClientError } from '@trpc/client';

/** Every code that the platform may answer, with what it means and what to do about it. */
export const errorsByCode = allErrors();

/** What a failed request says, in our own form. Whatever never reached the platform counts as it being away. */
export function problemOf(error: unknown): Problem {
  if (error instanceof TRPCClientError) {
    const read = problemSchema.safeParse(error.data?.problem);
    if (read.success) return read.data;
  }
  const code = 'platform.unavailable';
  const { status, title, retry } = platformErrors[code];
  const detail = 'The control plane did not answer.';
  return { type: errorPagePath(code), title, status, detail, code, retry };
}

/** What is there by now, where a change was to be made to what is no more. The type is that of what reading it answers. */
export const currentOf = <Answer extends object>(error: unknown): Answer | undefined =>
  error === null ? undefined : (problemOf(error).current as Answer | undefined);

export const remedyOf = (code: string): string | undefined => errorsByCode[code]?.remedy;
