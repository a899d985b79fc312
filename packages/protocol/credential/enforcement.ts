import type { Restriction } from './caveats.ts';
import type { Effective } from './effective.ts';
import { type CredentialRefusal, refusal } from './refusal.ts';

/** Who takes credentials. */
export const verifiers = ['relay', 'signaling', 'api'] as const;
export type Verifier = (typeof verifiers)[number];

/**
 * What a verifier makes of a caveat, in the words of docs/credentials.md.
 * - `held`: it sees to it that the caveat holds.
 * - `nothing to hold`: what the caveat limits does not happen there.
 * - `in a session`: it cannot see to it, and takes the credential only for a session, where signaling does.
 * - `refused`: it refuses the credential, because it would not hold the caveat.
 */
export type Enforcement = 'held' | 'nothing to hold' | 'in a session' | 'refused';

/** A caveat's type; a session that is no session's id but the name of a room is a kind of its own. */
export type EnforcedCaveat = Restriction['type'] | 'room';

type Row = { readonly [V in Verifier]: Enforcement } & { readonly isIn: (effective: Effective) => boolean };

const isSessionId = (session: string) => session.startsWith('ses_');
const hasLimit = (kind: Effective['limits'][number]['kind']) => (effective: Effective) =>
  effective.limits.some((limit) => limit.kind === kind);
const has = (field: keyof Effective) => (effective: Effective) => effective[field] !== undefined;

const everywhere = { relay: 'held', signaling: 'held', api: 'held' } as const;
const nowhere = { relay: 'refused', signaling: 'refused', api: 'refused' } as const;
/** The API relays nothing, and holds no sessions. */
const relayOnly = { relay: 'held', signaling: 'nothing to hold', api: 'nothing to hold' } as const;

/** Which verifier holds which caveat. The only table of it: verifiers refuse by it, the docs are tested against it. */
export const caveatEnforcement: Readonly<Record<EnforcedCaveat, Row>> = {
  notBefore: { ...everywhere, isIn: ({ notBeforeMs }) => notBeforeMs > 0 },
  notAfter: { ...everywhere, isIn: () => true },
  account: { ...everywhere, isIn: has('accountId') },
  application: { ...everywhere, isIn: has('applicationId') },
  instanceType: { ...everywhere, isIn: has('instanceType') },
  identity: { ...everywhere, isIn: has('identity') },
  services: { ...everywhere, isIn: has('services') },
  // The API gives a credential no use of a service.
  features: { relay: 'held', signaling: 'held', api: 'nothing to hold', isIn: has('features') },
  // A relay carries ciphertext: it guesses sound and pictures, and notices; nobody is cut off for a guess.
  mediaKinds: { relay: 'in a session', signaling: 'held', api: 'nothing to hold', isIn: has('mediaKinds') },
  uses: { relay: 'held', signaling: 'held', api: 'refused', isIn: hasLimit('uses') },
  seconds: { relay: 'held', signaling: 'held', api: 'nothing to hold', isIn: hasLimit('seconds') },
  bytes: { ...relayOnly, isIn: hasLimit('bytes') },
  bitRate: { ...relayOnly, isIn: has('bitRate') },
  regions: { relay: 'held', signaling: 'held', api: 'refused', isIn: has('regions') },
  countries: { relay: 'held', signaling: 'held', api: 'refused', isIn: has('countries') },
  // No client of a relay says what it runs on.
  deviceKinds: { relay: 'in a session', signaling: 'held', api: 'refused', isIn: has('deviceKinds') },
  sourceCidrs: { relay: 'held', signaling: 'held', api: 'refused', isIn: has('sourceCidrs') },
  peerCidrs: { ...relayOnly, isIn: has('peerCidrs') },
  session: {
    relay: 'held',
    signaling: 'held',
    api: 'refused',
    isIn: ({ session }) => session !== undefined && isSessionId(session),
  },
  room: { ...nowhere, isIn: ({ session }) => session !== undefined && !isSessionId(session) },
  endEvent: {
    relay: 'held',
    signaling: 'held',
    api: 'refused',
    isIn: ({ endEvents }) => endEvents.length > 0,
  },
  bandwidthClass: { ...relayOnly, isIn: has('bandwidthClass') },
};

/** Why a verifier may not take the credential: it holds a caveat that nobody would see to (ACC-7). */
export function refusalOfUnenforced(effective: Effective, verifier: Verifier): CredentialRefusal | undefined {
  const isInSession = caveatEnforcement.session.isIn(effective);
  for (const [name, row] of Object.entries(caveatEnforcement)) {
    const isHeld = row[verifier] !== 'refused' && (row[verifier] !== 'in a session' || isInSession);
    if (isHeld || !row.isIn(effective)) continue;
    const detail =
      row[verifier] === 'refused'
        ? `Its caveat ${name} would not be held here (${verifier}).`
        : `Its caveat ${name} is held by signaling: here (${verifier}) it is taken for a session alone.`;
    return refusal('credential.caveat_unenforced', detail);
  }
  return undefined;
}
