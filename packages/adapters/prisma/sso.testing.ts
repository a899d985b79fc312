/** An organisation with a provider whose word is given by the test: what is verified of it, is tested elsewhere. */
import type { ProvidedPerson } from '@patchbay/domain/sso/provisioning';
import type { TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { ProviderError, type RelyingClient } from '../oidc/relying-client.ts';
import { inAccount } from './scope.ts';
import { newBrowserSecret, ssoSignIns } from './sso-sign-in.ts';
import { ssoDomainStore, ssoProviderStore } from './sso-store.ts';

export const ISSUER = 'https://provider.example';
const CALLBACK = 'https://patchbay.test';

export type Said = Partial<ProvidedPerson> | ProviderError;

/** Signs in whomever `says` names, at whichever provider is asked. */
export function ssoHarness({ prisma, cipher }: TenancyDatabase) {
  let said: Said = {};
  const client: RelyingClient = {
    probe: async () => {
      if (said instanceof ProviderError) throw said;
      return { authorizationEndpoint: `${ISSUER}/auth`, tokenEndpoint: `${ISSUER}/token` };
    },
    depart: async ({ issuer }, { state }) => {
      if (said instanceof ProviderError) throw said;
      return new URL(`${issuer}/auth?state=${state}`);
    },
    arrive: async ({ issuer }) => {
      if (said instanceof ProviderError) throw said;
      return {
        issuer,
        subject: 'subject of nobody',
        email: undefined,
        isEmailVerified: true,
        name: undefined,
        groups: [],
        ...said,
      };
    },
  };
  const sso = ssoSignIns(prisma, { cipher, client, urlOf: (path) => new URL(path, CALLBACK).href });
  const providers = ssoProviderStore(prisma, cipher);
  const domains = ssoDomainStore(prisma);
  const browserSecret = newBrowserSecret();

  const organisationOf = (accountId: string) =>
    inAccount(prisma, accountId, async ({ account }) => {
      const top = await account.findFirst({ where: { id: accountId }, select: { organisationId: true } });
      return top?.organisationId ?? '';
    });

  const setAnew = (accountId: string, more: Partial<Parameters<typeof providers.put>[0]> = {}) =>
    providers.put({
      accountId,
      issuer: ISSUER,
      clientId: 'patchbay',
      clientSecret: 'a secret of theirs',
      newcomerRole: 'viewer',
      groupsClaim: 'groups',
      groupRoles: [],
      trustsEmail: false,
      isNew: true,
      ...more,
    });

  return {
    sso,
    setAnew,
    providers,
    domains,
    browserSecret,
    organisationOf,
    says: (next: Said) => {
      said = next;
    },
    /** A provider, with newcomers as viewers, and a proved domain. */
    setUp: async (
      accountId: string,
      domain: string,
      more: Partial<Parameters<typeof providers.put>[0]> = {},
    ) => {
      await setAnew(accountId, more);
      const added = await domains.add({ accountId, domain, countMax: 5 });
      if (typeof added === 'string') throw new Error(`${domain}: ${added}`);
      const proved = await domains.prove({ accountId, domainId: added.id });
      if (typeof proved !== 'object') throw new Error(`${domain}: ${proved}`);
      return proved;
    },
    /** Away to the provider and back again, as one browser. */
    signIn: async (
      accountId: string,
      person: Said,
      {
        testedBy,
        userId = testedBy,
      }: { readonly testedBy?: string; readonly userId?: string | undefined } = {},
    ) => {
      const organisationId = await organisationOf(accountId);
      said = {};
      const url = await sso.start({ organisationId, browserSecret, testedBy });
      said = person;
      if (typeof url === 'string') throw new Error(`It did not begin: ${url}`);
      const { search } = url;
      return await sso.finish({ organisationId, browserSecret, search, userId, address: '192.0.2.9' });
    },
  };
}

export type SsoHarness = ReturnType<typeof ssoHarness>;
