import { type DomainHandlers, prepared } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { accounts } from './accounts.ts';
import { applications } from './applications.ts';
import type { tenancy } from './definition.ts';
import { credentials, keys } from './keys.ts';
import { verificationMail } from './mails.ts';
import { organisation } from './organisation.ts';
import type { TenancyPorts } from './ports.ts';
import { team } from './team.ts';
import { isTimeZone } from './time-zone.ts';

export const handlers: DomainHandlers<typeof tenancy, TenancyPorts> = {
  enrolment: {
    async offer(_context, _request, { people }) {
      return { currencies: [...(await people.offeredCurrencies())] };
    },

    signUp: prepared(async (context, request, { people, mails }) => {
      if (!isTimeZone(request.timeZone)) {
        throw context.error('tenancy.time_zone_unknown', `There is no time zone ${request.timeZone}.`);
      }
      const offered = await people.offeredCurrencies();
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
        const signedUp = await people.signUp({ ...person, currency, passwordHash });
        if (signedUp.outcome === 'email_taken') {
          throw context.error('tenancy.email_taken', 'Somebody signed up with this address already.');
        }
        if (signedUp.outcome === 'closed') {
          throw platformError(
            'policy.refused',
            'This platform takes no sign-ups: ask its operator for an account.',
          );
        }
        const { userId, accountId } = signedUp;
        context.audit({
          accountId,
          target: accountId,
          after: { userId, accountId, name: request.organisationName },
        });
        const { email, name } = request;
        const token = await people.makeVerification({ userId, email });
        if (token !== undefined) {
          const url = mails.urlOf(`/verify/${token}`);
          await mails.send({ to: email, ...verificationMail({ name, url }) });
        }
        return { userId, accountId };
      };
    }),
  },

  me: {
    async get({ actor }, _request, { people, accounts: stored, keys: storedKeys }) {
      if (actor.kind === 'user') {
        const profile = await people.profileOf(actor.userId);
        const grants = await people.grantsOf(actor.userId);
        return {
          kind: 'user',
          userId: actor.userId,
          ...(profile ?? {}),
          isEmailVerified: await people.isVerified(actor.userId),
          accounts: grants.map(({ accountId, accountName, role }) => ({
            id: accountId,
            name: accountName,
            role,
          })),
          organisations: [...(await people.organisationsOf(actor.userId))],
        };
      }
      if (actor.kind !== 'key' && actor.kind !== 'credential')
        return { kind: 'user', accounts: [], organisations: [] };
      const account = await stored.find(actor);
      const key = actor.kind === 'key' ? await storedKeys.find(actor) : undefined;
      const role = actor.kind === 'credential' ? 'viewer' : key?.scopes.includes('*') ? 'admin' : 'developer';
      return {
        kind: actor.kind,
        ...(key === undefined ? {} : { name: key.name }),
        accounts: account === undefined ? [] : [{ id: account.id, name: account.name, role }],
        organisations: [],
      };
    },
  },

  accounts,
  organisation,
  applications,
  keys,
  credentials,
  team,
};
