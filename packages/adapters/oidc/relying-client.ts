import { ProviderError, shownDetail as shown } from '@patchbay/domain/sso/provider-error';
import type { ProvidedPerson } from '@patchbay/domain/sso/provisioning';
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  ResponseBodyError,
} from 'openid-client';
import { FetchError, type SafeFetch } from '../outgoing/safe-fetch.ts';

/** A provider as it is set, its secret open. */
export interface ProviderClient {
  /** Of these settings: another secret is another key. */
  readonly key: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly groupsClaim: string;
}

/** What a browser takes along and has to come back with. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636 §4.1). */
  readonly codeVerifier: string;
}

export interface Departure extends SignInSecrets {
  readonly redirectUrl: string;
  readonly email: string | undefined;
}

export interface Arrival extends SignInSecrets {
  /** Where the browser came back, with all that it brought. */
  readonly url: URL;
}

export interface RelyingClient {
  /** What the provider offers. Throws a ProviderError. */
  probe(
    provider: ProviderClient,
  ): Promise<{ readonly authorizationEndpoint: string; readonly tokenEndpoint: string }>;
  /** Where to send the browser. */
  depart(provider: ProviderClient, departure: Departure): Promise<URL>;
  /** Whom the provider signed in. */
  arrive(provider: ProviderClient, arrival: Arrival): Promise<ProvidedPerson>;
}

export interface RelyingClientOptions {
  readonly fetch: SafeFetch;
  /** Whether a URL may be asked without TLS: those of this machine, where webhooks may lead there too. */
  readonly isInsecureAllowed: (url: URL) => boolean;
  readonly nowMs: () => number;
}

const TIMEOUT_SECONDS = 10;
/** How far a provider's clock may be off (OpenID Connect Core 1.0 §3.1.3.7). */
const CLOCK_TOLERANCE_SECONDS = 30;
/** Discovery is asked again after that. Keys that a token names and nobody knows are fetched sooner. */
const CONFIGURATION_LIFETIME_MS = 10 * 60_000;
const CONFIGURATION_COUNT_MAX = 500;
const GROUP_COUNT_MAX = 1_000;
const SUBJECT_CHARACTERS_MAX = 255;

interface Known {
  readonly configuration: Promise<Configuration>;
  readonly endsMs: number;
}

/** Signs people in by providers that speak OpenID Connect, by the code flow with PKCE (RFC 9700 §2.1.1). */
export function relyingClient({ fetch, isInsecureAllowed, nowMs }: RelyingClientOptions): RelyingClient {
  const known = new Map<string, Known>();

  function configurationOf(provider: ProviderClient): Promise<Configuration> {
    const found = known.get(provider.key);
    if (found !== undefined && found.endsMs > nowMs()) return found.configuration;
    const configuration = discover(provider);
    known.delete(provider.key);
    known.set(provider.key, { configuration, endsMs: nowMs() + CONFIGURATION_LIFETIME_MS });
    const [oldest] = known.keys();
    if (known.size > CONFIGURATION_COUNT_MAX && oldest !== undefined) known.delete(oldest);
    // What failed is asked for anew by the next one.
    configuration.catch(() => {
      if (known.get(provider.key)?.configuration === configuration) known.delete(provider.key);
    });
    return configuration;
  }

  async function discover({ issuer, clientId, clientSecret }: ProviderClient): Promise<Configuration> {
    const url = new URL(issuer);
    const isInsecure = url.protocol === 'http:' && isInsecureAllowed(url);
    const options = {
      [customFetch]: fetch,
      timeout: TIMEOUT_SECONDS,
      ...(isInsecure ? { execute: [allowInsecureRequests] } : {}),
    };
    const found = await discovery(url, clientId, undefined, undefined, options).catch(unavailable);
    const metadata = found.serverMetadata();
    // One issuer for many tenants of its own would let each of them name people of the others.
    if (new URL(metadata.issuer).href !== url.href)
      throw new ProviderError('unavailable', `It calls itself ${shown(metadata.issuer)}.`);
    for (const endpoint of [metadata.authorization_endpoint, metadata.token_endpoint]) {
      const target = endpoint === undefined ? null : URL.parse(endpoint);
      const isSecure = target?.protocol === 'https:' || (target !== null && isInsecureAllowed(target));
      if (!isSecure)
        throw new ProviderError(
          'unavailable',
          'It names no https address to sign in at, or none for tokens.',
        );
    }
    const methods = metadata.token_endpoint_auth_methods_supported;
    // OpenID Connect Discovery 1.0 §3: left out, it is client_secret_basic.
    const isBasic = methods?.includes('client_secret_basic') ?? true;
    const authentication = (isBasic ? ClientSecretBasic : ClientSecretPost)(clientSecret);
    const configuration = new Configuration(
      metadata,
      clientId,
      { [clockTolerance]: CLOCK_TOLERANCE_SECONDS },
      authentication,
    );
    configuration[customFetch] = fetch;
    configuration.timeout = TIMEOUT_SECONDS;
    if (isInsecure) allowInsecureRequests(configuration);
    // A signature is looked at though the token came by TLS: so `none` is no algorithm here.
    enableNonRepudiationChecks(configuration);
    return configuration;
  }

  return {
    async probe(provider) {
      known.delete(provider.key);
      const { authorization_endpoint = '', token_endpoint = '' } = (
        await configurationOf(provider)
      ).serverMetadata();
      return { authorizationEndpoint: authorization_endpoint, tokenEndpoint: token_endpoint };
    },

    async depart(provider, { redirectUrl, state, nonce, codeVerifier, email }) {
      const configuration = await configurationOf(provider);
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUrl,
        scope: scopesOf(configuration),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        ...(email === undefined ? {} : { login_hint: email }),
      });
    },

    async arrive(provider, { url, state, nonce, codeVerifier }) {
      const configuration = await configurationOf(provider);
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      };
      const tokens = await authorizationCodeGrant(configuration, url, checks).catch(refused);
      const claims = tokens.claims();
      if (claims === undefined) throw new ProviderError('invalid', 'There was no ID token.');
      const isTold = claims.email !== undefined && claims[provider.groupsClaim] !== undefined;
      const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
      const more =
        isTold || !hasMore
          ? {}
          : await fetchUserInfo(configuration, tokens.access_token, claims.sub).catch(refused);
      return personOf({ ...more, ...claims }, provider);
    },
  };
}

/** `groups` is a scope at some providers, and an error at others. */
function scopesOf(configuration: Configuration): string {
  const { scopes_supported: offered = [] } = configuration.serverMetadata();
  return ['openid', 'email', 'profile', ...(offered.includes('groups') ? ['groups'] : [])].join(' ');
}

function personOf(
  claims: Readonly<Record<string, unknown>>,
  { issuer, groupsClaim }: Pick<ProviderClient, 'issuer' | 'groupsClaim'>,
): ProvidedPerson {
  const { sub, email, email_verified: isVerified, name } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARACTERS_MAX)
    throw new ProviderError('invalid', 'It names nobody.');
  const groups = claims[groupsClaim];
  const listed: readonly unknown[] = Array.isArray(groups) ? groups : [groups];
  return {
    issuer,
    subject: sub,
    email: typeof email === 'string' ? email : undefined,
    // Some write a text. Whatever else is there is not true.
    isEmailVerified: isVerified === undefined ? undefined : isVerified === true || isVerified === 'true',
    name: typeof name === 'string' ? name : undefined,
    groups: listed.filter((group) => typeof group === 'string').slice(0, GROUP_COUNT_MAX),
  };
}

function causesOf(error: unknown): readonly Error[] {
  const found: Error[] = [];
  for (let at = error; at instanceof Error && found.length < 5; at = at.cause) found.push(at);
  return found;
}

function detailOf(error: unknown): string {
  const causes = causesOf(error);
  const failed = causes.find((each) => each instanceof FetchError);
  if (failed !== undefined) return `Nothing came of asking it: ${failed.reason}`;
  const said = causes.find((each) => each instanceof ResponseBodyError);
  if (said !== undefined)
    return shown(`It answered ${said.status} ${said.error} ${said.error_description ?? ''}`).trim();
  return shown(causes.at(-1)?.message ?? 'It did not answer as a provider.');
}

function unavailable(error: unknown): never {
  throw new ProviderError('unavailable', detailOf(error), { cause: error });
}

function refused(error: unknown): never {
  if (error instanceof AuthorizationResponseError)
    throw new ProviderError(
      'declined',
      shown(`It said ${error.error} ${error.error_description ?? ''}`).trim(),
    );
  const isAway = causesOf(error).some((each) => each instanceof FetchError);
  throw new ProviderError(isAway ? 'unavailable' : 'invalid', detailOf(error), { cause: error });
}
