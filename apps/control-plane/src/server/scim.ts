import { ScimError } from '@patchbay/domain/scim/scim-error';
import { parseFilter, parsePage, patchedGroup, patchedUser } from '@patchbay/domain/scim/scim-request';
import {
  etagOf,
  groupFields,
  resourceTypes,
  schemas,
  serviceProviderConfig,
  toGroup,
  toList,
  toUser,
  userFields,
} from '@patchbay/domain/scim/scim-resource';
import { SCIM_PATH } from '@patchbay/domain/sso/sso-answer';
import { networkOf } from '@patchbay/kit/cidr';
import { ServiceError } from '@patchbay/kit/errors';
import { withoutDatabase } from './availability.ts';
import type { ControlPlane } from './compose.ts';
import { rootOf } from './failure-log.ts';
import { ADDRESS_HEADER } from './request-address.ts';
import { unknownHost } from './request-host.ts';

type Control = Pick<ControlPlane, 'env' | 'scim' | 'scimLimiter' | 'log' | 'chainOf'> & {
  readonly hosts: Pick<ControlPlane['hosts'], 'of'>;
};

const BODY_BYTES_MAX = 262_144;

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

function toResponse({ status, body, headers = {} }: Answer): Response {
  const text = body === undefined ? null : JSON.stringify(body);
  // RFC 7644 §3.1.
  const type: Record<string, string> = text === null ? {} : { 'content-type': 'application/scim+json' };
  return new Response(text, { status, headers: { 'cache-control': 'no-store', ...type, ...headers } });
}

/** Serves SCIM 2.0 (RFC 7644) to whoever has the token of an organisation, of that organisation alone. */
export async function serveScim(control: Control, request: Request): Promise<Response> {
  try {
    return toResponse(await answerOf(control, request));
  } catch (cause) {
    const error = inScim(cause);
    if (error !== undefined) {
      const headers = error.status === 401 ? { 'www-authenticate': 'Bearer' } : {};
      return toResponse({ status: error.status, body: error.toBody(), headers });
    }
    control.log.error({ error: rootOf(cause) }, 'A request of SCIM failed.');
    return toResponse({ status: 500, body: new ScimError(500, 'The platform failed.').toBody() });
  }
}

/** What we refuse ourselves, such as while the database is away, is said in SCIM's words as well. */
function inScim(cause: unknown): ScimError | undefined {
  if (cause instanceof ScimError) return cause;
  const known = withoutDatabase(cause);
  return known instanceof ServiceError
    ? new ScimError(known.fields.status, known.fields.publicDetail)
    : undefined;
}

async function answerOf(control: Control, request: Request): Promise<Answer> {
  const host = await control.hosts.of(request.headers);
  if (host.kind === 'unknown') throw unknownHost();
  const accountId = await authenticate(control, request, host.within);
  const { pathname, searchParams } = new URL(request.url);
  const [kind = '', id, ...rest] = pathname.slice(SCIM_PATH.length + 1).split('/');
  // A provider is told of nothing at another host than the one that it asks at.
  const baseUrl = new URL(SCIM_PATH, host.baseUrl).href;
  if (rest.length > 0) throw new ScimError(404, 'There is nothing here.');
  const asked: Asked = { accountId, id, baseUrl, query: searchParams, request };
  switch (kind) {
    case 'Users':
      return await serveCollection(usersOf(control), asked);
    case 'Groups':
      return await serveCollection(groupsOf(control), asked);
    case 'ServiceProviderConfig':
      return readOnly(asked, [serviceProviderConfig(baseUrl)]);
    case 'ResourceTypes':
      return readOnly(asked, resourceTypes(baseUrl));
    case 'Schemas':
      return readOnly(asked, schemas(baseUrl));
    default:
      throw new ScimError(404, 'There is nothing here.');
  }
}

/**
 * The account of the token. Requests without a right one are counted by where they come from. At the host of a brand, the
 * token of an organisation that is not below it is none.
 */
async function authenticate(
  { scim, scimLimiter, chainOf }: Control,
  request: Request,
  within: string | undefined,
): Promise<string> {
  const [, token = ''] = /^Bearer ([\w-]{1,200})$/.exec(request.headers.get('authorization') ?? '') ?? [];
  const accountId = token === '' ? undefined : await scim.accountOf(token);
  const counted = accountId ?? `stranger ${networkOf(request.headers.get(ADDRESS_HEADER) ?? '')}`;
  if ((await scimLimiter.count(counted, Date.now())).isExceeded)
    throw new ScimError(429, 'There were too many requests. Wait a minute.');
  const isHere = async (id: string) =>
    within === undefined || (await chainOf(id)).some((one) => one.id === within);
  if (accountId === undefined || !(await isHere(accountId)))
    throw new ScimError(401, 'This needs the token of an organisation.');
  return accountId;
}

interface Asked {
  readonly accountId: string;
  readonly id: string | undefined;
  readonly baseUrl: string;
  readonly query: URLSearchParams;
  readonly request: Request;
}

function readOnly({ id, request }: Asked, all: readonly (object & { readonly id?: string })[]): Answer {
  if (request.method !== 'GET') throw new ScimError(405, `This cannot be asked for with ${request.method}.`);
  const [first] = all;
  if (first !== undefined && first.id === undefined) return { status: 200, body: first };
  if (id === undefined) return { status: 200, body: toList(all, { totalCount: all.length, startIndex: 1 }) };
  const found = all.find((one) => one.id === decodeURIComponent(id));
  if (found === undefined) throw new ScimError(404, `There is no ${id}.`);
  return { status: 200, body: found };
}

interface Kept {
  readonly id: string;
  readonly version: number;
}

/** What users and groups have in common. */
interface Served<Resource extends Kept, Fields> {
  readonly store: {
    list(
      accountId: string,
      page: {
        readonly filter: ReturnType<typeof parseFilter>;
        readonly startIndex: number;
        readonly count: number;
      },
    ): Promise<{ readonly totalCount: number; readonly items: readonly Resource[] }>;
    find(accountId: string, id: string): Promise<Resource>;
    create(accountId: string, fields: Fields): Promise<Resource>;
    change(
      accountId: string,
      asked: { readonly id: string; readonly version?: number | undefined },
      fields: (before: Resource) => Fields,
    ): Promise<Resource>;
    remove(
      accountId: string,
      asked: { readonly id: string; readonly version?: number | undefined },
    ): Promise<void>;
  };
  readonly filters: readonly string[];
  readonly fieldsOf: (body: unknown) => Fields;
  /** Of what is there and what a patch says: a whole one again, to be judged like any other. */
  readonly patched: (before: Resource, body: unknown) => object;
  readonly toBody: (
    resource: Resource,
    baseUrl: string,
  ) => object & {
    readonly meta: { readonly location: string };
  };
}

const usersOf = ({ scim }: Control) => ({
  store: scim.users,
  filters: ['userName', 'externalId', 'id'],
  fieldsOf: userFields,
  patched: patchedUser,
  toBody: toUser,
});

const groupsOf = ({ scim }: Control) => ({
  store: scim.groups,
  filters: ['displayName', 'externalId', 'id'],
  fieldsOf: groupFields,
  patched: (before: Awaited<ReturnType<Control['scim']['groups']['find']>>, body: unknown) =>
    patchedGroup({ ...before, memberIds: before.members.map(({ id }) => id) }, body),
  toBody: toGroup,
});

async function serveCollection<Resource extends Kept, Fields>(
  { store, filters, fieldsOf, patched, toBody }: Served<Resource, Fields>,
  { accountId, id, baseUrl, query, request }: Asked,
): Promise<Answer> {
  const shown = (resource: Resource, status = 200): Answer => {
    const body = toBody(resource, baseUrl);
    const { location } = body.meta;
    return { status, body, headers: { etag: etagOf(resource), location } };
  };
  const { method } = request;
  if (id === undefined || id === '') {
    if (method === 'POST') return shown(await store.create(accountId, fieldsOf(await bodyOf(request))), 201);
    if (method !== 'GET') throw new ScimError(405, `This cannot be asked for with ${method}.`);
    const page = { ...parsePage(query), filter: parseFilter(query.get('filter'), filters) };
    const { totalCount, items } = await store.list(accountId, page);
    const resources = items.map((item) => toBody(item, baseUrl));
    return { status: 200, body: toList(resources, { totalCount, startIndex: page.startIndex }) };
  }
  const asked = { id, version: versionOf(request) };
  switch (method) {
    case 'GET': {
      const found = await store.find(accountId, id);
      const isKnown = request.headers.get('if-none-match') === etagOf(found);
      return isKnown ? { status: 304, headers: { etag: etagOf(found) } } : shown(found);
    }
    case 'PUT': {
      const fields = fieldsOf(await bodyOf(request));
      return shown(await store.change(accountId, asked, () => fields));
    }
    case 'PATCH': {
      const body = await bodyOf(request);
      return shown(await store.change(accountId, asked, (before) => fieldsOf(patched(before, body))));
    }
    case 'DELETE':
      await store.remove(accountId, asked);
      return { status: 204 };
    default:
      throw new ScimError(405, `This cannot be asked for with ${method}.`);
  }
}

/** RFC 7644 §3.14. `*` is whatever is there. */
function versionOf(request: Request): number | undefined {
  const asked = request.headers.get('if-match');
  if (asked === null || asked === '*') return undefined;
  const [, version] = /^(?:W\/)?"(\d{1,9})"$/.exec(asked) ?? [];
  // What was never a version is none that is there.
  return version === undefined ? -1 : Number(version);
}

async function bodyOf(request: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_BYTES_MAX) throw new ScimError(413, `At most ${BODY_BYTES_MAX} bytes are read.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ScimError(400, 'The body is not JSON.', 'invalidSyntax');
  }
}
