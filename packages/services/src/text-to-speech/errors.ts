import type { ErrorDefinition } from '@patchbay/kit/errors';

/** What whoever has a text spoken may be refused, and why a text was not spoken. */
export const speechErrors = {
  voice_unknown: {
    status: 422,
    title: 'There is no such voice.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Name one of those that listVoices answers. Voices of your own, own:…, need providerUrl in the configuration.',
  },
  text_too_long: {
    status: 413,
    title: 'The text is longer than is spoken at once.',
    owner: 'client',
    retry: 'never',
    remedy: 'Send it in parts. charactersMax in the configuration says how much one request may have.',
  },
  text_invalid: {
    status: 422,
    title: 'This text cannot be spoken.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Mend the place that `detail` names. docs/text-to-speech.md has the elements of SSML that are carried out.',
  },
  text_unreachable: {
    status: 422,
    title: 'The text could not be fetched.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Serve it at a public http or https address, as text/plain or application/ssml+xml, within 15 seconds.',
  },
  format_invalid: {
    status: 422,
    title: 'The format does not have this many samples a second.',
    owner: 'client',
    retry: 'never',
    remedy: 'Leave sampleRateHz out, or choose another format.',
  },
  too_many_waiting: {
    status: 429,
    title: 'As many texts of this account wait as may.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Wait until some are spoken. Texts of other accounts do not count.',
  },
  unavailable: {
    status: 503,
    title: 'What this needs is not installed on the nodes.',
    owner: 'config',
    retry: 'never',
    remedy: 'Install what `detail` names on the nodes of the role jobs, or ask for another voice or format.',
  },
  failed: {
    status: 502,
    title: 'The engine did not speak the text.',
    owner: 'upstream',
    retry: 'now',
    remedy: 'Try it once more. If it fails again, `detail` says what the engine answered.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
