import type { UsedBy } from '@patchbay/domain/metering/use-counter';
import type { domains } from '@patchbay/domain/registry.generated';
import type { OperationDefinition, ResourceDefinition, ServiceDefinition } from '@patchbay/kit/definition';
import { platformError, ServiceError, toProblem } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import type { ServiceResources } from '@patchbay/kit/service-resources';
import type { services } from '@patchbay/services/registry.generated';
import { initTRPC, TRPCError, type TRPCMutationProcedure, type TRPCQueryProcedure } from '@trpc/server';
import type { OpenApiMeta } from 'trpc-to-openapi';
import { z } from 'zod';
import { admit, principalOf } from './admission.ts';
import { withoutCoercion } from './coercion.ts';
import { countRequest, subjectOfUnread } from './count-request.ts';
import { dispatch } from './dispatch.ts';
import type { Repeatable } from './idempotency.ts';
import { type MountedOperation, mountedOperations } from './mounted.ts';
import { noteRefused } from './note-refused.ts';
import type { Evidence, Platform } from './platform.ts';
import { invalidRequest, misplacedFields } from './refused-fields.ts';

export interface CallContext {
  readonly evidence: Evidence | undefined;
  readonly requestId: string;
  /** One for each call of a batch, in its order. */
  readonly requestIds?: readonly string[] | undefined;
  readonly address?: string | undefined;
  /** The account whose host the request came to, where that is not the platform's. */
  readonly within?: string | undefined;
  /** Of that host. */
  readonly baseUrl?: string | undefined;
  readonly signal: AbortSignal;
  readonly responseHeaders: Headers;
  /** Names in the query of a request whose fields stand in its body. */
  readonly misplaced?: readonly string[] | undefined;
  /** Of a request that may be repeated and has one effect (C40). */
  readonly repeatable?: Repeatable | undefined;
  /** The If-Match of a change that is to be made to what its caller read, and to nothing else. */
  readonly ifMatch?: string | undefined;
}

/** Which request an error answers: those of one batch share their context. */
const refusedAs = new WeakMap<TRPCError, string>();

const t = initTRPC
  .context<CallContext>()
  .meta<OpenApiMeta>()
  .create({
    errorFormatter: ({ shape, error, ctx }) => ({
      ...shape,
      data: {
        ...shape.data,
        stack: undefined,
        problem: toProblem(toServiceError(error), refusedAs.get(error) ?? ctx?.requestId),
      },
    }),
  });

/** A request without fields is a record of `never` to zod, which no caller could add an account to. */
type Fields<Request> = string extends keyof Request ? unknown : Request;
type Input<O extends OperationDefinition, Mount> = Fields<z.input<O['request']>> &
  (Mount extends 'account' ? { accountId: string } : unknown);
type ProcedureOf<O extends OperationDefinition, Mount> = O['method'] extends 'GET'
  ? TRPCQueryProcedure<{ input: Input<O, Mount>; output: z.output<O['response']>; meta: OpenApiMeta }>
  : TRPCMutationProcedure<{ input: Input<O, Mount>; output: z.output<O['response']>; meta: OpenApiMeta }>;

type Intersected<Union> = (Union extends unknown ? (member: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
type Services = typeof services;
type Domains = typeof domains;
type Resources = Intersected<{ [D in keyof Domains]: Domains[D]['resources'] }[keyof Domains]>;

type ResourceProcedures<R> = R extends ResourceDefinition
  ? { [K in keyof R['operations']]: ProcedureOf<R['operations'][K], R['mount']> }
  : never;
type ServiceProcedures<S extends ServiceDefinition> = {
  [K in keyof S['operations']]: ProcedureOf<S['operations'][K], 'account'>;
} & { [K in keyof ServiceResources<S>]: ProcedureOf<ServiceResources<S>[K], 'account'> };

type RouterRecord = { [R in keyof Resources]: ResourceProcedures<Resources[R]> } & {
  [S in keyof Services]: ServiceProcedures<Services[S]>;
};

export type AppRouter = ReturnType<typeof createAppRouter>;

/** Builds one procedure for each declared operation. The cast holds because the contract test walks the registry. */
export function createAppRouter(platform: Platform) {
  const record: Record<string, Record<string, unknown>> = {};
  for (const mounted of mountedOperations) {
    record[mounted.group] = { ...record[mounted.group], [mounted.name]: procedureOf(platform, mounted) };
  }
  return t.router(record as unknown as RouterRecord);
}

function procedureOf(platform: Platform, mounted: MountedOperation) {
  const { operation, scopeName, name, title, path, mount, authentication } = mounted;
  const openapi = {
    method: operation.method,
    path,
    operationId: `${scopeName}.${name}`,
    summary: operation.summary,
    tags: [title],
    protect: authentication !== 'none',
  };
  // Authentication stands before `.input`: a stranger learns nothing about the schema (POL-4).
  const procedure = t.procedure
    .meta({ openapi })
    .use(async ({ ctx, batchIndex, next }) => {
      const requestId = ctx.requestIds?.[batchIndex] ?? ctx.requestId;
      const result = await next({ ctx: { ...ctx, requestId } });
      if (!result.ok) refusedAs.set(result.error, requestId);
      return result;
    })
    .use(({ ctx, next }) =>
      asTrpcError(async () =>
        next({ ctx: { ...ctx, principal: await principalOf(platform, ctx, mounted) } }),
      ),
    )
    .use(async ({ ctx, getRawInput, next }) => {
      let subject: UsedBy | undefined;
      const end = async (error?: ServiceError) => {
        const input = error === undefined ? undefined : await getRawInput();
        subject ??= await subjectOfUnread(platform, { principal: ctx.principal, input, error });
        const isRead = operation.method === 'GET';
        countRequest(platform, { resource: scopeName, isRead, principal: ctx.principal, subject, error });
        if (error !== undefined) await noteRefused(platform, { mounted, ...ctx, input, error });
      };
      try {
        await admit(platform, ctx, operation.method === 'GET');
        refuseMisplaced(ctx);
      } catch (refusal) {
        await end(refusal instanceof ServiceError ? refusal : platformFailed(refusal));
        return await asTrpcError(() => Promise.reject(refusal));
      }
      const onSubject = (found: UsedBy) => {
        subject = found;
      };
      const result = await next({ ctx: { ...ctx, onSubject } });
      await end(result.ok ? undefined : toServiceError(result.error));
      return result;
    })
    .input(withoutCoercion(inputOf(operation, mount)))
    .output(operation.response);

  type Resolve = Parameters<typeof procedure.query>[0];
  const resolve: Resolve = ({ input, ctx }) => {
    const { accountId, ...request } = input as { accountId?: string };
    const {
      principal,
      requestId,
      address,
      baseUrl,
      signal,
      responseHeaders,
      repeatable,
      ifMatch,
      onSubject,
    } = ctx;
    const from = { requestId, address, baseUrl, signal, responseHeaders, repeatable, ifMatch, onSubject };
    const call = { mounted, principal, accountId, request, ...from };
    return asTrpcError(() => dispatch(platform, call));
  };
  return operation.method === 'GET' ? procedure.query(resolve) : procedure.mutation(resolve);
}

function refuseMisplaced({ misplaced = [] }: CallContext): void {
  if (misplaced.length > 0) throw misplacedFields(misplaced);
}

function inputOf({ request }: OperationDefinition, mount: MountedOperation['mount']): z.ZodObject {
  const input = mount === 'account' ? request.safeExtend({ accountId: z.string().max(64) }) : request;
  // A misspelt field that is optional would be ignored, and its caller never told.
  return input.strict().superRefine((value, { addIssue }) => {
    for (const path of unstorableTexts(value))
      addIssue({
        code: 'custom',
        path: [...path],
        message: 'Text has no U+0000 and no half of a surrogate pair.',
      });
  });
}

/** Where a request has text that no database stores. */
function unstorableTexts(value: unknown): readonly (readonly (string | number)[])[] {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? [[]] : [];
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    (unstorableTexts(name).length > 0 ? [[]] : unstorableTexts(each)).map((path) => [
      Array.isArray(value) ? Number(name) : name,
      ...path,
    ]),
  );
}

/** tRPC knows fewer failures than we do. The status travels in the problem; the tRPC code is only the nearest. */
async function asTrpcError<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TRPCError) throw cause;
    const status = cause instanceof ServiceError ? cause.fields.status : 500;
    throw new TRPCError({ code: nearest(status), message: 'See data.problem.', cause });
  }
}

function nearest(status: number) {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'FORBIDDEN';
    case 404:
      return 'NOT_FOUND';
    case 409:
      return 'CONFLICT';
    case 412:
      return 'PRECONDITION_FAILED';
    case 422:
      return 'UNPROCESSABLE_CONTENT';
    case 429:
      return 'TOO_MANY_REQUESTS';
    case 503:
      return 'SERVICE_UNAVAILABLE';
    default:
      return status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST';
  }
}

/** Every failure, wherever it began, leaves as one of our codes. A response that breaks its schema is ours: a 500. */
export function toServiceError(error: TRPCError): ServiceError {
  if (error.cause instanceof ServiceError) return error.cause;
  if (error.code === 'BAD_REQUEST' && error.cause instanceof z.core.$ZodError) {
    return invalidRequest(error.cause.issues, error);
  }
  if (error.code === 'BAD_REQUEST' || error.code === 'PARSE_ERROR') {
    return platformError('request.invalid', 'The request cannot be read.', error);
  }
  if (error.code === 'NOT_FOUND') return platformError('request.unknown_path', 'No such path.', error);
  if (error.code === 'METHOD_NOT_SUPPORTED')
    return platformError('request.method_not_allowed', 'Queries are asked by GET, mutations by POST.', error);
  if (error.code === 'UNSUPPORTED_MEDIA_TYPE')
    return platformError('request.media_type_unsupported', 'Send JSON.', error);
  return platformFailed(error);
}

const platformFailed = (cause: unknown) => platformError('platform.internal', 'The platform failed.', cause);

/** The identifier of one request: in its log lines, its audit entry, its answer. */
export const createRequestId = (): string => createId('req');
