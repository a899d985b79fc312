import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { apiVersions } from '@patchbay/kit/api-version';
import { filePath, type LinkedFile } from '@patchbay/kit/definition';
import { platformErrors, problemSchema } from '@patchbay/kit/errors';
import { pascalCase } from '@patchbay/kit/name-case';
import { generateOpenApiDocument } from 'trpc-to-openapi';
import { z } from 'zod';
import { errorDefinitionOf, type MountedOperation, mountedOperations } from './mounted.ts';
import { type NamedSchema, namedComponents, type Schema } from './openapi-components.ts';
import { isConditional } from './precondition.ts';
import { BODY_DEPTH_MAX, BODY_SIZE_BYTES_MAX } from './request-body.ts';
import type { AppRouter } from './trpc.ts';

type Responses = Record<string, unknown>;
interface Body {
  readonly content: Record<string, { schema: Schema }>;
}
interface Served {
  operationId?: string;
  summary?: string;
  responses: Responses;
  parameters?: readonly unknown[];
  readonly requestBody?: Body;
  security?: readonly unknown[];
}
export interface OpenApiDocument {
  readonly openapi: string;
  info: {
    readonly title: string;
    readonly description?: string;
    readonly version: string;
    readonly license?: object;
  };
  readonly servers?: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Served>>;
  readonly components: { schemas?: Record<string, unknown>; securitySchemes?: unknown };
}

interface Options {
  readonly version: string;
  readonly baseUrl: string;
  /** What the API is called. Absent: as the platform is. */
  readonly title?: string | undefined;
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Repeats of a request with one key have one effect and one answer, for 24 hours. The same key with another body is refused.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The ETag that reading it answered: it is changed only if it is still so. Otherwise nothing is, and the refusal has in `current` what it is now.',
  schema: { type: 'string', minLength: 1, maxLength: 1_000 },
};

const versionHeader = {
  name: 'Patchbay-Version',
  in: 'header',
  required: false,
  description:
    'The version of the API that the request was written for. Without it the oldest is served. The answer names the one it was served as.',
  schema: { type: 'string', enum: apiVersions },
};

const whole = new Intl.NumberFormat('en');
const bounds = [
  `A body has at most ${whole.format(BODY_SIZE_BYTES_MAX)} bytes (\`request.too_large\`) and is nested at most ${BODY_DEPTH_MAX} deep.`,
  'Each list and each record of a request has its bound in `maxItems` or `maxProperties`; past it the request is refused with 413 and `request.too_many`.',
  'Each answer names its request in the header `X-Request-Id`, and a refusal in `requestId` as well.',
].join(' ');

/** What only somebody who signed in may do. Without TLS, on one machine alone, the name has no prefix. */
const session = {
  type: 'apiKey',
  in: 'cookie',
  name: '__Host-next-auth.session-token',
  description:
    'The cookie of somebody signed in. A request that is no GET says in Origin that it is from a page of this host.',
} as const;

const JSON_TYPE = 'application/json';

/**
 * The library's document, with its guessed error responses replaced by the ones the definitions declare, and with names, so
 * that clients in other languages can be generated from it (API-1).
 */
export function openApiDocument(
  router: AppRouter,
  { version, baseUrl, title = PLATFORM_NAME }: Options,
): OpenApiDocument {
  const securitySchemes = { Authorization: { type: 'http', scheme: 'bearer' } } as const;
  const generated = generateOpenApiDocument(router, { title, version, baseUrl, securitySchemes });
  const document = generated as unknown as OpenApiDocument;
  const places: Place[] = [];
  for (const mounted of mountedOperations) {
    const served = document.paths[mounted.path]?.[mounted.operation.method.toLowerCase()];
    if (served === undefined) throw new Error(`Nothing serves ${mounted.operation.method} ${mounted.path}.`);
    places.push(...bodiesOf(mounted, served));
    served.responses = { 200: served.responses['200'], ...problemResponses(mounted) };
    const headers = [
      versionHeader,
      ...(mounted.operation.method === 'GET' ? [] : [idempotencyKey]),
      ...(isConditional(mounted) ? [ifMatch] : []),
    ];
    served.parameters = [...(served.parameters ?? []), ...headers];
    served.security = mounted.authentication === 'user' ? [{ Session: [] }] : (served.security ?? []);
    places.push(...addFiles(document, mounted, served));
  }
  const { references, components } = namedComponents(places, recursiveOf(document));
  for (const [index, place] of places.entries()) place.content.schema = references[index] ?? place.schema;
  document.components.schemas = { ...components, Problem: withoutDialect(z.toJSONSchema(problemSchema)) };
  document.components.securitySchemes = { ...securitySchemes, Session: session };
  document.info = {
    ...document.info,
    description: bounds,
    license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
  };
  return document;
}

/** Parameters of a part of an answer: a file is all of it. */
const ofParts: readonly unknown[] = ['limit', 'after'];

/** The same question, answered as files, for each form that it has: a file of JSON is an array of its rows. And what it links to. */
function addFiles(
  document: OpenApiDocument,
  { path, operation: { files = [], linkedFile }, group, name }: MountedOperation,
  served: Served,
): Place[] {
  const parameters = (served.parameters ?? []).filter((each) => !ofParts.includes(Object(each).name));
  const { 200: answer, ...refusals } = served.responses;
  const rows = (answer as Body | undefined)?.content[JSON_TYPE]?.schema.properties?.rows ?? {};
  if (linkedFile !== undefined)
    document.paths[linkedFile.path] = {
      get: {
        operationId: `${group}-${name}-${linkedFile.name}`,
        summary: linkedFile.summary,
        parameters: linkParameters(linkedFile),
        // Who has the link needs no key.
        security: [],
        responses: {
          200: fileResponse({ [linkedFile.mediaType]: { schema: bytes } }),
          default: problemResponse(['resource.unknown']),
        },
      },
    };
  return files.flatMap((file) => {
    const { ending, mediaType, summary, isBinary } = file;
    const isJson = mediaType === JSON_TYPE;
    const content = { schema: isJson ? rows : isBinary === true ? bytes : { type: 'string' } };
    document.paths[filePath(path, file)] = {
      get: {
        ...served,
        operationId: `${group}-${name}-${ending}`,
        summary,
        parameters,
        responses: { 200: fileResponse({ [mediaType]: content }), ...refusals },
      },
    };
    const named = `${pascalCase(group)}${pascalCase(name)}File`;
    return isJson ? [{ name: named, schema: open(rows), content }] : [];
  });
}

/** The format is none of JSON Schema's: generators read bytes by it, and others pass it over. */
const bytes = { type: 'string', format: 'binary' };

const fileResponse = (content: Body['content']) => ({ description: 'The file, as it is read.', content });

const linkParameters = ({ path, request }: LinkedFile) =>
  Object.entries(request.shape).map(([name, schema]) => ({
    name,
    in: path.includes(`{${name}}`) ? 'path' : 'query',
    required: true,
    schema: withoutDialect(z.toJSONSchema(schema as z.ZodType)),
  }));

/** A body, and where it stands. */
interface Place extends NamedSchema {
  readonly content: { schema: Schema };
}

function bodiesOf({ group, name }: MountedOperation, { requestBody, responses }: Served): Place[] {
  const request = requestBody?.content[JSON_TYPE];
  const response = (responses['200'] as Body | undefined)?.content[JSON_TYPE];
  const named = pascalCase(group) + pascalCase(name);
  return [
    ...(request === undefined
      ? []
      : [{ name: `${named}Request`, schema: closed(request.schema), content: request }]),
    ...(response === undefined
      ? []
      : [{ name: `${named}Response`, schema: open(response.schema), content: response }]),
  ];
}

/** As every request is read: a misspelt field is refused. */
const closed = (schema: Schema): Schema =>
  schema.properties === undefined ? schema : { ...schema, additionalProperties: false };

/** An answer may have more one day: a field that comes is no new version, so no client may refuse it. */
function open<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(open) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([keyword, each]) => keyword !== 'additionalProperties' || each !== false,
  );
  return Object.fromEntries(kept.map(([keyword, each]) => [keyword, open(each)])) as Value;
}

/** Schemas that the library names itself, for they refer to themselves; besides the refusals that it guesses. */
function recursiveOf({ components }: OpenApiDocument): Record<string, Schema> {
  const schemas = Object.entries(components.schemas ?? {}) as [string, Schema][];
  return Object.fromEntries(schemas.filter(([name]) => !name.startsWith('error.')));
}

function withoutDialect({ $schema, ...schema }: Record<string, unknown>): Schema {
  return open(schema);
}

function problemResponses(mounted: MountedOperation): Responses {
  const { owner, operation } = mounted;
  const own = isConditional(mounted)
    ? [...operation.errors, 'request.precondition_failed']
    : operation.errors;
  const byStatus = Map.groupBy(own, (code) => errorDefinitionOf(owner, code).status);
  const entries = [...byStatus].map(([status, codes]) => [status, problemResponse(codes)]);
  return { ...Object.fromEntries(entries), default: problemResponse(Object.keys(platformErrors)) };
}

function problemResponse(codes: readonly string[]) {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description: codes.join(', '), content: { 'application/problem+json': { schema } } };
}
