import type { AuditedChange, ServiceContext, ServiceDefinition } from '@patchbay/kit/definition';
import {
  type ErrorDefinition,
  type PlatformErrorCode,
  platformErrors,
  ServiceError,
} from '@patchbay/kit/errors';

interface Options {
  readonly accountId: string;
  /** That the request names, or else the endpoint of whom it is for. */
  readonly applicationId?: string;
  readonly config?: object;
  /** Whose nodes may serve. */
  readonly regions?: readonly string[] | undefined;
  readonly nowMs?: number;
}

/** A context as dispatch gives it to a handler, with what the handler said kept for the test to read. */
export function serviceContext<S extends ServiceDefinition, K extends keyof S['operations']>(
  service: S,
  { accountId, applicationId, config = {}, regions, nowMs = 1_800_000_000_000 }: Options,
) {
  const audited: AuditedChange[] = [];
  const usage: { meter: string; quantity: number; dimensions: object }[] = [];
  const events: { event: string; payload: unknown }[] = [];
  const errorOf = (code: string): ErrorDefinition =>
    service.errors[code.slice(service.name.length + 1)] ?? platformErrors[code as PlatformErrorCode];
  const context = {
    actor: { kind: 'platform' },
    entity: { accountId, chain: [accountId], ...(applicationId === undefined ? {} : { applicationId }) },
    config: service.config.parse(config),
    regions,
    requestId: 'req_test',
    signal: new AbortController().signal,
    nowMs: () => nowMs,
    audit: (change: AuditedChange) => audited.push(change),
    meter: (meter: string, quantity: number, dimensions: object) =>
      usage.push({ meter, quantity, dimensions }),
    emit: async (event: string, payload: unknown) => {
      events.push({ event, payload });
    },
    error: (code: string, publicDetail: string) => new ServiceError({ ...errorOf(code), code, publicDetail }),
  };
  return { context: context as unknown as ServiceContext<S, K>, audited, usage, events };
}
