import { type Actor, type DomainHandlers, prepared } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { signIn } from './definition.ts';
import type { OwnPasskey, PasskeyPlace, Person, SignInPorts } from './ports.ts';

interface Asking {
  readonly actor: Actor;
  readonly requestId: string;
  readonly address?: string | undefined;
  readonly baseUrl?: string | undefined;
}

type Refusing<Code extends string> = Asking & {
  readonly error: (code: Code, publicDetail: string) => ServiceError;
};

/** A minute lets as many more through as the limit of sign-ins says. */
const TRY_AGAIN_MS = 60_000;
const LINKS_AGAIN_MS = 3_600_000;

/** Whoever calls, in their own name: what is theirs is shown to nobody who looks as they or as an account does (PRD-3). */
async function oneself({ actor, requestId, address = '' }: Asking, { people }: SignInPorts): Promise<Person> {
  if (actor.kind !== 'user' || actor.signInSessionId === undefined)
    throw platformError('auth.person_only', 'This is of whoever is signed in, and for nobody else.');
  const { signInSessionId, viewing } = actor;
  if (viewing !== undefined)
    throw platformError(
      'auth.view_read_only',
      'You look as an account does: what is your own comes after that.',
    );
  const known = await people.of(signInSessionId);
  if (known === undefined) throw platformError('auth.missing', 'This session is over.');
  const { userId, name, email } = known;
  return { signInSessionId, userId, name, email, address, requestId };
}

/** The same, for what can be guessed at: as few tries in a minute as somebody has who signs in. */
async function guessing(context: Asking, ports: SignInPorts): Promise<Person> {
  const person = await oneself(context, ports);
  await countTry(person, ports);
  return person;
}

async function countTry({ userId }: Person, { people }: SignInPorts): Promise<void> {
  if (!(await people.isTryAdmitted(userId))) throw tooManyTries();
}

function tooManyTries(): ServiceError {
  const { fields } = platformError('limit.exceeded', 'There were too many tries: wait a minute.');
  return new ServiceError({ ...fields, rule: 'sign-ins', level: 'user', retryAfterMs: TRY_AGAIN_MS });
}

type Guarded = 'sign-in.proof_stale' | 'sign-in.by_organisation';

/** What signs somebody in from then on is set by whoever showed lately that it is they. */
async function proved(context: Refusing<Guarded>, ports: SignInPorts): Promise<Person> {
  const person = await oneself(context, ports);
  if (await ports.people.isByOrganisation(person.userId)) throw byOrganisation(context);
  if (!(await ports.proofs.isFresh(person.signInSessionId))) throw stale(context);
  return person;
}

async function provedForFactor(
  context: Refusing<Guarded | 'sign-in.address_unproved'>,
  ports: SignInPorts,
): Promise<Person> {
  const person = await proved(context, ports);
  if (!(await ports.people.mayAddFactor(person.userId)))
    throw context.error('sign-in.address_unproved', `Nobody has followed a link sent to ${person.email}.`);
  return person;
}

const stale = (context: Refusing<'sign-in.proof_stale'>) =>
  context.error('sign-in.proof_stale', 'It is more than ten minutes since you showed that it is you.');

const byOrganisation = (context: Refusing<'sign-in.by_organisation'>) =>
  context.error('sign-in.by_organisation', 'Your organisation signs you in.');

function placeOf(context: Refusing<'sign-in.passkeys_unavailable'>, { places }: SignInPorts): PasskeyPlace {
  const place = places.passkeysAt(context.baseUrl);
  if (place !== undefined) return place;
  throw context.error('sign-in.passkeys_unavailable', 'This host has no name, or is not reached over HTTPS.');
}

const withinOf = ({ actor }: Asking): string | undefined =>
  actor.kind === 'user' ? actor.within : undefined;

type ProofErrors = 'sign-in.proof_refused' | 'sign-in.by_organisation';

const refusedProof = (context: Refusing<ProofErrors>) =>
  context.error('sign-in.proof_refused', 'This is not right, or there were too many tries: wait 15 minutes.');

const toAnswer = ({ id, name, createdAt, lastUsedAt }: OwnPasskey) => ({
  id,
  name,
  createdAt: createdAt.toISOString(),
  ...(lastUsedAt === undefined ? {} : { lastUsedAt: lastUsedAt.toISOString() }),
});

export const handlers: DomainHandlers<typeof signIn, SignInPorts> = {
  ownProfile: {
    async update(context, { name: newName }, ports) {
      const person = await oneself(context, ports);
      if (!(await ports.people.rename({ ...person, newName })))
        throw platformError('auth.missing', 'This session is over.');
      return { name: newName };
    },

    changeEmail: prepared(async (context, { email, password }, ports) => {
      const { email: oldEmail, ...person } = await guessing(context, ports);
      const isSent = await ports.people.changeEmail({ ...person, oldEmail, email, password });
      if (isSent === undefined) throw refusedProof(context);
      if (isSent === 'organisation') throw byOrganisation(context);
      if (!isSent) {
        const { fields } = context.error('sign-in.too_many_links', 'There were five within the hour.');
        throw new ServiceError({ ...fields, retryAfterMs: LINKS_AGAIN_MS });
      }
      return async () => ({ sentTo: email });
    }),
  },

  ownProofs: {
    async get(context, _request, ports) {
      const { signInSessionId } = await oneself(context, ports);
      return { isFresh: await ports.proofs.isFresh(signInSessionId) };
    },

    byPassword: prepared(async (context, { password, code }, ports) => {
      const person = await guessing(context, ports);
      const outcome = await ports.proofs.byPassword({ ...person, password, code });
      switch (outcome) {
        case 'proved':
          return async () => ({ isFresh: true });
        case 'second_factor':
          throw context.error('sign-in.code_needed', 'A code is asked for beside the password.');
        case 'organisation':
          throw byOrganisation(context);
        case 'refused':
          throw refusedProof(context);
      }
    }),

    challenge: prepared(async (context, _request, ports) => {
      await guessing(context, ports);
      const at = placeOf(context, ports);
      return async () => {
        const options = await ports.passkeys.challenge(at);
        if (options === undefined) throw tooManyTries();
        return options;
      };
    }),

    byPasskey: prepared(async (context, { response }, ports) => {
      const person = await guessing(context, ports);
      const at = placeOf(context, ports);
      const outcome = await ports.proofs.byPasskey({ ...person, response, at });
      if (outcome === 'organisation') throw byOrganisation(context);
      if (outcome !== 'proved') throw refusedProof(context);
      return async () => ({ isFresh: true });
    }),
  },

  ownPassword: {
    change: prepared(async (context, { password }, ports) => {
      const person = await proved(context, ports);
      const outcome = await ports.proofs.changePassword({ ...person, password });
      if (outcome === 'organisation') throw byOrganisation(context);
      if (outcome === 'stale') throw stale(context);
      return async () => ({ isFresh: true });
    }),
  },

  ownPasskeys: {
    async list(context, _request, ports) {
      const { userId } = await oneself(context, ports);
      const kept = await ports.passkeys.list(userId);
      const at = ports.places.passkeysAt(context.baseUrl);
      // A host of a brand tells of nothing that is elsewhere, but that there is something.
      const here = kept.filter(({ host }) => host === at?.host);
      return { items: here.map(toAnswer), elsewhereCount: kept.length - here.length };
    },

    propose: prepared(async (context, _request, ports) => {
      const person = await provedForFactor(context, ports);
      await countTry(person, ports);
      const at = placeOf(context, ports);
      const placeName = await ports.places.nameAt({ within: withinOf(context), userId: person.userId });
      return async () => {
        const options = await ports.passkeys.propose({ ...person, at, placeName });
        if (options === undefined) throw tooManyTries();
        return options;
      };
    }),

    add: prepared(async (context, { name: passkeyName, response }, ports) => {
      const person = await provedForFactor(context, ports);
      const at = placeOf(context, ports);
      const id = await ports.passkeys.add({ ...person, at, passkeyName, response });
      if (id === undefined)
        throw context.error('sign-in.passkey_refused', 'It answers no challenge of yours, or you have 20.');
      return async () => ({ id, name: passkeyName });
    }),

    async rename(context, { passkeyId: id, name: passkeyName }, ports) {
      const person = await oneself(context, ports);
      if (!(await ports.passkeys.rename({ ...person, id, passkeyName })))
        throw context.error('resource.unknown', `You have no passkey ${id}.`);
      return { id, name: passkeyName };
    },

    async remove(context, { passkeyId: id }, ports) {
      const person = await oneself(context, ports);
      if (!(await ports.passkeys.remove({ ...person, id })))
        throw context.error('resource.unknown', `You have no passkey ${id}.`);
      return { id };
    },
  },

  ownSecondFactor: {
    async get(context, _request, ports) {
      const { userId } = await oneself(context, ports);
      const [isOn, mayAdd] = await Promise.all([
        ports.factors.isOn(userId),
        ports.people.mayAddFactor(userId),
      ]);
      return { isOn, mayAdd };
    },

    propose: prepared(async (context, _request, ports) => {
      const person = await provedForFactor(context, ports);
      const issuer = await ports.places.nameAt({ within: withinOf(context), userId: person.userId });
      return async () => {
        const proposed = await ports.factors.propose({ ...person, issuer });
        if (proposed === undefined)
          throw context.error('sign-in.second_factor_on', 'A code is asked for at your sign-in already.');
        return proposed;
      };
    }),

    confirm: prepared(async (context, { code }, ports) => {
      const person = await provedForFactor(context, ports);
      await countTry(person, ports);
      return async () => {
        const recoveryCodes = await ports.factors.confirm({ ...person, code });
        if (recoveryCodes === undefined) throw refusedCode(context);
        return { recoveryCodes: [...recoveryCodes] };
      };
    }),

    remove: prepared(async (context, { code }, ports) => {
      const person = await guessing(context, ports);
      return async () => {
        if (!(await ports.factors.remove({ ...person, code }))) throw refusedCode(context);
        return { isOn: false };
      };
    }),
  },

  ownSignIns: {
    async list(context, _request, ports) {
      const { signInSessionId } = await oneself(context, ports);
      const open = await ports.signIns.list(signInSessionId);
      return {
        items: open.map(({ id, address, userAgent, createdAt, lastSeenAt }) => ({
          id,
          ...(address === undefined ? {} : { address }),
          ...(userAgent === undefined ? {} : { userAgent }),
          createdAt: createdAt.toISOString(),
          lastSeenAt: lastSeenAt.toISOString(),
          isThis: id === signInSessionId,
        })),
      };
    },

    async end(context, { signInId: id }, ports) {
      const { signInSessionId, requestId } = await oneself(context, ports);
      if (!(await ports.signIns.end(signInSessionId, id, requestId)))
        throw context.error('resource.unknown', `You have no session ${id}.`);
      return { id };
    },

    async endAll(context, { scope }, ports) {
      const { signInSessionId, requestId } = await oneself(context, ports);
      const { signOutOthers, signOutEverywhere } = ports.signIns;
      const end = scope === 'others' ? signOutOthers : signOutEverywhere;
      return { endedCount: await end(signInSessionId, requestId) };
    },
  },
};

const refusedCode = (context: Refusing<'sign-in.code_refused'>) =>
  context.error('sign-in.code_refused', 'This code is not right, or was used already.');
