import type { ErrorDefinition } from '@patchbay/kit/errors';

const ofClient = { owner: 'client', retry: 'never' } as const;

/** What whoever asks for work on a file may be refused, and why a file was not worked on to its end. */
export const transcodingErrors = {
  conversion_invalid: {
    ...{ ...ofClient, status: 422, title: 'This cannot be asked of this format.' },
    remedy:
      'Leave out what `detail` names, or choose another format. docs/transcoding.md has what each can have.',
  },
  object_unknown: {
    ...{ ...ofClient, status: 422, title: 'There is no such file in this account.' },
    remedy: 'Name the objectId of a file that a service left, and that is still kept.',
  },
  too_many_waiting: {
    status: 429,
    title: 'As many jobs of this account wait as may.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Wait until some are done, or cancel some. Jobs of other accounts do not count.',
  },
  not_awaited: {
    ...{ ...ofClient, status: 409, title: 'No file is to come for this job.' },
    remedy: 'A file is uploaded once, within an hour of asking. Ask for another job.',
  },
  upload_invalid: {
    ...{ ...ofClient, status: 422, title: 'The file that came is not as long as it was said to be.' },
    remedy: 'Send exactly as many bytes as uploadBytes said.',
  },
  uploads_busy: {
    status: 503,
    title: 'As many files are coming in as may.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Send it again in a moment: the link holds for an hour.',
  },
  is_over: {
    ...{ ...ofClient, status: 409, title: 'The job is over.' },
    remedy: 'Nothing of it can be cancelled any more. removeJob takes it away, and its file.',
  },
  upload_missing: {
    ...{ ...ofClient, status: 422, title: 'The file never came.' },
    remedy: 'Send it to uploadUrl within an hour of asking.',
  },
  input_unreachable: {
    ...{ ...ofClient, status: 422, title: 'The file could not be fetched.' },
    remedy: 'Serve it at a public http or https address, within two minutes.',
  },
  input_empty: {
    ...{ ...ofClient, status: 422, title: 'The file is empty.' },
    remedy: 'Send a file with something in it.',
  },
  input_unsupported: {
    ...{ ...ofClient, status: 422, title: 'This is no file of sound, film or picture that is read.' },
    remedy:
      'Send one of those that docs/transcoding.md lists. Playlists, and whatever else names other files, are never read.',
  },
  input_broken: {
    ...{ ...ofClient, status: 422, title: 'What is in the file cannot be read.' },
    remedy: 'It may have been cut off. Try it in a player, and send it whole.',
  },
  input_too_large: {
    ...{ ...ofClient, status: 413, title: 'There is more in the file than is worked on.' },
    remedy:
      'Send a smaller one. inputBytesMax and mediaSecondsMax in the configuration say how much one may have, docs/transcoding.md the rest.',
  },
  input_unsuitable: {
    ...{ ...ofClient, status: 422, title: 'The file has not what was asked for.' },
    remedy: 'Look at it with probe, and ask for what is in it.',
  },
  output_too_large: {
    ...{ ...ofClient, status: 413, title: 'What would be made is too large.' },
    remedy: 'Ask for a lower bit rate or a smaller picture, or for a part of it.',
  },
  output_undelivered: {
    ...{ ...ofClient, status: 422, title: 'The file that was made could not be sent to putUrl.' },
    remedy: 'The address has to be public and to answer a PUT with a status of 2xx, within two minutes.',
  },
  took_too_long: {
    ...{ ...ofClient, status: 422, title: 'It took more time than one file may.' },
    remedy: 'Ask for a part of it, a smaller picture, or another codec.',
  },
  unavailable: {
    status: 503,
    title: 'What this needs is not installed on the nodes.',
    owner: 'config',
    retry: 'never',
    remedy: 'Install what `detail` names on the nodes of the role jobs.',
  },
  failed: {
    status: 502,
    title: 'The file was not worked on to its end.',
    owner: 'platform',
    retry: 'now',
    remedy: 'Ask for it once more.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
