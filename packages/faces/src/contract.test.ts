/**
 * Walks the registry. These promises hold for every service and domain, the ones not yet written included: a face casts
 * once at its edge, and this file is what makes the cast true.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createApiHarness, PARENT_ACCOUNT, STRANGER_ACCOUNT } from '@patchbay/testing/api-harness';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operations as sdkOperations } from '../../sdk/src/operations.generated.ts';
import { errorDefinitionOf, type MountedOperation, mountedOperations } from './mounted.ts';
import { openApiDocument } from './openapi.ts';

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

    test('is a tRPC procedure, a REST resource and an SDK method', () => {
      expect(router._def.procedures).toHaveProperty([`${group}.${name}`]);
      expect(served).toBeDefined();
      const [method, route] =
        (sdkOperations as Record<string, Record<string, readonly string[]>>)[group]?.[name] ?? [];
      expect([method, route]).toEqual([operation.method, mounted.path]);
    });

    test('documents its own refusals and no other', () => {
      const statuses = operation.errors.map((code) => String(errorDefinitionOf(owner, code).status));
      expect(new Set(Object.keys(served?.responses ?? {}))).toEqual(new Set(['200', 'default', ...statuses]));
    });

    test('asks for no boolean in a query', () => {
      if (operation.method !== 'GET' && operation.method !== 'DELETE') return;
      const { properties = {} } = z.toJSONSchema(operation.request, { io: 'input' });
      expect(JSON.stringify(properties)).not.toContain('"type":"boolean"');
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

const onAccounts = mountedOperations.filter(({ mount }) => mount === 'account');

test.each(onAccounts.map((mounted) => [nameOf(mounted), mounted] as const))(
  '%s: an account out of reach does not exist (C1)',
  async (_name, { operation, path: route }) => {
    const { call, audited } = createApiHarness();
    const request = operation.request.shape;
    const filled = route
      .replace('{accountId}', STRANGER_ACCOUNT)
      .replace(/\{(\w+)\}/g, (_match, field: string) => exampleOf(request[field] as z.ZodType));
    const required = Object.entries(request).filter(([field]) => !route.includes(`{${field}}`));
    const values = required.flatMap(([field, schema]) => {
      const value = exampleValue(schema as z.ZodType);
      return value === undefined ? [] : [[field, value] as const];
    });
    const isQuery = operation.method === 'GET' || operation.method === 'DELETE';
    const query = isQuery
      ? `?${new URLSearchParams(values.map(([field, value]) => [field, String(value)]))}`
      : '';
    const body = isQuery ? {} : { body: Object.fromEntries(values) };
    const answer = await call(operation.method, `${filled}${query}`, { as: PARENT_ACCOUNT, ...body });
    expect(answer).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
    expect(audited).toEqual([]);
  },
);

/** A value that a required field accepts; undefined for a field that may be left out. */
function exampleValue(schema: z.ZodType): unknown {
  if (schema.safeParse(undefined).success) return undefined;
  const ids = ['acc', 'app', 'key', 'ses', 'usr'].map((prefix) => `${prefix}_${'0'.repeat(29)}`);
  const texts = [
    '2026-11-01T00:00:00.000Z',
    'a@b.test',
    '2026-11',
    'EUR',
    'owner',
    'ended',
    'network-discovery',
    ...ids,
  ];
  const found = [...texts, {}, [], 1].find((value) => schema.safeParse(value).success);
  if (found === undefined)
    throw new Error(`No example is known for ${JSON.stringify(z.toJSONSchema(schema))}.`);
  return found;
}

const exampleOf = (schema: z.ZodType): string => String(exampleValue(schema));

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
