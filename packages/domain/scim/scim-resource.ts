/** Users and groups as SCIM writes them (RFC 7643 §4), and what it says of them (§5 to §7). */
import { z } from 'zod';
import { ScimError } from './scim-error.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const CONFIG_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const SCHEMA_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';
const TYPE_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

export const PAGE_COUNT_MAX = 200;
export const MEMBER_COUNT_MAX = 1_000;
export const OPERATION_COUNT_MAX = 100;

const text = z.string().trim().min(1).max(200);
/** Some write booleans as texts. */
const flag = z
  .union([z.boolean(), z.enum(['True', 'False', 'true', 'false'])])
  .transform((value) => (typeof value === 'boolean' ? value : value.toLowerCase() === 'true'));

/** Attributes that are not kept are left aside (RFC 7644 §3.3): what is kept is checked. */
export const userBody = z.object({
  userName: z.email().max(254),
  externalId: text.nullish(),
  displayName: text.nullish(),
  name: z
    .object({
      formatted: z.string().max(200).nullish(),
      givenName: z.string().max(100).nullish(),
      familyName: z.string().max(100).nullish(),
    })
    .nullish(),
  active: flag.default(true),
});
export const groupBody = z.object({
  displayName: text,
  externalId: text.nullish(),
  members: z
    .array(z.object({ value: z.string().max(64) }))
    .max(MEMBER_COUNT_MAX)
    .default([]),
});

/** What is kept of a user. */
export interface ScimUserFields {
  readonly userName: string;
  readonly externalId: string | undefined;
  /** What they are called, of whichever attribute says it. */
  readonly displayName: string | undefined;
  readonly isActive: boolean;
}

export interface ScimGroupFields {
  readonly displayName: string;
  readonly externalId: string | undefined;
  readonly memberIds: readonly string[];
}

export function parseAs<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new ScimError(400, `${place}: ${issue?.message ?? 'It does not fit.'}`, 'invalidValue');
}

export function userFields(body: unknown): ScimUserFields {
  const { userName, externalId, displayName, name, active } = parseAs(userBody, body);
  const full = [name?.givenName, name?.familyName].filter(Boolean).join(' ');
  return {
    userName: userName.toLowerCase(),
    externalId: externalId ?? undefined,
    displayName: displayName ?? (name?.formatted || full || undefined),
    isActive: active,
  };
}

export function groupFields(body: unknown): ScimGroupFields {
  const { displayName, externalId, members } = parseAs(groupBody, body);
  return {
    displayName,
    externalId: externalId ?? undefined,
    memberIds: [...new Set(members.map(({ value }) => value))],
  };
}

interface Kept {
  readonly id: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

export interface ScimUser extends Kept, ScimUserFields {
  readonly displayName: string;
  readonly groups: readonly { readonly id: string; readonly displayName: string }[];
}

export interface ScimGroup extends Kept, Omit<ScimGroupFields, 'memberIds'> {
  readonly members: readonly { readonly id: string; readonly userName: string }[];
}

/** Weak, for what is derived may be written in another order (RFC 7644 §3.14). */
export const etagOf = ({ version }: Pick<Kept, 'version'>): string => `W/"${version}"`;

const metaOf = (kept: Kept, resourceType: 'User' | 'Group', baseUrl: string) => ({
  resourceType,
  created: kept.createdAt.toISOString(),
  lastModified: kept.changedAt.toISOString(),
  version: etagOf(kept),
  location: `${baseUrl}/${resourceType}s/${kept.id}`,
});

export const toUser = (user: ScimUser, baseUrl: string) => ({
  schemas: [USER_SCHEMA],
  id: user.id,
  ...(user.externalId === undefined ? {} : { externalId: user.externalId }),
  userName: user.userName,
  displayName: user.displayName,
  name: { formatted: user.displayName },
  emails: [{ value: user.userName, type: 'work', primary: true }],
  active: user.isActive,
  groups: user.groups.map(({ id, displayName }) => ({
    value: id,
    display: displayName,
    $ref: `${baseUrl}/Groups/${id}`,
  })),
  meta: metaOf(user, 'User', baseUrl),
});

export const toGroup = (group: ScimGroup, baseUrl: string) => ({
  schemas: [GROUP_SCHEMA],
  id: group.id,
  ...(group.externalId === undefined ? {} : { externalId: group.externalId }),
  displayName: group.displayName,
  members: group.members.map(({ id, userName }) => ({
    value: id,
    display: userName,
    type: 'User',
    $ref: `${baseUrl}/Users/${id}`,
  })),
  meta: metaOf(group, 'Group', baseUrl),
});

/** RFC 7644 §3.4.2. */
export const toList = (
  resources: readonly object[],
  { totalCount, startIndex }: { readonly totalCount: number; readonly startIndex: number },
) => ({
  schemas: [LIST_SCHEMA],
  totalResults: totalCount,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});

/** What this service does of SCIM (RFC 7643 §5). */
export const serviceProviderConfig = (baseUrl: string) => ({
  schemas: [CONFIG_SCHEMA],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: PAGE_COUNT_MAX },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'The token of the organisation, which its owners see once.',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
});

const types = [
  { id: 'User', endpoint: '/Users', schema: USER_SCHEMA, description: 'Somebody of the organisation.' },
  { id: 'Group', endpoint: '/Groups', schema: GROUP_SCHEMA, description: 'A group, which may give a role.' },
] as const;

export const resourceTypes = (baseUrl: string) =>
  types.map(({ id, ...rest }) => ({
    schemas: [TYPE_SCHEMA],
    id,
    name: id,
    ...rest,
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${id}` },
  }));

interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'complex';
  readonly isRequired?: boolean;
  readonly isUnique?: boolean;
  readonly isReadOnly?: boolean;
  readonly isMany?: boolean;
  readonly parts?: readonly Attribute[];
}

/** RFC 7643 §7. */
const toAttribute = ({ name, type, parts, ...more }: Attribute): object => ({
  name,
  type,
  multiValued: more.isMany === true,
  required: more.isRequired === true,
  caseExact: false,
  mutability: more.isReadOnly === true ? 'readOnly' : 'readWrite',
  returned: 'default',
  uniqueness: more.isUnique === true ? 'server' : 'none',
  ...(parts === undefined ? {} : { subAttributes: parts.map(toAttribute) }),
});

const value: Attribute = { name: 'value', type: 'string' };
const attributes: Readonly<Record<string, readonly Attribute[]>> = {
  [USER_SCHEMA]: [
    { name: 'userName', type: 'string', isRequired: true, isUnique: true },
    { name: 'displayName', type: 'string' },
    {
      name: 'name',
      type: 'complex',
      parts: ['formatted', 'givenName', 'familyName'].map((name) => ({ name, type: 'string' })),
    },
    { name: 'emails', type: 'complex', isMany: true, isReadOnly: true, parts: [value] },
    { name: 'active', type: 'boolean' },
    { name: 'groups', type: 'complex', isMany: true, isReadOnly: true, parts: [value] },
  ],
  [GROUP_SCHEMA]: [
    { name: 'displayName', type: 'string', isRequired: true, isUnique: true },
    { name: 'members', type: 'complex', isMany: true, parts: [value] },
  ],
};

export const schemas = (baseUrl: string) =>
  types.map(({ id: name, schema: id, description }) => ({
    schemas: [SCHEMA_SCHEMA],
    id,
    name,
    description,
    attributes: (attributes[id] ?? []).map(toAttribute),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  }));
