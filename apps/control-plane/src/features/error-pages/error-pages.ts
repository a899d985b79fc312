import { endedByAccountCode } from '@patchbay/domain/sessions/handlers';
import { allErrors } from '@patchbay/faces/mounted';
import type { ErrorDefinition } from '@patchbay/kit/errors';
import { clientFailures } from '@patchbay/protocol/client/codes';
import { relayEndingPages } from '@patchbay/services/network-discovery/endings';
import { sessionEndings } from '@patchbay/services/signaling/errors';

/** What the page of a code says. A refusal has a status; why a session ended, and what fails in an SDK, have none. */
export interface ErrorPage {
  readonly code: string;
  readonly title: string;
  readonly remedy: string;
  readonly refusal?: Pick<ErrorDefinition, 'status' | 'owner' | 'retry'>;
  /** Said when a session ends for this reason; a code may be both. */
  readonly ending?: string;
}

/** Every code that a customer can meet, in the order of the alphabet. */
export function errorPages(): readonly ErrorPage[] {
  const pages = new Map<string, ErrorPage>();
  for (const [code, { title, remedy, ...refusal }] of Object.entries(allErrors())) {
    pages.set(code, { code, title, remedy, refusal });
  }
  const endings = {
    ...sessionEndings,
    ...relayEndingPages,
    [endedByAccountCode]: {
      title: 'The session was ended over the API or the dashboard.',
      remedy: 'Look at the audit log of the account: it says who did.',
    },
  };
  for (const [code, { title, remedy }] of Object.entries(endings)) {
    pages.set(code, { code, title, remedy, ...pages.get(code), ending: title });
  }
  for (const [code, failure] of Object.entries(clientFailures)) pages.set(code, { code, ...failure });
  return [...pages.values()].sort((left, right) => (left.code < right.code ? -1 : 1));
}

export const errorPageOf = (code: string): ErrorPage | undefined =>
  errorPages().find((page) => page.code === code);
