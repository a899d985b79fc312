import type { LogicDocument } from './verbs.ts';

/** What becomes of a call to an endpoint that nobody is behind. */
export type MagicAnswer = { readonly document: LogicDocument } | { readonly failure: string };

const document = (...verbs: LogicDocument['verbs']): MagicAnswer => ({ document: { version: 1, verbs } });

/** Heard first by whoever is answered. */
const ANSWER_HERTZ = 1_000;
/** Then they hear themselves for so long. */
const ECHO_MS = 60_000;
const GREETING = 'Hello. Nobody can take your call right now. Please leave a message after the tone.';
const MESSAGE_SECONDS = 20;

/** How long an endpoint that nobody answers at rings. */
const RING_SECONDS = 10;

/**
 * Endpoints of test accounts that behave by themselves (PRD-1). They are application logic that no server has to serve: the call
 * goes through signaling as any other, into the log, the events and the usage, and where one answers, to a media node.
 */
const answers: Readonly<Record<string, MagicAnswer>> = {
  'user:magic-busy': document({ verb: 'reject', reason: 'busy' }),
  'user:magic-no-answer': document({ verb: 'pause', seconds: RING_SECONDS }),
  'user:magic-answers': document(
    { verb: 'play', url: `tone:${ANSWER_HERTZ}/3000` },
    { verb: 'play', url: `echo:${ECHO_MS}` },
  ),
  'user:magic-machine': document(
    { verb: 'say', text: GREETING },
    { verb: 'play', url: 'tone:beep/800' },
    // Whoever leaves a message is let speak.
    { verb: 'pause', seconds: MESSAGE_SECONDS },
  ),
  'user:magic-fails': { failure: 'It fails, as its name says.' },
};

/** Undefined: the endpoint is one like any other. */
export const magicAnswerOf = (endpoint: string): MagicAnswer | undefined =>
  Object.hasOwn(answers, endpoint) ? answers[endpoint] : undefined;

/** Where its document is said to be. Nobody fetches it. */
export const magicUrlOf = (endpoint: string): string => `magic:${endpoint.slice('user:magic-'.length)}`;
