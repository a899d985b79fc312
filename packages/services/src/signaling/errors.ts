import type { ErrorDefinition } from '@patchbay/kit/errors';
import { endings, refusals, type SignalingEndingCode } from '@patchbay/protocol/signaling/codes';

/** What a client of signaling may be refused: the protocol says code, status and title; here is who can mend it, and how. */
export const frameErrors = {
  endpoint_unavailable: {
    ...refusals['signaling.endpoint_unavailable'],
    owner: 'client',
    retry: 'after',
    remedy: 'Check the identity that is called, and that one of its devices is connected.',
  },
  other_account: {
    ...refusals['signaling.other_account'],
    owner: 'config',
    retry: 'never',
    remedy: 'Let both parties have credentials of one account, or of accounts of one tree.',
  },
  namespace_unsupported: {
    ...refusals['signaling.namespace_unsupported'],
    owner: 'client',
    retry: 'never',
    remedy: 'Call an endpoint such as user:bob.',
  },
  session_unknown: {
    ...refusals['signaling.session_unknown'],
    owner: 'client',
    retry: 'never',
    remedy: 'The session has ended, or is not one of this client. Begin a new one.',
  },
  too_many_sessions: {
    ...refusals['signaling.too_many_sessions'],
    owner: 'capacity',
    retry: 'after',
    remedy: 'End a session of this client first.',
  },
  no_relay: {
    ...refusals['signaling.no_relay'],
    owner: 'capacity',
    retry: 'after',
    remedy: 'Try again in a moment; the operator sees which relay is missing at /api/health.',
  },
  draining: {
    ...refusals['signaling.draining'],
    owner: 'platform',
    retry: 'now',
    remedy: 'Connect again: the SDK does so by itself, and reaches another node.',
  },
  frame_malformed: {
    ...refusals['signaling.frame_malformed'],
    owner: 'client',
    retry: 'never',
    remedy: 'Use the SDK, or compare the frame with the protocol.',
  },
  version_unsupported: {
    ...refusals['signaling.version_unsupported'],
    owner: 'client',
    retry: 'never',
    remedy: 'Bring the SDK up to date.',
  },
  identity_changed: {
    ...refusals['signaling.identity_changed'],
    owner: 'client',
    retry: 'never',
    remedy: 'Let the token source give credentials of one identity, or connect anew for another.',
  },
  too_fast: {
    ...refusals['signaling.too_fast'],
    owner: 'client',
    retry: 'after',
    remedy: 'Send fewer messages; candidates can travel several in one.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;

export interface Ending {
  readonly title: string;
  /** What to do when it should not have ended so. */
  readonly remedy: string;
}

const remedies: Readonly<Record<SignalingEndingCode, string>> = {
  'signaling.hung_up': 'Nothing: this is how a call ends.',
  'signaling.rejected': 'Nothing: the called party chose so.',
  'signaling.no_answer': 'Call again later.',
  'signaling.busy': 'Call again later.',
  'signaling.logic_ended': 'Nothing: the logic of the called endpoint chose so.',
  'signaling.logic_unreachable':
    'Look at the session’s log: it names each request for the document, and what became of it. Set a fallbackUrl.',
  'signaling.logic_invalid':
    'Look at the session’s log for what is wrong with the document, or try it with npx patchbay logic check.',
  'signaling.logic_verb_unavailable':
    'Leave out the verb that the session’s log names: the service that it needs is not there yet.',
  'signaling.logic_limit_reached':
    'Look at the session’s log: a call has 15 minutes to be answered and four hours with a document that answered it, five documents in a row that only name another one, and 1,000 steps.',
  'signaling.logic_media_unavailable':
    'Call again in a moment. The operator sees at /api/health and among the nodes whether the role media runs, and adds nodes or PATCHBAY_MEDIA_SHARDS.',
  'signaling.logic_room_elsewhere':
    'Call again: a call whose document begins with the room is answered by the node of that room.',
  'signaling.media_lost': 'Call again: another process takes it.',
  'signaling.removed':
    'Ask whoever runs the application: its log of the session says who removed this party.',
  'signaling.party_removed': 'Call again; the log of the session says who removed the other party.',
  'signaling.transferred':
    'Nothing: whoever runs the application sent the caller on; its log of the session says who.',
  'signaling.cancelled': 'Nothing: the caller chose so.',
  'signaling.answered_elsewhere': 'Nothing: the call goes on at another device.',
  'signaling.connection_lost':
    'Look at the network of that party: npx patchbay doctor, or pb.doctor() in the browser.',
  'signaling.media_failed':
    'Look at the network of both parties with pb.doctor(): a firewall may block UDP and the relay.',
  'signaling.no_relay': 'Try again in a moment; the operator sees which relay is missing at /api/health.',
  'signaling.node_stopped': 'Call again: another node takes it.',
  'signaling.node_lost': 'Call again: the node is back, or another one takes it.',
  'limit.session_end': 'Nothing: the end was set over the API or the dashboard while the session ran.',
  'limit.session_seconds':
    'Raise sessionSecondsMax in the configuration of signaling, or secondsMax of the credential.',
  'limit.credential_seconds': 'Mint a credential with more seconds, or one for each session.',
  'limit.session_bytes': 'Mint the credential with a higher bytesMax.',
  'limit.credential_bytes': 'Mint a credential with a higher bytesMax, or one for each session.',
  'credential.used_up': 'Ask whoever gave the credential for a new one, or for one with more uses.',
  'credential.expired':
    'Give the SDK a token source: it fetches a new credential before the old one expires.',
  'credential.revoked': 'Ask whoever gave the credential for a new one.',
  'account.suspended':
    'An account above suspended it, and only one above makes it active again: ask whoever you have your account from.',
  'tenancy.account_closed':
    'A closed account stays closed: ask whoever you have your account from for another.',
  'policy.refused': 'Look at the policy of the account: it says for each value which level set it.',
  'limit.exceeded': 'Wait until others have ended, or raise the limit that `detail` names.',
  'balance.used_up': 'Add money to the balance of the account that `detail` names.',
};

/** Why sessions end, by code: what a client is told, what stands in the log, and what the code's page says. */
export const sessionEndings: Readonly<Record<string, Ending>> = Object.fromEntries(
  Object.entries(endings).map(([code, title]) => [
    code,
    { title, remedy: remedies[code as SignalingEndingCode] },
  ]),
);
