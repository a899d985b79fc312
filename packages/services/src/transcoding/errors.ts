import type { ErrorDefinition } from '@patchbay/kit/errors';
import { fileErrors } from '../file-request.ts';

const ofClient = { owner: 'client', retry: 'never' } as const;

/** What whoever asks for work on a file may be refused, and why a file was not worked on to its end. */
export const transcodingErrors = {
  conversion_invalid: {
    ...{ ...ofClient, status: 422, title: 'This cannot be asked of this format.' },
    remedy:
      'Leave out what `detail` names, or choose another format. docs/transcoding.md has what each can have.',
  },
  ...fileErrors,
  output_too_large: {
    ...{ ...ofClient, status: 413, title: 'What would be made is too large.' },
    remedy: 'Ask for a lower bit rate or a smaller picture, or for a part of it.',
  },
  output_undelivered: {
    ...{ ...ofClient, status: 422, title: 'The file that was made could not be sent to putUrl.' },
    remedy: 'The address has to be public and to answer a PUT with a status of 2xx, within two minutes.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
