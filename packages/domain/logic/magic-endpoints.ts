import type { LogicDocument } from './verbs.ts';

/** What becomes of a call to an endpoint that nobody is behind. */
export type MagicAnswer = { readonly document: LogicDocument } | { readonly failure: string };

const document = (...verbs: LogicDocument['verbs']): MagicAnswer => ({ document: { version: 1, verbs } });

/** How long an endpoint that nobody answers at rings. */
const RING_SECONDS = 10;

/**
 * Endpoints of test accounts that behave by themselves (PRD-1). They are application logic that no server has to serve: the call
 * goes through signaling as any other, into the log, the events and the usage. Nothing here carries sound, so none answers.
 */
const answers: Readonly<Record<string, MagicAnswer>> = {
  'user:magic-busy': document({ verb: 'reject', reason: 'busy' }),
  'user:magic-no-answer': document({ verb: 'pause', seconds: RING_SECONDS }),
  'user:magic-fails': { failure: 'It fails, as its name says.' },
};

/** Undefined: the endpoint is one like any other. */
export const magicAnswerOf = (endpoint: string): MagicAnswer | undefined =>
  Object.hasOwn(answers, endpoint) ? answers[endpoint] : undefined;

/** Where its document is said to be. Nobody fetches it. */
export const magicUrlOf = (endpoint: string): string => `magic:${endpoint.slice('user:magic-'.length)}`;
