import type { SsoProblem } from '../../server/sso-routes.ts';

/** What a person is told of a sign-in by their organisation that came to nothing. */
export const organisationProblems: Readonly<Record<SsoProblem, string>> = {
  expired: 'This sign-in took too long, or was begun in another browser. Begin again.',
  unknown: 'There is no such organisation here, or it has no provider.',
  too_many: 'There were too many tries. Wait a minute.',
  unavailable:
    'The provider of your organisation does not answer as it should. Whoever administers it can see why.',
  declined: 'The provider of your organisation did not sign you in.',
  invalid:
    'What the provider of your organisation said does not hold. Begin again, or tell whoever administers it.',
  no_address: 'The provider of your organisation names no verified address of yours.',
  domain: 'Your address is at no domain that this organisation has proved to be its own.',
  other_subject:
    'This address belongs to another person at your provider. An owner can remove them from the team, and then you come in.',
  elsewhere:
    'Your address has an account here that is not of this organisation. Take an invitation to its team first, signed in as you are now used to.',
  not_added: 'Your organisation has given you no role here. Ask an owner to add you to the team.',
  other_person: 'The provider signed in somebody else than you.',
  away: 'The platform does not answer. Try again in a moment.',
};

/** The text of a code in an address. One that nobody knows says nothing. */
export const organisationProblem = (code: string | undefined): string | undefined =>
  code !== undefined && Object.hasOwn(organisationProblems, code)
    ? organisationProblems[code as SsoProblem]
    : undefined;
