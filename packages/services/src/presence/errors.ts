import type { ErrorDefinition } from '@patchbay/kit/errors';

/** What whoever says something of somebody may be refused. */
export const presenceErrors = {
  note_too_long: {
    status: 422,
    title: 'The note is longer than the configuration allows.',
    owner: 'client',
    retry: 'never',
    remedy: 'Shorten it, or raise noteLengthMax of presence where it is set.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
