/**
 * Walks the registry. These promises hold for every service and domain, the ones not yet written included: a face casts
 * once at its edge, and this file is what makes the cast true.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ServiceDefinition } from '@patchbay/kit/definition';
import { idPrefixes } from '@patchbay/kit/ids';
import { services } from '@patchbay/services/registry.generated';
import {
  CHILD_ACCOUNT,
  createApiHarness,
  GRANDCHILD_ACCOUNT,
  PARENT_ACCOUNT,
  SIBLING_ACCOUNT,
  STRANGER_ACCOUNT,
} from '@patchbay/testing/api-harness';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accountPath, operations as sdkOperations } from '../../sdk/src/operations.generated.ts';
import { errorDefinitionOf, type MountedOperation, mountedOperations } from './mounted.ts';
import { openApiDocument } from './openapi.ts';
import { isConditional, replacedBy } from './precondition.ts';

const { router } = createApiHarness();
const document = openApiDocument(router, { version: '2026-11-24', baseUrl: '/' });
const root = path.resolve(import.meta.dirname, '../../..');
const nameOf = ({ group, name }: MountedOperation) => `${group}.${name}`;

/** All test sources of the folder that declares an operation. */
function testsOf({ owner }: MountedOperation): string {
  const parent = owner.kind === 'service' ? 'packages/services/src' : 'packages/domain';
  const folder = path.join(root, parent, owner.definition.name);
  if (!existsSync(folder)) return '';
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
  return files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('');
}

describe.each(mountedOperations.map((mounted) => [nameOf(mounted), mounted] as const))(
  '%s',
  (_name, mounted) => {
    const { group, name, operation, owner } = mounted;
    const served = document.paths[mounted.path]?.[operation.method.toLowerCase()];

    test('C47: is a tRPC procedure, a REST resource in the OpenAPI document, and an SDK method', () => {
      expect(router._def.procedures).toHaveProperty([`${group}.${name}`]);
      expect(served).toBeDefined();
      const written = (sdkOperations as Record<string, Record<string, string>>)[group]?.[name] ?? '';
      const [verb, route] = written.replace('~', accountPath).split(' ');
      expect([verb?.replace(/^(LIST|MORE)$/, 'GET'), route]).toEqual([operation.method, mounted.path]);
    });

    test('documents its own refusals and no other', () => {
      const statuses = operation.errors.map((code) => String(errorDefinitionOf(owner, code).status));
      if (isConditional(mounted)) statuses.push('412');
      expect(new Set(Object.keys(served?.responses ?? {}))).toEqual(new Set(['200', 'default', ...statuses]));
    });

    test('says that it takes an Idempotency-Key, and which credential, as far as it does', () => {
      const named = (served?.parameters ?? []).map((parameter) => (parameter as { name: string }).name);
      expect(named.includes('Idempotency-Key')).toBe(operation.method !== 'GET');
      expect(named.includes('If-Match')).toBe(isConditional(mounted));
      const { security } = served as { security?: readonly object[] };
      const shown = { none: [], user: [{ Session: [] }], principal: [{ Authorization: [] }] };
      expect(security ?? []).toEqual(shown[mounted.authentication]);
    });

    test('holds no list and no record without a bound, and the OpenAPI document says which', () => {
      const body = served?.requestBody?.content['application/json']?.schema;
      expect(unbounded(withReferences(body ?? {}))).toEqual([]);
    });

    test('replaces only what there is to read, where it is read', () => {
      if (operation.replaces === undefined) return;
      const read = replacedBy(mounted);
      expect([read?.operation.method, read?.owner]).toEqual(['GET', owner]);
    });

    test('asks for no boolean in a query', () => {
      if (operation.method !== 'GET' && operation.method !== 'DELETE') return;
      const { properties = {} } = z.toJSONSchema(operation.request, { io: 'input' });
      expect(JSON.stringify(properties)).not.toContain('"type":"boolean"');
    });

    test('takes no time that a database or a calendar does not have', () => {
      const times = Object.entries<z.ZodType>(operation.request.shape).filter(
        ([, field]) =>
          field.safeParse('2026-11-01T00:00:00.000Z').success && !field.safeParse('2026-11-01T').success,
      );
      const far = ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z'];
      const taken = times.filter(([, field]) => far.some((time) => field.safeParse(time).success));
      expect(taken.map(([name]) => name)).toEqual([]);
    });

    // What every service has is tested once, in rest.test.ts.
    if (owner.kind === 'service' && owner.isDerived) return;

    test('has a test for its success and for each refusal', () => {
      const source = testsOf(mounted);
      const statuses = [200, ...operation.errors.map((code) => errorDefinitionOf(owner, code).status)];
      const missing = statuses.filter(
        (status) =>
          !source.includes(`'${name} ${status}: `) && !source.includes(`'${group}.${name} ${status}: `),
      );
      expect(missing).toEqual([]);
    });
  },
);

/** The schema with what it refers to in its place. */
function withReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withReferences);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref } = schema as { readonly $ref?: string };
  if ($ref !== undefined) return withReferences(document.components.schemas?.[$ref.split('/').at(-1) ?? '']);
  return Object.fromEntries(Object.entries(schema).map(([name, each]) => [name, withReferences(each)]));
}

/** Where a schema has a list or a record that is as long as its sender likes. */
function unbounded(schema: unknown, place = ''): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, maxItems, maxProperties, additionalProperties } = schema as Readonly<Record<string, unknown>>;
  const isOpen =
    (type === 'array' && maxItems === undefined) ||
    (typeof additionalProperties === 'object' && maxProperties === undefined);
  return [
    ...(isOpen ? [place] : []),
    ...Object.entries(schema).flatMap(([name, each]) => unbounded(each, `${place}/${name}`)),
  ];
}

const onAccounts = mountedOperations.filter(({ mount }) => mount === 'account');

/** Who asks about the child. A parent and those above it reach down; nobody reaches up or sideways (ACC-3). */
const outsiders = {
  stranger: STRANGER_ACCOUNT,
  sibling: SIBLING_ACCOUNT,
  'child of its own': GRANDCHILD_ACCOUNT,
};

/** A request that nothing but reach can refuse. */
function requestFor({ operation, path: route }: MountedOperation, accountId: string) {
  const request = operation.request.shape;
  const filled = route
    .replace('{accountId}', accountId)
    .replace(/\{(\w+)\}/g, (_match, field: string) => exampleOf(request[field] as z.ZodType));
  const rest = Object.entries(request).filter(([field]) => !route.includes(`{${field}}`));
  const values = rest.flatMap(([field, schema]) => {
    const value = exampleValue(schema as z.ZodType);
    return value === undefined ? [] : [[field, value] as const];
  });
  const isQuery = operation.method === 'GET' || operation.method === 'DELETE';
  const query = isQuery
    ? `?${new URLSearchParams(values.map(([field, value]) => [field, String(value)]))}`
    : '';
  return { path: `${filled}${query}`, extra: isQuery ? {} : { body: Object.fromEntries(values) } };
}

describe.each(Object.entries(outsiders))('C1: %s: an account out of reach does not exist', (_who, as) => {
  // To build the faces takes longer than to ask them: all who ask here ask the same ones.
  const { call, audited, usage } = createApiHarness({ requestsMax: Number.POSITIVE_INFINITY });

  test.each(onAccounts.map((mounted) => [nameOf(mounted), mounted] as const))(
    '%s',
    async (_name, mounted) => {
      const { path: route, extra } = requestFor(mounted, CHILD_ACCOUNT);
      const answer = await call(mounted.operation.method, route, { as, ...extra });
      expect(answer).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
      // The same words as for an account that does not exist.
      const nowhere = CHILD_ACCOUNT.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
      const missing = await call(mounted.operation.method, route.replace(CHILD_ACCOUNT, nowhere), {
        as,
        ...extra,
      });
      const blank = ({ body }: typeof answer, id: string) =>
        JSON.stringify({ ...body, requestId: '' }).replaceAll(id, '');
      expect(blank(answer, CHILD_ACCOUNT)).toBe(blank(missing, nowhere));
      expect(audited).toEqual([]);
      // It is counted for who asked, and for nobody else.
      expect(usage.filter(({ accountId }) => accountId === CHILD_ACCOUNT)).toEqual([]);
    },
  );
});

describe('by scope and operation, denied unless it is given', () => {
  const { call, audited } = createApiHarness({
    scopes: ['nothing:read'],
    requestsMax: Number.POSITIVE_INFINITY,
  });

  test.each(onAccounts.map((mounted) => [nameOf(mounted), mounted] as const))(
    'C24: %s: a key without its scope is refused, and changes nothing (ACC-4)',
    async (_name, mounted) => {
      const { path: route, extra } = requestFor(mounted, CHILD_ACCOUNT);
      const answer = await call(mounted.operation.method, route, extra);
      expect(answer).toMatchObject({ status: 403, body: { code: 'auth.scope' } });
      expect(audited).toEqual([]);
    },
  );
});

describe('a role that an account defined (ACC-3, C24)', () => {
  const scopeOf = ({ scopeName, name }: MountedOperation) => `${scopeName}:${name}`;
  const scopes = onAccounts.map(scopeOf);
  const holder = (which: 'only' | 'all-but', scope: string) => `${which}.${scope.replace(':', '.')}`;
  const holderOf = (held: readonly string[]) =>
    ({ accountId: PARENT_ACCOUNT, role: 'custom', scopes: held }) as const;
  const people = Object.fromEntries(
    scopes.flatMap((scope) => [
      [holder('only', scope), holderOf([scope])],
      [holder('all-but', scope), holderOf(scopes.filter((other) => other !== scope))],
    ]),
  );
  const { call } = createApiHarness({ people, requestsMax: Number.POSITIVE_INFINITY });
  const may = async (mounted: MountedOperation, as: string) => {
    const { path: route, extra } = requestFor(mounted, CHILD_ACCOUNT);
    const { body } = await call(mounted.operation.method, route, { as, ...extra });
    return body.code !== 'auth.scope';
  };

  test.each(onAccounts.map((mounted) => [nameOf(mounted), mounted] as const))(
    '%s: with its scope, and with no other',
    async (_name, mounted) => {
      const scope = scopeOf(mounted);
      expect(await may(mounted, holder('only', scope))).toBe(true);
      expect(await may(mounted, holder('all-but', scope))).toBe(false);
    },
  );
});

/** A value that a required field accepts; undefined for a field that may be left out. */
function exampleValue(schema: z.ZodType): unknown {
  if (schema.safeParse(undefined).success) return undefined;
  const ids = Object.keys(idPrefixes).map((prefix) => `${prefix}_${'0'.repeat(29)}`);
  const texts = [
    '2026-11-01T00:00:00.000Z',
    'a@b.test',
    'https://b.test/',
    'b.test',
    '2026-11',
    '2026-11-01',
    'EUR',
    'owner',
    'ended',
    'cancelled',
    'user:nobody',
    'declined',
    'away',
    'paid',
    'network-discovery',
    'web-push',
    'delivered',
    'light',
    'mark',
    'mp3',
    '100',
    'sk_test_1',
    ...ids,
  ];
  const objects = [{}, { meter: 'network-discovery.bytes' }, { kind: 'threshold', limit: 1 }];
  const found = [...texts, ...objects, [], ['*'], ['audio'], ['whsec_1'], 1, true].find(
    (value) => schema.safeParse(value).success,
  );
  if (found === undefined)
    throw new Error(`No example is known for ${JSON.stringify(z.toJSONSchema(schema))}.`);
  return found;
}

const exampleOf = (schema: z.ZodType): string => String(exampleValue(schema));

test('no field of a configuration has the name of what its path names', () => {
  const taken = Object.values(services).flatMap(({ config }) =>
    Object.keys(config.shape).filter((field) =>
      ['accountId', 'applicationId', 'instanceType', 'endpointId', 'from'].includes(field),
    ),
  );
  expect(taken).toEqual([]);
});

test.each(Object.values(services))(
  '$name works with nothing configured, and says how each field is merged',
  (service) => {
    const { config, merge } = service as ServiceDefinition;
    expect(config.safeParse({}).success).toBe(true);
    expect(Object.keys(merge).sort()).toEqual(Object.keys(config.shape).sort());
  },
);

test('no path shadows another: the router takes the first that fits', () => {
  const pattern = (route: string) => new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`);
  const routes = mountedOperations.map(({ operation: { method }, path: route }) => ({ method, route }));
  const shadowed = routes.filter(({ method, route }) =>
    routes.some(
      (other) => other.route !== route && other.method === method && pattern(other.route).test(route),
    ),
  );
  expect(shadowed).toEqual([]);
});

test('every address that answers no JSON is described with its media type, and there is one of each that is described (API-1)', () => {
  const app = path.join(root, 'apps/control-plane/src/app');
  const routes = ['v1', 'api/exports', 'api/media'].flatMap((folder) =>
    readdirSync(path.join(app, folder), { recursive: true, encoding: 'utf8' }).flatMap((file) =>
      path.basename(file) === 'route.ts' ? [`/${folder}/${path.dirname(file)}`] : [],
    ),
  );
  const files = routes
    .filter((route) => !route.endsWith('.json') && !route.endsWith('[...path]'))
    .map((route) => route.replaceAll('[', '{').replaceAll(']', '}'));
  const described = Object.entries(document.paths).filter(([, served]) =>
    Object.values(served).some(({ responses }) => !(JSON_TYPE in contentOf(responses['200']))),
  );
  expect(described.map(([address]) => address).sort()).toEqual(files.sort());
  for (const [address, { get }] of described) {
    expect(Object.entries(contentOf(get?.responses['200'])), address).toEqual([
      [expect.stringMatching(/^(application|text)\/[a-z-]+$/), { schema: expect.anything() }],
    ]);
    const placed = (get?.parameters ?? []).map((each) => (each as { name: string }).name);
    const wanted = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    expect(placed, address).toEqual(expect.arrayContaining(wanted));
  }
});

const JSON_TYPE = 'application/json';
const contentOf = (response: unknown) =>
  (response as { readonly content?: Readonly<Record<string, unknown>> } | undefined)?.content ?? {};
