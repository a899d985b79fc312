import { PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';

/** What a token endpoint answers. */
export interface Token {
  /** `username.password` of an ephemeral credential. */
  readonly token: string;
  /** `wss:` address of signaling. */
  readonly signalUrl: string;
  /** Milliseconds since 1970. Absent: the platform says it when the client connects. */
  readonly expiresAtMs?: number;
}

/** Where tokens come from. Asked again before each one expires. */
export interface TokenSource {
  fetchToken(signal: AbortSignal): Promise<Token>;
}

export interface EndpointOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, e.g. what the endpoint needs to know to choose an identity. */
  readonly body?: unknown;
  /** Default: 'same-origin', so that the application's own cookie says who asks. */
  readonly credentials?: RequestCredentials;
}

/** POSTs to an endpoint of the application, which mints with `tokenHandler` of `@patchbay/sdk-node`. */
function endpoint(url: string, options: EndpointOptions = {}): TokenSource {
  const { headers = {}, body = {}, credentials = 'same-origin' } = options;
  return {
    async fetchToken(signal) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify(body),
        credentials,
        signal,
      });
      if (!response.ok) throw await toError(response, url);
      return parseToken(await response.json());
    },
  };
}

/** A token that the page already has. It cannot be refreshed: what it carries ends with it. */
function literal(token: Token): TokenSource {
  return { fetchToken: async () => parseToken(token) };
}

/** Any other way to a token. */
function custom(fetchToken: (signal: AbortSignal) => Promise<Token>): TokenSource {
  return { fetchToken: async (signal) => parseToken(await fetchToken(signal)) };
}

/**
 * For a first try on one's own machine: the endpoint believes the identity that the page names. Refused on any other
 * host, because there anybody could be anybody.
 */
function development(options: { readonly identity: string; readonly endpoint?: string }): TokenSource {
  const asked = endpoint(options.endpoint ?? '/api/token', { body: { identity: options.identity } });
  return {
    fetchToken(signal) {
      if (!/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(globalThis.location?.hostname ?? '')) {
        const message = 'TokenSource.development works on localhost only: anybody could name any identity.';
        return Promise.reject(new PatchbayError({ code: 'client.development_only', message }));
      }
      return asked.fetchToken(signal);
    },
  };
}

export const TokenSource = { endpoint, literal, custom, development };

function parseToken(value: unknown): Token {
  if (typeof value !== 'object' || value === null) throw invalidToken('It is not an object.');
  const { token, signalUrl, expiresAtMs } = value as Readonly<Record<string, unknown>>;
  if (typeof token === 'string' && /^pb_(live|test)_/.test(token)) {
    throw new PatchbayError({
      code: 'client.secret_in_browser',
      message:
        'This is a secret key. It must never reach a browser: mint a token from it on your server, and revoke it.',
    });
  }
  if (typeof token !== 'string' || !token.includes('.')) throw invalidToken('`token` is missing.');
  if (typeof signalUrl !== 'string' || !/^wss?:/.test(signalUrl))
    throw invalidToken('`signalUrl` is no ws address.');
  return { token, signalUrl, ...(typeof expiresAtMs === 'number' ? { expiresAtMs } : {}) };
}

function invalidToken(detail: string): PatchbayError {
  return new PatchbayError({
    code: 'client.token_invalid',
    message: `The token source gave no token. ${detail}`,
  });
}

async function toError(response: Response, url: string): Promise<PatchbayError> {
  const problem = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  const { code, detail, type } = problem;
  return new PatchbayError({
    code: typeof code === 'string' ? (code as PatchbayErrorCode) : 'client.token_refused',
    status: response.status,
    message: typeof detail === 'string' ? detail : `${url} answered ${response.status}.`,
    ...(typeof type === 'string' ? { helpUrl: type } : {}),
  });
}
