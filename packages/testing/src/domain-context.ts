import type { Actor, AuditedChange, DomainContext, DomainDefinition } from '@patchbay/kit/definition';
import {
  type ErrorDefinition,
  type PlatformErrorCode,
  platformErrors,
  ServiceError,
} from '@patchbay/kit/errors';

interface Options {
  readonly actor?: Actor;
  /** From the platform down to the account in the path; absent for what is mounted at the platform. */
  readonly chain?: readonly string[];
  readonly nowMs?: number;
  readonly address?: string;
  readonly visibleIds?: readonly string[];
  readonly actorName?: string;
}

/** A context as dispatch gives it to a domain's handler, with what the handler said kept for the test to read. */
export function domainContext<
  D extends DomainDefinition,
  R extends keyof D['resources'] & string,
  K extends keyof D['resources'][R]['operations'] & string,
>(domain: D, { actor = { kind: 'platform' }, chain, nowMs = 1_800_000_000_000, ...seen }: Options = {}) {
  const audited: AuditedChange[] = [];
  const events: { event: string; payload: unknown; accountId?: string }[] = [];
  const errorOf = (code: string): ErrorDefinition =>
    domain.errors[code.slice(domain.name.length + 1)] ?? platformErrors[code as PlatformErrorCode];
  const context = {
    actor,
    entity: chain === undefined ? undefined : { accountId: chain.at(-1), chain },
    requestId: 'req_test',
    ...seen,
    signal: new AbortController().signal,
    nowMs: () => nowMs,
    audit: (change: AuditedChange) => audited.push(change),
    emit: async (event: string, payload: unknown, accountId?: string) => {
      events.push({ event, payload, ...(accountId === undefined ? {} : { accountId }) });
    },
    error: (code: string, publicDetail: string) => new ServiceError({ ...errorOf(code), code, publicDetail }),
  };
  return { context: context as unknown as DomainContext<D, R, K>, audited, events };
}
