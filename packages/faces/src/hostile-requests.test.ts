/** What holds for whatever anybody sends to any operation there is, the ones not yet written included. */
import { CHILD_ACCOUNT, createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isOfOneself, type MountedOperation, mountedOperations } from './mounted.ts';

const nameOf = ({ group, name }: MountedOperation) => `${group}.${name}`;
const each = mountedOperations.map((mounted) => [nameOf(mounted), mounted] as const);
const takesBody = ({ operation }: MountedOperation) => !['GET', 'DELETE'].includes(operation.method);

/** What an attacker would like to set of an account, a role or a bill. */
const coveted = {
  role: 'owner',
  balance: 1_000_000,
  suspended: false,
  parentId: PARENT_ACCOUNT,
  organisationId: 'org_1',
  createdBy: 'usr_1',
  isAdmin: true,
};

/** The address of an operation at the parent's account, with something in each of its parameters. */
const addressOf = ({ path }: MountedOperation, fields: Readonly<Record<string, unknown>>) =>
  path
    .replace('{accountId}', PARENT_ACCOUNT)
    .replace(/\{(\w+)\}/g, (_match, field: string) => String(fields[field]));

/** To build the faces takes longer than to ask them. */
const harness = () =>
  createApiHarness({
    requestsMax: Number.POSITIVE_INFINITY,
    people: { ada: { accountId: PARENT_ACCOUNT, role: 'owner' } },
  });

describe('C16: nobody sets what an operation does not declare', () => {
  const { call, audited } = harness();

  test.each(each.filter(([, mounted]) => takesBody(mounted)))('%s', async (_name, mounted) => {
    const { operation } = mounted;
    const fields = forgedRequest(operation.request, {});
    const inPath = Object.keys(fields).filter((field) => mounted.path.includes(`{${field}}`));
    const body = Object.fromEntries(Object.entries(fields).filter(([field]) => !inPath.includes(field)));
    for (const [field, value] of Object.entries(coveted)) {
      if (field in operation.request.shape) continue;
      const answer = await call(operation.method, addressOf(mounted, fields), {
        body: { ...body, [field]: value },
        // What is a person's own no key may do at all.
        ...(isOfOneself(mounted) ? { as: 'ada' } : {}),
      });
      expect(answer, field).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
      expect(answer.body.detail).toContain(field);
      expect(audited).toEqual([]);
    }
  });

  test('the account of a request is the one of its path, whatever its body says', async () => {
    const config = `/v1/accounts/${CHILD_ACCOUNT}/services/network-discovery/config`;
    const body = { bitsPerSecondMax: 64_000, accountId: PARENT_ACCOUNT };
    const { status } = await call('PUT', config, { body, as: CHILD_ACCOUNT });
    if (status !== 400) expect(audited).toMatchObject([{ accountId: CHILD_ACCOUNT }]);
    expect((await call('GET', config.replace(CHILD_ACCOUNT, PARENT_ACCOUNT))).body.stored).toEqual({});
  });
});

/** Every property that a schema has, at any depth. */
function propertiesOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: Readonly<Record<string, unknown>> };
  return [...Object.keys(properties), ...Object.values(schema).flatMap(propertiesOf)];
}

describe('C17: an answer has what its operation declares, and no secret but to whoever just made it', () => {
  /** Of how something is stored, or of somebody else's system: in no answer at all. */
  const inside = /hash|ciphertext|mintKey|stripe|salt/i;
  const secret = /^(secret|password|token|credential|setUpPath)$/i;

  test.each(each)('%s', (_name, { operation }) => {
    const { response, method } = operation;
    expect(response).toBeInstanceOf(z.ZodObject);
    // What a handler hands out beyond it is dropped, and not passed on.
    expect((response as z.ZodObject).def.catchall).toBeUndefined();
    const properties = propertiesOf(z.toJSONSchema(response, { unrepresentable: 'any', io: 'output' }));
    expect(properties.filter((name) => inside.test(name))).toEqual([]);
    if (method === 'GET') expect(properties.filter((name) => secret.test(name))).toEqual([]);
  });
});

const lists = each.filter(([, { operation }]) => 'items' in operation.response.shape);

/** Whose items are a few numbers each, and are read by the thousand. */
const rowsMax: Readonly<Record<string, number>> = {
  'statements.listEntries': 1_000,
  'sessions.listLog': 500,
};

test.each(lists)(
  'C20: %s answers at most 100 at a time, or a few times as many short rows',
  (name, { operation }) => {
    const { limit } = operation.request.shape;
    if (limit === undefined) return expect(operation.response.shape).not.toHaveProperty('nextCursor');
    const countMax = rowsMax[name] ?? 100;
    // A query is text; of a body nothing is coerced.
    const given = (value: string) => (operation.method === 'GET' ? value : Number(value));
    const accepts = (value: string) => (limit as z.ZodType).safeParse(given(value)).success;
    expect([String(countMax), String(countMax + 1)].map(accepts)).toEqual([true, false]);
    expect(['0', '-1', '1e9', '1.5', 'all'].filter(accepts)).toEqual([]);
  },
);

/** Where a pattern that backtracks would take for ever. */
const long = 50_000;
const hostileTexts: readonly string[] = [
  'a'.repeat(long),
  ' '.repeat(long),
  `${'a'.repeat(long)}!`,
  `${'a@'.repeat(long / 2)}`,
  `${'a.'.repeat(long / 2)}@`,
  `${'-'.repeat(long)}\n`,
  `${'0'.repeat(long)}x`,
  `https://${'a.'.repeat(long / 2)}`,
  `mon-fri ${'0:'.repeat(long / 2)}`,
  `${'1.'.repeat(long / 2)}/`,
  '(((((((('.repeat(long / 8),
];
const VALIDATION_MS_MAX = 10;

/** Many operations share their schemas: each is judged once. */
const judged = new Set<z.ZodType>();

/** What it costs to judge a value, in time of the processor: what else runs on it does not count. */
function judgingMs(schema: z.ZodType, value: unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && best >= VALIDATION_MS_MAX; tries++) {
    const before = process.cpuUsage();
    schema.safeParse(value);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

test.each(each)(
  'C22: %s takes no pattern, and judges 50 kB of hostile text in 10 ms',
  (_name, { operation }) => {
    const fields = Object.entries(operation.request.shape) as [string, z.ZodType][];
    expect(fields.filter(([field]) => /regex|pattern/i.test(field))).toEqual([]);
    const slow = fields.flatMap(([field, schema]) =>
      hostileTexts
        .flatMap((text) => [text, [text], { [field]: text }])
        .filter((value) => judgingMs(schema, value) >= VALIDATION_MS_MAX)
        .map((value) => `${field}: ${JSON.stringify(value).slice(0, 20)}…`),
    );
    expect(slow).toEqual([]);
  },
);

describe('C25: nothing is served but what is declared, and nothing of it to nobody', () => {
  const { router, call } = harness();

  test('every procedure is a declared operation: there is none whose name one could guess', () => {
    expect(Object.keys(router._def.procedures).toSorted()).toEqual(each.map(([name]) => name).toSorted());
  });

  test('without a credential there is signing up and where the platform is reached, and nothing else', async () => {
    const open: string[] = [];
    for (const [name, mounted] of each) {
      const fields = forgedRequest(mounted.operation.request, {});
      const options = takesBody(mounted) ? { body: {} } : {};
      const { status } = await call(mounted.operation.method, addressOf(mounted, fields), {
        ...options,
        as: null,
      });
      if (status !== 401) open.push(name);
    }
    expect(open).toEqual(
      each.filter(([, { authentication }]) => authentication === 'none').map(([name]) => name),
    );
    expect(open).toEqual(['platform.addresses', 'enrolment.offer', 'enrolment.signUp']);
  });
});
