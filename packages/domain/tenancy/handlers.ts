import { type Actor, type DomainHandlers, prepared, type Viewing } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { accounts } from './accounts.ts';
import { applications } from './applications.ts';
import type { tenancy } from './definition.ts';
import { credentials, keys } from './keys.ts';
import { verificationMail } from './mails.ts';
import { moves } from './moves.ts';
import { organisation } from './organisation.ts';
import type { TenancyPorts } from './ports.ts';
import { roles } from './roles.ts';
import { team } from './team.ts';
import { isTimeZone } from './time-zone.ts';
import { views } from './views.ts';

const viewAnswer = ({ viewId: id, accountId, untilMs }: Viewing) => ({
  id,
  accountId,
  until: new Date(untilMs).toISOString(),
});

/** Whose host a stranger came to, if it is not the platform's own. */
const hostOf = (actor: Actor): string | undefined => (actor.kind === 'stranger' ? actor.within : undefined);

const closed = () => platformError('policy.refused', 'Nobody signs up here: ask for an invitation.');

export const handlers: DomainHandlers<typeof tenancy, TenancyPorts> = {
  enrolment: {
    async offer({ actor }, _request, { people }) {
      return { currencies: [...(await people.offeredCurrencies(hostOf(actor)))] };
    },

    signUp: prepared(async (context, request, { people, mails }) => {
      if (!isTimeZone(request.timeZone)) {
        throw context.error('tenancy.time_zone_unknown', `There is no time zone ${request.timeZone}.`);
      }
      const below = hostOf(context.actor);
      const offered = await people.offeredCurrencies(below);
      if (below !== undefined && offered.length === 0) throw closed();
      const { currency = offered[0] ?? 'EUR' } = request;
      // What has no price is free: nobody chooses that by choosing a currency.
      if (offered.length > 0 && !offered.includes(currency)) {
        throw context.error(
          'tenancy.currency_not_offered',
          `There are no prices in ${currency}, but in ${offered.join(', ')}.`,
        );
      }
      const { password, ...person } = request;
      const passwordHash = await people.hashPassword(password);
      return async () => {
        const signedUp = await people.signUp({ ...person, currency, passwordHash, below });
        if (signedUp.outcome === 'email_taken') {
          throw context.error('tenancy.email_taken', 'Somebody signed up with this address already.');
        }
        if (signedUp.outcome === 'closed') throw closed();
        const { userId, accountId, parentId } = signedUp;
        context.audit({
          accountId,
          target: accountId,
          after: { userId, accountId, name: request.organisationName },
        });
        await context.emit('account.created', { accountId, parentId }, parentId);
        const { email, name } = request;
        const token = await people.makeVerification({ userId, email });
        if (token !== undefined) {
          const letter = verificationMail({ name, path: `/verify/${token}` });
          await mails.send({ to: email, reader: { userId }, ...letter });
        }
        return { userId, accountId };
      };
    }),
  },

  me: {
    async get({ actor }, _request, { people, accounts: stored, keys: storedKeys }) {
      if (actor.kind === 'user') {
        const profile = await people.profileOf(actor.userId);
        const { viewing, within } = actor;
        const grants = await people.grantsOf(actor.userId, viewing?.accountId, within);
        const organisations = viewing === undefined ? await people.organisationsOf(actor.userId) : [];
        return {
          kind: 'user',
          ...(viewing === undefined ? {} : { view: viewAnswer(viewing) }),
          userId: actor.userId,
          ...(profile ?? {}),
          isEmailVerified: await people.isVerified(actor.userId),
          // Those that are live first.
          accounts: grants.map(({ accountId, accountName, roleRef, roleName, isTest, ...held }) => ({
            id: accountId,
            name: accountName,
            role: roleRef,
            roleName,
            isTest,
            ...(held.role === 'custom' ? { scopes: [...held.scopes] } : {}),
          })),
          organisations: organisations.filter(
            ({ accountId }) => within === undefined || grants.some((grant) => grant.accountId === accountId),
          ),
        };
      }
      if (actor.kind !== 'key' && actor.kind !== 'credential')
        return { kind: 'user', accounts: [], organisations: [] };
      const account = await stored.find(actor);
      const key = actor.kind === 'key' ? await storedKeys.find(actor) : undefined;
      // A key that may do everything makes owners, and unmakes them: it is one.
      const isOwner = key?.scopes.includes('*') === true;
      const role = actor.kind === 'credential' ? 'viewer' : isOwner ? 'owner' : 'developer';
      const scopes = key === undefined || isOwner ? {} : { scopes: [...key.scopes] };
      return {
        kind: actor.kind,
        ...(key === undefined ? {} : { name: key.name }),
        accounts:
          account === undefined
            ? []
            : [
                {
                  id: account.id,
                  name: account.name,
                  role,
                  roleName: role,
                  isTest: account.isTest,
                  ...scopes,
                },
              ],
        organisations: [],
      };
    },
  },

  accounts: { ...accounts, ...moves },
  organisation,
  applications,
  keys,
  credentials,
  views,
  roles,
  team,
};
