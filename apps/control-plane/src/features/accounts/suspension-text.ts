import type { Outputs } from '../../trpc/client.ts';

type Suspension = NonNullable<Outputs['accounts']['get']['suspension']>;

/** Who keeps an account suspended, as far as it is told to who reads it. */
export function whoSuspended({ isFromAbove, isYours }: Suspension): string {
  if (!isFromAbove) return 'It suspended itself.';
  return isYours ? 'You suspended it.' : 'An account above it suspended it.';
}

/** Who makes it active again, for those who cannot. */
export function whoResumes({ isFromAbove }: Suspension, standsAbove: boolean): string {
  if (!isFromAbove) return 'Whoever administers an account above it resumes it.';
  return standsAbove
    ? 'An account above yours keeps it suspended: it is resumed there.'
    : 'It is resumed from above, and not from here: ask whoever gave you the account.';
}
