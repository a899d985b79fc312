/** An organisation with a provider whose word is given by the test: what is verified of it, is tested elsewhere. */
import type { OidcSettings } from '@patchbay/domain/sso/ports';
import { ProviderError } from '@patchbay/domain/sso/provider-error';
import type { ProvidedPerson } from '@patchbay/domain/sso/provisioning';
import type { TenancyDatabase } from '@patchbay/testing/tenancy-database';
import type { RelyingClient } from '../oidc/relying-client.ts';
import { serviceProvider } from '../saml/service-provider.ts';
import { inAccount } from './scope.ts';
import { newBrowserSecret } from './sso-attempts.ts';
import { ssoSignIns } from './sso-sign-in.ts';
import { ssoDomainStore, ssoProviderStore } from './sso-store.ts';

export const ISSUER = 'https://provider.example';
export const BASE_URL = 'https://patchbay.test';

export interface SetAnew extends Partial<OidcSettings> {
  readonly clientSecret?: string;
  readonly isNew?: boolean;
  readonly isOther?: boolean;
}

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
  const saml = {
    client: serviceProvider({ nowMs: Date.now }),
    fetchMetadata: async () => ({ refused: 'Nothing is fetched here.' }),
  };
  const sso = ssoSignIns(prisma, { cipher, client, saml });
  const providers = ssoProviderStore(prisma, cipher);
  const domains = ssoDomainStore(prisma);
  const browserSecret = newBrowserSecret();

  const organisationOf = (accountId: string) =>
    inAccount(prisma, accountId, async ({ account }) => {
      const top = await account.findFirst({ where: { id: accountId }, select: { organisationId: true } });
      return top?.organisationId ?? '';
    });

  /** A provider of OpenID Connect that is new, unless `more` says otherwise. */
  const setAnew = (
    accountId: string,
    { isNew = true, isOther = isNew, clientSecret, ...more }: SetAnew = {},
  ) =>
    providers.put({
      accountId,
      settings: {
        kind: 'oidc',
        issuer: ISSUER,
        clientId: 'patchbay',
        newcomerRole: 'viewer',
        groupsClaim: 'groups',
        groupRoles: [],
        trustsEmail: false,
        ...more,
      },
      clientSecret: clientSecret ?? (isNew ? 'a secret of theirs' : undefined),
      isNew,
      isOther: isOther || clientSecret !== undefined,
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
    setUp: async (accountId: string, domain: string, more: SetAnew = {}) => {
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
      const url = await sso.start({ organisationId, baseUrl: BASE_URL, browserSecret, testedBy });
      said = person;
      if (typeof url === 'string') throw new Error(`It did not begin: ${url}`);
      const { search } = url;
      return await sso.finish({
        organisationId,
        baseUrl: BASE_URL,
        browserSecret,
        search,
        userId,
        address: '192.0.2.9',
      });
    },
  };
}

export type SsoHarness = ReturnType<typeof ssoHarness>;
