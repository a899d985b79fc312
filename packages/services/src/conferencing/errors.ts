import type { ErrorDefinition } from '@patchbay/kit/errors';

/** What whoever changes a room may be refused. */
export const conferencingErrors = {
  not_running: {
    status: 409,
    title: 'The room does not run.',
    owner: 'client',
    retry: 'never',
    remedy: 'A room runs from when its first participant comes. What is set for it holds from then on.',
  },
  participant_unknown: {
    status: 404,
    title: 'Nobody in the room has this leg.',
    owner: 'client',
    retry: 'never',
    remedy: 'Read the room: getRoom names the legs that are in it now.',
  },
  move_refused: {
    status: 409,
    title: 'The participant cannot go into that room.',
    owner: 'client',
    retry: 'never',
    remedy: 'The other room has to run on the same media node, with a place free, and not be locked.',
  },
  sound_unusable: {
    status: 422,
    title: 'The sound cannot be played in a room.',
    owner: 'client',
    retry: 'never',
    remedy: 'Serve it as a WAVE file at a public address. `detail` says what is wrong with it.',
  },
  too_large: {
    status: 422,
    title: 'The room would have more participants than the account may have in one.',
    owner: 'config',
    retry: 'never',
    remedy: 'Ask for fewer. participantCountMax in the configuration says how many there may be.',
  },
  too_many_rooms: {
    status: 422,
    title: 'The account has as many rooms as it may have set.',
    owner: 'client',
    retry: 'never',
    remedy: 'Remove some. Rooms that documents begin on the fly do not count.',
  },
  node_away: {
    status: 503,
    title: 'The media node of the room did not answer.',
    owner: 'platform',
    retry: 'after',
    remedy: 'Ask again: what it did meanwhile is not done twice.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
