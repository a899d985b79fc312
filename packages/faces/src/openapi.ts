import { apiVersions } from '@patchbay/kit/api-version';
import { platformErrors, problemSchema } from '@patchbay/kit/errors';
import { generateOpenApiDocument } from 'trpc-to-openapi';
import { z } from 'zod';
import { errorDefinitionOf, type MountedOperation, mountedOperations } from './mounted.ts';
import type { AppRouter } from './trpc.ts';

type Responses = Record<string, unknown>;
interface Served {
  responses: Responses;
  parameters?: readonly unknown[];
}
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly servers?: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Served>>;
  readonly components: { schemas?: Record<string, unknown>; securitySchemes?: unknown };
}

interface Options {
  readonly version: string;
  readonly baseUrl: string;
  /** What the API is called. */
  readonly title: string;
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Repeats of a request with one key have one effect and one answer, for 24 hours. The same key with another body is refused.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const versionHeader = {
  name: 'Patchbay-Version',
  in: 'header',
  required: false,
  description:
    'The version of the API that the request was written for. Without it the oldest is served. The answer names the one it was served as.',
  schema: { type: 'string', enum: apiVersions },
};

/** The library's document, with its guessed error responses replaced by the ones the definitions declare. */
export function openApiDocument(router: AppRouter, { version, baseUrl, title }: Options): OpenApiDocument {
  const securitySchemes = { Authorization: { type: 'http', scheme: 'bearer' } } as const;
  const generated = generateOpenApiDocument(router, { title, version, baseUrl, securitySchemes });
  const document = generated as unknown as OpenApiDocument;
  document.components.schemas = { ...document.components.schemas, Problem: z.toJSONSchema(problemSchema) };
  for (const mounted of mountedOperations) {
    const served = document.paths[mounted.path]?.[mounted.operation.method.toLowerCase()];
    if (served === undefined) throw new Error(`Nothing serves ${mounted.operation.method} ${mounted.path}.`);
    served.responses = { 200: served.responses['200'], ...problemResponses(mounted) };
    const headers = mounted.operation.method === 'GET' ? [versionHeader] : [versionHeader, idempotencyKey];
    served.parameters = [...(served.parameters ?? []), ...headers];
  }
  return document;
}

function problemResponses({ owner, operation }: MountedOperation): Responses {
  const byStatus = Map.groupBy(operation.errors, (code) => errorDefinitionOf(owner, code).status);
  const entries = [...byStatus].map(([status, codes]) => [status, problemResponse(codes)]);
  return { ...Object.fromEntries(entries), default: problemResponse(Object.keys(platformErrors)) };
}

function problemResponse(codes: readonly string[]) {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description: codes.join(', '), content: { 'application/problem+json': { schema } } };
}
