/** The document, as those read it who did not write it. */

import { createApiHarness } from '@patchbay/testing/api-harness';
import { BaseResolver, createConfig, lintDocument, makeDocumentFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { namedComponents, type Schema } from './openapi-components.ts';

const document = openApiDocument(createApiHarness().router, {
  version: '2026-11-24',
  baseUrl: 'https://api.test',
});
const schemas = document.components.schemas as Record<string, Schema>;
const bodies = Object.values(document.paths).flatMap((served) =>
  Object.values(served).flatMap(({ requestBody, responses }) =>
    [requestBody, ...(Object.values(responses) as (typeof requestBody)[])].flatMap((body) =>
      Object.entries(body?.content ?? {}).flatMap(([type, each]) => (type.endsWith('json') ? [each] : [])),
    ),
  ),
);

test('the document is OpenAPI 3.1 to a validator that is not ours, by its strictest rules (API-1)', async () => {
  // Refusals that any operation has stand under `default`, which that rule does not count.
  const rules = { 'operation-4xx-response': 'off' } as const;
  const config = await createConfig({ extends: ['recommended-strict'], rules });
  const problems = await lintDocument({
    document: makeDocumentFromString(JSON.stringify(document), 'openapi.json'),
    config,
    externalRefResolver: new BaseResolver(),
  });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
});

test('every body has a name, and what several operations answer has one name', () => {
  expect(bodies.length).toBeGreaterThan(300);
  for (const { schema } of bodies) expect(Object.keys(schema)).toEqual(['$ref']);
  const names = Object.keys(schemas);
  expect(names.filter((name) => !/^[A-Z][A-Za-z0-9]*$/.test(name))).toEqual([]);
  expect(schemas.WebhooksListResponse?.properties?.items?.items).toEqual({
    $ref: '#/components/schemas/Webhook',
  });
  const answers = names.filter((name) => name.endsWith('Response')).map((name) => schemas[name]);
  const twice = [...Map.groupBy(answers, (answer) => JSON.stringify(answer))].filter(
    // A list of the same things is a list of each operation's own, and an id alone says whose it is.
    ([text, same]) => same.length > 1 && !/"required":\["(id|items)"\]/.test(text),
  );
  expect(twice).toEqual([]);
});

test('what is answered as a file as well is described at its own address, with all but what bounds one answer', () => {
  const [rows, file] = ['', '.csv'].map(
    (ending) => document.paths[`/v1/accounts/{accountId}/usage${ending}`]?.get,
  );
  const namesOf = (served: typeof rows) =>
    (served?.parameters ?? []).map((each) => String(Object(each).name));
  expect(
    namesOf(rows)
      .filter((name) => !namesOf(file).includes(name))
      .sort(),
  ).toEqual(['after', 'limit']);
  expect(file?.responses['200']).toMatchObject({ content: { 'text/csv': { schema: { type: 'string' } } } });
  expect(file?.responses.default).toEqual(rows?.responses.default);
});

test('an answer may get a field more without a new version, a request may not have one that nobody declared', () => {
  const { Webhook, WebhooksCreateRequest } = schemas;
  expect(JSON.stringify(Webhook)).not.toContain('additionalProperties');
  expect(WebhooksCreateRequest).toMatchObject({ additionalProperties: false });
});

test('what comes in several kinds says by which property they are told apart', () => {
  const { condition } = schemas.Trigger?.properties ?? {};
  expect(condition?.discriminator).toMatchObject({
    propertyName: 'kind',
    mapping: { rate: '#/components/schemas/TriggerConditionRate' },
  });
  expect(schemas.TriggerConditionRate?.properties?.kind).toMatchObject({ const: 'rate' });
});

test('a count that can pass 32 bits says so', () => {
  expect(schemas.Export?.properties?.sizeBytes).toEqual({ type: 'integer', format: 'int64' });
  expect(schemas.Problem?.properties?.status).toMatchObject({ type: 'integer' });
});

test('JSON of any shape is said to be that, without recursion; a shape that refers to itself is refused', () => {
  expect(JSON.stringify(schemas)).not.toContain('__schema');
  expect(schemas.AuditEntry?.properties?.before).toEqual({ $ref: '#/components/schemas/JsonValue' });
  const tree = { type: 'object', properties: { left: { $ref: '#/components/schemas/__schema0' } } };
  expect(() => namedComponents([], { __schema0: tree })).toThrow(
    'Give the recursive schema __schema0 a name.',
  );
});
