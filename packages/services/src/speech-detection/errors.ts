import type { ErrorDefinition } from '@patchbay/kit/errors';
import { fileErrors } from '../file-request.ts';

/** What whoever has a file listened to may be refused, and why it was not listened to. */
export const speechDetectionErrors = {
  ...fileErrors,
  input_unsuitable: {
    ...fileErrors.input_unsuitable,
    title: 'There is no sound in the file.',
    remedy: 'Send one that has sound. transcoding.probe says what is in a file.',
  },
  took_too_long: { ...fileErrors.took_too_long, remedy: 'Send it in parts.' },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
