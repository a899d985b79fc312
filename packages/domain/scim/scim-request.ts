/** What a request of SCIM asks for: a filter, a page, a patch (RFC 7644 §3.4, §3.5.2). Text in, plain values out. */
import { z } from 'zod';
import { ScimError } from './scim-error.ts';
import {
  OPERATION_COUNT_MAX,
  PAGE_COUNT_MAX,
  parseAs,
  type ScimGroupFields,
  type ScimUserFields,
} from './scim-resource.ts';

export interface ScimFilter {
  /** In lower case: names of attributes have no case (RFC 7643 §2.1). */
  readonly attribute: string;
  readonly value: string;
}

/** `userName eq "ada@example.com"`, of one of the attributes that can be asked for. */
const equality = /^\s*([A-Za-z.]+)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*$/i;
const FILTER_CHARACTERS_MAX = 500;

export function parseFilter(filter: string | null, attributes: readonly string[]): ScimFilter | undefined {
  if (filter === null || filter.trim() === '') return undefined;
  const [, name = '', quoted = ''] =
    (filter.length <= FILTER_CHARACTERS_MAX ? equality.exec(filter) : null) ?? [];
  const attribute = name.toLowerCase();
  if (!attributes.some((one) => one.toLowerCase() === attribute))
    throw new ScimError(400, `A filter is one of ${attributes.join(', ')}, eq, and a text.`, 'invalidFilter');
  return { attribute, value: quoted.replace(/\\(.)/g, '$1') };
}

/** RFC 7644 §3.4.2.4: what is less than 1 is 1, and a negative count is 0. */
export function parsePage(query: URLSearchParams): { readonly startIndex: number; readonly count: number } {
  const number = (name: string, otherwise: number) => {
    const text = query.get(name);
    if (text === null) return otherwise;
    if (!/^-?\d{1,9}$/.test(text)) throw new ScimError(400, `${name} is a whole number.`, 'invalidValue');
    return Number(text);
  };
  return {
    startIndex: Math.max(1, number('startIndex', 1)),
    count: Math.min(PAGE_COUNT_MAX, Math.max(0, number('count', PAGE_COUNT_MAX))),
  };
}

const patch = z.object({
  Operations: z
    .array(
      z.object({
        // Entra ID writes them with a capital.
        op: z
          .string()
          .transform((op) => op.toLowerCase())
          .pipe(z.enum(['add', 'replace', 'remove'])),
        path: z.string().max(300).optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(OPERATION_COUNT_MAX),
});

interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  /** In lower case, without the schema it may begin with. */
  readonly path: string;
  readonly value: unknown;
}

const schemaPrefix = /^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/i;

/** Each attribute by itself: an operation without a path brings an object of them (RFC 7644 §3.5.2.1). */
function operationsOf(body: unknown): readonly Operation[] {
  return parseAs(patch, body).Operations.flatMap(({ op, path, value }): readonly Operation[] => {
    if (path !== undefined) return [{ op, path: path.replace(schemaPrefix, ''), value }];
    if (op === 'remove') throw new ScimError(400, 'What to remove is said by a path.', 'noTarget');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ScimError(400, 'Without a path, a value is an object.', 'invalidValue');
    return Object.entries(value).map(([name, one]) => ({
      op,
      path: name.replace(schemaPrefix, ''),
      value: one,
    }));
  });
}

/** Of a user as a request would write them: what a patch comes to is judged like any other. */
interface UserDraft {
  userName: unknown;
  externalId: unknown;
  displayName: unknown;
  name: unknown;
  active: unknown;
}

/** Attributes that are known and not kept. */
const leftAside =
  /^(emails|phonenumbers|addresses|title|nickname|profileurl|usertype|preferredlanguage|locale|timezone|roles|entitlements|photos|ims|x509certificates|schemas|id|meta|urn:.*)(\W.*)?$/;

export function patchedUser(
  { userName, externalId, displayName, isActive }: ScimUserFields,
  body: unknown,
): object {
  const draft: UserDraft = { userName, externalId, displayName, name: undefined, active: isActive };
  const names: Record<string, unknown> = {};
  for (const { op, path, value } of operationsOf(body)) {
    const said = op === 'remove' ? undefined : value;
    switch (path.toLowerCase()) {
      case 'username':
        draft.userName = said;
        break;
      case 'externalid':
        draft.externalId = said;
        break;
      case 'active':
        draft.active = said;
        break;
      case 'displayname':
        draft.displayName = said;
        break;
      case 'name':
        draft.displayName = undefined;
        draft.name = said;
        break;
      case 'name.formatted':
      case 'name.givenname':
      case 'name.familyname':
        names[path.toLowerCase()] = said;
        break;
      default:
        if (!leftAside.test(path.toLowerCase()))
          throw new ScimError(400, `There is no attribute ${path}.`, 'invalidPath');
    }
  }
  if (Object.keys(names).length > 0 && draft.displayName === displayName) {
    const [formatted, givenName, familyName] = ['formatted', 'givenname', 'familyname'].map(
      (one) => names[`name.${one}`],
    );
    // One half of a name alone says nothing of the other.
    if (formatted !== undefined || (givenName !== undefined && familyName !== undefined)) {
      draft.displayName = undefined;
      draft.name = { formatted, givenName, familyName };
    }
  }
  return draft;
}

const memberPath = /^members\[value eq "([^"]{1,64})"\]$/i;

const membersOf = (value: unknown): readonly string[] => {
  const listed: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return listed.map((one) => {
    const id = (one as { readonly value?: unknown } | null)?.value;
    if (typeof id !== 'string') throw new ScimError(400, 'members: each has a value.', 'invalidValue');
    return id;
  });
};

export function patchedGroup({ displayName, externalId, memberIds }: ScimGroupFields, body: unknown): object {
  const draft: { displayName: unknown; externalId: unknown } = { displayName, externalId };
  let members = new Set(memberIds);
  for (const { op, path, value } of operationsOf(body)) {
    const name = path.toLowerCase();
    const [, single] = memberPath.exec(path) ?? [];
    if (single !== undefined && op === 'remove') members.delete(single);
    else if (name === 'members') members = changedMembers(members, { op, ids: membersOf(value) });
    else if (name === 'displayname') draft.displayName = op === 'remove' ? undefined : value;
    else if (name === 'externalid') draft.externalId = op === 'remove' ? undefined : value;
    else if (!leftAside.test(name)) throw new ScimError(400, `There is no attribute ${path}.`, 'invalidPath');
  }
  return { ...draft, members: [...members].map((id) => ({ value: id })) };
}

function changedMembers(
  members: ReadonlySet<string>,
  { op, ids }: { readonly op: Operation['op']; readonly ids: readonly string[] },
): Set<string> {
  if (op === 'replace') return new Set(ids);
  if (op === 'add') return new Set([...members, ...ids]);
  // Without a value, all of them (RFC 7644 §3.5.2.2).
  return ids.length === 0 ? new Set() : new Set([...members].filter((id) => !ids.includes(id)));
}
