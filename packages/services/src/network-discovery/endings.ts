import { type RelayEndingCode, relayEndings } from '@patchbay/protocol/turn/codes';

const remedies: Readonly<Record<RelayEndingCode, string>> = {
  'network-discovery.released': 'Nothing: this is how a client leaves a relay.',
  'network-discovery.expired':
    'Nothing, if the client was closed or lost its network: what it leaves behind ends so.',
  'network-discovery.session_ended': 'Look at the end of the session: it says why.',
  'network-discovery.relay_stopped': 'Connect again: another relay takes it.',
  'network-discovery.relay_lost': 'Connect again: the relay is back, or another one takes it.',
  'network-discovery.quota': 'Close connections that are not used, or mint a credential for each client.',
  'network-discovery.no_capacity': 'Try again in a moment, or at another relay.',
  'network-discovery.request_unfit': 'Ask for UDP, and for a family of addresses that the relay has.',
};

interface EndingPage {
  readonly title: string;
  /** What to do when it should not have ended so. */
  readonly remedy: string;
}

/** Why the use of a relay ends or never began, by code: what stands in the log, and what the code's page says. */
export const relayEndingPages: Readonly<Record<string, EndingPage>> = Object.fromEntries(
  Object.entries(relayEndings).map(([code, title]) => [
    code,
    { title, remedy: remedies[code as RelayEndingCode] },
  ]),
);
