/**
 * Attacks the dashboard: every page, route, procedure and server action that there is, found by walking them, with the
 * ids of the victim and the cookie of somebody else. What comes back must tell nothing of the victim.
 */

import { INTERNAL_PREFIX, internalApi } from '@patchbay/domain/fleet/internal-api';
import { SCIM_PATH } from '@patchbay/domain/sso/sso-answer';
import { mountedOperations } from '@patchbay/faces/mounted';
import { callProcedure, type Page, type Visitor, visit } from './dashboard.ts';
import { forgedRequest } from './forged-request.ts';
import { addressOf, routeTree, serverActions } from './route-tree.ts';

export interface Victim {
  readonly accountId: string;
  /** What it has, by the name of the field or path parameter that takes it. */
  readonly ids: Readonly<Record<string, string>>;
  /** Unique texts of it: names, addresses, figures, ids. None may come back, but to a request that brought it. */
  readonly marks: readonly string[];
}

export interface Attacker extends Visitor {
  /** How a finding names it. */
  readonly name: string;
  /** An account within its own reach. */
  readonly accountId: string;
  /** Of those who stand alike. What looks at the sign-in alone, such as actions, is attacked by the first of them. */
  readonly isFirst: boolean;
}

/** Requests at a time: while the platform answers one, the next is on its way. */
const AT_ONCE = 4;

const lastAccountCookie = 'patchbay-account';

interface Request {
  readonly what: string;
  readonly path: string;
  readonly init?: RequestInit;
}

/**
 * The ways in which an address is asked for. What looks like somebody else's account is sent all at once, in parameters and
 * in the cookie that remembers an account: whatever switches by any of it switches by all.
 */
function asked(
  { path, kind, isHome }: Address,
  { accountId, ids }: Victim,
  { isFirst }: Attacker,
): readonly Request[] {
  const switching = new URLSearchParams({
    account: accountId,
    accountId,
    as: accountId,
    scope: accountId,
    ...ids,
  });
  // What a router gets is what a document holds, without the work to draw it.
  const headers = { cookie: `${lastAccountCookie}=${accountId}`, ...(kind === 'page' ? { RSC: '1' } : {}) };
  const ways: Readonly<Record<Address['kind'], readonly Omit<Request, 'path'>[]>> = {
    // As a document, and as Next's router asks ahead; as it asks on a click, with what switches. Pages do not look at what is
    // accepted.
    page: [
      { what: 'document' },
      // What is asked ahead is a part of what a click asks for: one of those who stand alike tries it.
      ...(isFirst
        ? [{ what: 'prefetch', init: { headers: { RSC: '1', 'Next-Router-Prefetch': '1' } } }]
        : []),
    ],
    route: [
      { what: 'route' },
      { what: 'stream', init: { headers: { accept: 'text/event-stream' } } },
      { what: 'file', init: { headers: { accept: 'text/csv, application/pdf' } } },
    ],
    // One handler for all of these, which looks at the path alone before it asks who calls.
    operation: [{ what: 'operation' }],
  };
  // At home nothing but what switches could tell of somebody else.
  const plain = isHome ? [] : ways[kind].map((way) => ({ ...way, path }));
  return [...plain, { what: 'switching', path: `${path}?${switching}`, init: { headers } }];
}

interface Address {
  readonly path: string;
  /** `operation`: one of the many addresses that a route takes in. */
  readonly kind: 'page' | 'route' | 'operation';
  /** Below the attacker's own account. */
  readonly isHome: boolean;
}

/** Shows every mail to everybody, and is there only on a machine that nobody else reaches (`mailRouteOf`). */
const OPEN_ON_LOOPBACK = '/outbox';

const attackedRoutes = () => routeTree().filter(({ pattern }) => pattern !== OPEN_ON_LOOPBACK);

/** What there is below a route that takes in any path: the walk over the folders does not see it. */
const takenIn: readonly string[] = [
  ...['csrf', 'providers', 'signin', 'callback'].map((path) => `/api/auth/${path}`),
  ...Object.values(internalApi).map(({ path }) => `${INTERNAL_PREFIX}${path}`),
  ...mountedOperations.map(({ path }) => path),
  ...['Users', 'Users/{userId}', 'Groups', 'Groups/{roleId}', 'ServiceProviderConfig'].map(
    (path) => `${SCIM_PATH}/${path}`,
  ),
];

/** Every address of the route tree: as the victim's, and under the attacker's own account with the victim's ids. */
function pageRequests(attacker: Attacker, victim: Victim): readonly Request[] {
  const valuesOf = (accountId: string): Readonly<Record<string, string>> => {
    const hash = '0'.repeat(64);
    const ids = { ...victim.ids, accountId, token: victim.accountId, code: 'auth.scope', hash };
    return { ...ids, nextauth: 'session', trpc: 'me.get', path: 'none' };
  };
  const addresses = new Map<string, Address>();
  for (const { pattern, kind } of attackedRoutes())
    for (const accountId of [victim.accountId, attacker.accountId]) {
      const values = valuesOf(accountId);
      const path = addressOf(pattern, values);
      const isHome = accountId === attacker.accountId && path.includes(accountId);
      addresses.set(path, { path, kind, isHome });
      const [above = ''] = pattern.split('[...');
      for (const below of attacker.isFirst ? takenIn.map((one) => filled(one, values)) : [])
        if (pattern.includes('[...') && below.startsWith(above))
          addresses.set(below, { path: below, kind: 'operation', isHome });
    }
  const pages = attackedRoutes().filter(({ kind }) => kind === 'page');
  const texts = [...new Set([victim.accountId, ...Object.values(victim.ids)])];
  // An action takes an object or a text, and here both are of the victim's. Where it is at home it is sent all of them, and
  // the object at a page that it is not of: Next hands on what comes to another page.
  const object = { ...victim.ids, accountId: victim.accountId, token: victim.accountId };
  const posts = (attacker.isFirst ? serverActions() : []).flatMap(({ id, name, pages: homes }) => {
    const post = (pattern: string, body: unknown) => ({
      what: `server action ${name}`,
      path: addressOf(pattern, valuesOf(victim.accountId)),
      init: actionRequest(attacker, id, [body]),
    });
    const others = pages.filter(({ pattern }) => !homes.includes(pattern)).slice(0, 1);
    const [home, ...more] = homes;
    if (home === undefined) throw new Error(`No page has the server action ${name}.`);
    return [
      ...[object, ...texts].map((body) => post(home, body)),
      ...[...more, ...others.map(({ pattern }) => pattern)].map((pattern) => post(pattern, object)),
    ];
  });
  return [...[...addresses.values()].flatMap((address) => asked(address, victim, attacker)), ...posts];
}

/** As Next's browser part calls a server action. */
export const actionRequest = ({ url }: Visitor, id: string, parameters: readonly unknown[]): RequestInit => ({
  method: 'POST',
  headers: { 'next-action': id, origin: url, 'content-type': 'text/plain;charset=UTF-8' },
  body: JSON.stringify(parameters),
});

const filled = (path: string, ids: Readonly<Record<string, string>>) =>
  path.replace(/\{(\w+)\}/g, (_match, name: string) => ids[name] ?? 'signaling');

/** What of the victim an answer tells that its request did not bring. */
function told({ body, location }: Page, request: string, marks: readonly string[]): readonly string[] {
  const answer = `${location}\n${body}`;
  return marks.filter((mark) => answer.includes(mark) && !request.includes(mark));
}

/**
 * What may not come back at an attacker's own log of refused requests: it repeats the ids that they brought to it before,
 * and nothing else of the victim.
 */
const unasked = ({ ids, marks }: Victim): readonly string[] => {
  const brought = new Set(Object.values(ids));
  return marks.filter((mark) => !brought.has(mark));
};

export async function attackPages(attacker: Attacker, victim: Victim): Promise<Attacked> {
  const findings: string[] = [];
  const requests = pageRequests(attacker, victim);
  const ask = async ({ what, path, init }: Request) => {
    const page = await visit(attacker, path, init);
    const sent = decodeURIComponent(`${path} ${JSON.stringify(init ?? {})}`);
    const isOwnLog = new RegExp(`^(/v1)?/accounts/${attacker.accountId}/why`).test(path);
    for (const mark of told(page, sent, isOwnLog ? unasked(victim) : victim.marks))
      findings.push(`${attacker.name}: ${what} ${path} tells ${mark}`);
    if (page.status >= 500) findings.push(`${attacker.name}: ${what} ${path} fails with ${page.status}`);
    if (page.location.includes(victim.accountId) && !path.includes(victim.accountId))
      findings.push(`${attacker.name}: ${what} ${path} leads to the victim`);
  };
  await inTurns(requests, ask);
  return { findings, requestCount: requests.length };
}

/** All of them, from the first to the last, as many at a time as `AT_ONCE` says. */
async function inTurns<Item>(items: readonly Item[], ask: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const some = async () => {
    for (const item of left) await ask(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
}

export interface Attacked {
  readonly findings: readonly string[];
  readonly requestCount: number;
}

/** Every procedure that a page could call: on the victim's account, and on the attacker's own with the victim's ids. */
export async function attackProcedures(attacker: Attacker, victim: Victim): Promise<Attacked> {
  const findings: string[] = [];
  const onAccounts = mountedOperations.filter(({ mount }) => mount === 'account');
  const asked = onAccounts.flatMap((mounted) =>
    [victim.accountId, attacker.accountId].map((accountId) => ({ ...mounted, accountId })),
  );
  const ask = async ({ group, name, operation, accountId }: (typeof asked)[number]) => {
    const input = { ...forgedRequest(operation.request, victim.ids), accountId };
    const procedure = `${group}.${name}`;
    const page = await callProcedure(attacker, procedure, { method: operation.method, input });
    const isVictims = accountId === victim.accountId;
    if (isVictims && (page.status !== 404 || !page.body.includes('resource.unknown')))
      findings.push(`${attacker.name}: ${procedure} answers ${page.status}`);
    const isOwnLog = procedure === 'why.list' && !isVictims;
    for (const mark of told(page, JSON.stringify(input), isOwnLog ? unasked(victim) : victim.marks))
      findings.push(`${attacker.name}: ${procedure} at ${isVictims ? 'the victim' : 'home'} tells ${mark}`);
  };
  // All readings before the first change: what the attacker writes at home, its own log repeats to it.
  for (const isReading of [true, false])
    await inTurns(
      asked.filter(({ operation }) => (operation.method === 'GET') === isReading),
      ask,
    );
  return { findings, requestCount: asked.length };
}
