import type { ErrorDefinition } from '@patchbay/kit/errors';

/** Why a request about a running session is refused. */
export const sessionErrors = {
  ended: {
    status: 409,
    title: 'The session has ended.',
    owner: 'client',
    retry: 'never',
    remedy: 'Read the session to see when and why.',
  },
  not_live: {
    status: 409,
    title: 'Nobody has answered yet.',
    owner: 'client',
    retry: 'after',
    remedy: 'Wait for signaling.session.connected; until then a call can only be ended.',
  },
  not_a_call: {
    status: 409,
    title: 'The session is a relay without a call.',
    owner: 'client',
    retry: 'never',
    remedy: 'End it, or narrow the credential that is used: nobody here could be told to hold or to mute.',
  },
  leg_foreign: {
    status: 403,
    title: 'The leg belongs to another account.',
    owner: 'client',
    retry: 'never',
    remedy: 'Only the account of a leg mutes it or sends it on. Whose session it is may remove it.',
  },
  party_unable: {
    status: 409,
    title: 'No party has an SDK that can do this.',
    owner: 'client',
    retry: 'never',
    remedy: 'Bring the SDK of a party up to date, or end the session.',
  },
  no_logic: {
    status: 409,
    title: 'No document decides about this call any more.',
    owner: 'client',
    retry: 'never',
    remedy: 'Redirect a call while its document rings somebody, or speaks and listens itself.',
  },
  endpoint_unavailable: {
    status: 409,
    title: 'Nobody of that name can be rung.',
    owner: 'client',
    retry: 'after',
    remedy: 'Check that a device of the endpoint is connected, and that the caller could call it.',
  },
  mode_unavailable: {
    status: 409,
    title: 'The media of the session cannot go that way.',
    owner: 'client',
    retry: 'after',
    remedy:
      'Read `detail`: a policy or a document may forbid that way, or no node of the region is free for it now.',
  },
  service_unavailable: {
    status: 409,
    title: 'No such service can be added to a running session.',
    owner: 'platform',
    retry: 'never',
    remedy: 'Leave out /services: `detail` says which services can be added today.',
  },
  node_away: {
    status: 503,
    title: 'The node that holds the session does not answer.',
    owner: 'platform',
    retry: 'after',
    remedy: 'Repeat the request: what was carried out meanwhile is not done twice.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
