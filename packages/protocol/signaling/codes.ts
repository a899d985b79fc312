/** Why signaling refuses a frame. Codes are public and stay (API-1). */
export const refusals = {
  'signaling.endpoint_unavailable': { status: 404, title: 'No device of this endpoint is connected.' },
  'signaling.other_account': { status: 403, title: 'The endpoint belongs to an unrelated account.' },
  'signaling.namespace_unsupported': { status: 400, title: 'A call goes to a user: endpoint.' },
  'signaling.session_unknown': { status: 404, title: 'There is no such session for this client.' },
  'credential.session_not_allowed': { status: 403, title: 'The credential is for another session.' },
  'signaling.too_many_sessions': { status: 429, title: 'This client has as many sessions as it may.' },
  'credential.media_not_allowed': {
    status: 403,
    title: 'The credential does not carry this kind of media.',
  },
  'policy.refused': { status: 403, title: 'A policy refuses this.' },
  'limit.exceeded': { status: 429, title: 'A limit of the account is reached.' },
  'balance.used_up': { status: 402, title: 'The prepaid balance of the account is used up.' },
  'platform.unavailable': { status: 503, title: 'A part of the platform is not available.' },
  'signaling.no_relay': { status: 503, title: 'No relay is available.' },
  'signaling.draining': { status: 503, title: 'This node takes no new sessions.' },
  'signaling.frame_malformed': { status: 400, title: 'The frame does not match the protocol.' },
  'signaling.version_unsupported': { status: 426, title: 'The protocol version is not spoken here.' },
  'signaling.identity_changed': { status: 403, title: 'The new credential is of another identity.' },
  'signaling.too_fast': { status: 429, title: 'Too many messages.' },
} as const satisfies Readonly<Record<string, { status: number; title: string }>>;

export type SignalingRefusalCode = keyof typeof refusals;

/** Why a session or a leg ends. Limits of the relay add their own, as it reports them. */
export const endings = {
  'signaling.hung_up': 'A party hung up.',
  'signaling.rejected': 'The called party rejected the call.',
  'signaling.no_answer': 'Nobody answered in time.',
  'signaling.busy': 'The called party is busy.',
  'signaling.logic_ended': 'The application logic of the called endpoint ended the call.',
  'signaling.logic_unreachable': 'The application logic of the called endpoint did not answer.',
  'signaling.logic_invalid': 'The application logic of the called endpoint answered with no valid document.',
  'signaling.logic_verb_unavailable':
    'The application logic of the called endpoint asks for what is not there yet.',
  'signaling.logic_limit_reached': 'The application logic of the called endpoint went on for too long.',
  'signaling.logic_media_unavailable':
    'No media node was free to answer for the application logic of the called endpoint.',
  'signaling.logic_room_elsewhere': 'The room is mixed by another media node than the one that answered.',
  'signaling.media_lost': 'The media node that answered this call failed.',
  'signaling.removed': 'This party was removed from the session.',
  'signaling.party_removed': 'The other party was removed from the session.',
  'signaling.transferred': 'The call goes on with somebody else.',
  'signaling.cancelled': 'The caller gave up before anyone answered.',
  'signaling.answered_elsewhere': 'Another device of this endpoint answered.',
  'signaling.connection_lost': 'The connection of a party was lost and did not come back in time.',
  'signaling.media_failed': 'The media could not be connected again.',
  'signaling.no_relay': 'No relay became available in time.',
  'signaling.node_stopped': 'The signaling node stopped.',
  'signaling.node_lost': 'The signaling node failed.',
  'limit.session_end': 'The session reached the end that was set for it.',
  'limit.session_seconds': 'The session reached its time limit.',
  'limit.credential_seconds': 'The credential has used up its connected time.',
  'limit.session_bytes': 'The session reached its byte limit.',
  'limit.credential_bytes': 'The credential has used up its bytes.',
  'credential.used_up': 'The credential has been used as often as it may be.',
  'credential.expired': 'A credential of this session expired.',
  'credential.revoked': 'A credential of this session was revoked.',
  'account.suspended': 'The account is suspended.',
  'tenancy.account_closed': 'The account is closed.',
  'policy.refused': 'A policy does not allow it.',
  'limit.exceeded': 'A limit of the account is reached.',
  'balance.used_up': 'The prepaid balance of the account is used up.',
} as const satisfies Readonly<Record<string, string>>;

export type SignalingEndingCode = keyof typeof endings;
