import type { CallOptions } from './call-options.ts';
import { createContinued } from './continued.ts';
import type { IdLike } from './ids.ts';
import { createList, type Page } from './list.ts';
import { accountPath, type Operations, operations } from './operations.generated.ts';
import { PatchbayError } from './patchbay-error.ts';
import { send, type TransportOptions } from './transport.ts';

/** Everything a runtime provides. */
export interface ClientOptions extends TransportOptions {
  /** The account that calls are about when they name none. Default: the key's own, asked for once. */
  readonly accountId?: IdLike<'acc'>;
}

interface Route {
  readonly method: string;
  readonly path: string;
  /** LIST: a page of a list. MORE: it may be cut. FILE: a file. Any other is that method. */
  readonly verb: string;
}

const getVerbs: readonly string[] = ['LIST', 'MORE', 'FILE'];

/** As the table writes it: a verb, and a path in which `~` is that of the account. */
function routeOf(written: string): Route {
  const [verb = '', path = ''] = written.split(' ');
  return { method: getVerbs.includes(verb) ? 'GET' : verb, path: path.replace('~', accountPath), verb };
}

/**
 * Builds `client.<resource or service>.<operation>(…)` from the generated table: no method is written by hand.
 * @param given A function is asked at the first call, and what it throws is thrown there.
 */
export function createClient(given: ClientOptions | (() => ClientOptions)): Operations {
  const optionsOf = typeof given === 'function' ? given : () => given;
  if (typeof given !== 'function') refuseSecretInBrowser(given.credential);
  const accountOf = createAccountLookup(optionsOf);
  const client: Record<string, Record<string, unknown>> = {};
  for (const [owner, routes] of Object.entries(operations)) {
    client[owner] = Object.fromEntries(
      Object.entries(routes).map(([name, route]) => [
        name,
        createMethod(optionsOf, routeOf(route), accountOf),
      ]),
    );
  }
  // The generated interface and the generated table come from the same definitions.
  return client as unknown as Operations;
}

/** A method takes (accountId, request, options), or (request, options) for the client's own account. */
function createMethod(
  transportOf: () => TransportOptions,
  { method, path, verb }: Route,
  accountOf: (options: CallOptions) => Promise<string>,
) {
  return (...args: readonly unknown[]): unknown => {
    const named = typeof args[0] === 'string' ? args[0] : undefined;
    const [request = {}, options = {}] = (named === undefined ? args : args.slice(1)) as [
      object?,
      CallOptions?,
    ];
    const call = async (more: object): Promise<unknown> => {
      const transport = transportOf();
      const accountId = path.includes('{accountId}') ? (named ?? (await accountOf(options))) : undefined;
      const outgoing = { method, path, fields: { ...request, ...more, accountId }, isFile: verb === 'FILE' };
      return send(transport, outgoing, options);
    };
    if (verb === 'MORE') return createContinued(call);
    if (verb !== 'LIST') return call({});
    return createList((cursor) => call(cursor === undefined ? {} : { cursor }) as Promise<Page<unknown>>);
  };
}

/** The account of a key is asked for at most once; a failure is not kept. */
function createAccountLookup(optionsOf: () => ClientOptions): (call: CallOptions) => Promise<string> {
  let known: Promise<string> | undefined;
  return ({ signal }) => {
    const options = optionsOf();
    if (options.accountId !== undefined) return Promise.resolve(options.accountId);
    known ??= fetchAccountId(options, signal).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function fetchAccountId(options: ClientOptions, signal: AbortSignal | undefined): Promise<string> {
  const { method, path } = routeOf(operations.me.get);
  const caller = (await send(options, { method, path, fields: {} }, signal ? { signal } : {})) as Awaited<
    ReturnType<Operations['me']['get']>
  >;
  const [own] = caller.accounts;
  if (own !== undefined) return own.id;
  throw new PatchbayError({
    code: 'client.not_configured',
    message: 'This key reaches no account. Name one in the call, or as accountId of the client.',
  });
}

/** A page is read by everybody who opens it: a secret key in it is public. */
function refuseSecretInBrowser(credential: string): void {
  if (!credential.startsWith('pb_') || typeof document === 'undefined') return;
  throw new PatchbayError({
    code: 'client.secret_in_browser',
    message:
      'This is a secret key, in a browser: everyone who opens the page can read it. Mint a token on your server ' +
      '(tokenHandler of @patchbay/sdk-node) and give that to the browser. Revoke this key if the page was published.',
  });
}
