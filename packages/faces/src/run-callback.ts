import { HOP_COUNT_MAX } from '@patchbay/domain/hooks/callback-loop';
import type { toEnvelope } from '@patchbay/domain/hooks/envelope';
import { readTarget, requestOf } from '@patchbay/domain/hooks/service-target';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { callTRPCProcedure, TRPCError } from '@trpc/server';
import { eventTakers, takerOf } from './event-takers.ts';
import { type AppRouter, createRequestId, toServiceError } from './trpc.ts';

export interface CallbackRun {
  readonly accountId: string;
  readonly webhookId: string;
  /** What the callback names. */
  readonly url: string;
  readonly event: ReturnType<typeof toEnvelope>;
  /** Services that the event came through. */
  readonly hopCount: number;
  /** The platform's, for the request that it makes. */
  readonly signal: AbortSignal;
}

/** As the log of deliveries shows it: what a receiver's answer is to a webhook. */
export interface CallbackAnswer {
  readonly status: number;
  /** The code of the refusal. */
  readonly error?: string;
  readonly response: string;
  readonly retryAfterMs?: number;
  /** It would be refused each time: it is not tried again. */
  readonly isFinal?: boolean;
}

/** For people to read. */
const RESPONSE_CHARACTERS_KEPT = 2_048;

/**
 * Runs the operation that a callback names with an event, as a request of the account that set it: counted, decided by its
 * policies, metered and kept from a second effect like any other (HKS-4). It speaks for that account, and for nothing but this
 * one operation.
 */
export async function runCallback(
  router: AppRouter,
  { accountId, webhookId, url, event, hopCount, signal }: CallbackRun,
): Promise<CallbackAnswer> {
  try {
    if (hopCount >= HOP_COUNT_MAX)
      throw platformError('callback.too_many_hops', `The event came through ${hopCount} services.`);
    const target = readTarget(url, eventTakers);
    if ('problem' in target) throw platformError('callback.service_refused', `${url}: ${target.problem}.`);
    const taker = takerOf(target);
    if (taker === undefined) throw platformError('callback.service_refused', `${url}: it is gone.`);
    const made = requestOf(target, event);
    if ('absent' in made)
      throw platformError('callback.field_absent', `${event.type} has no ${made.absent} as a text here.`);
    const { mounted } = taker;
    const answer = await callTRPCProcedure({
      router,
      path: `${mounted.group}.${mounted.name}`,
      type: 'mutation',
      getRawInput: async () => ({ ...made.request, accountId }),
      input: undefined,
      signal,
      batchIndex: 0,
      ctx: {
        evidence: { kind: 'callback', accountId, webhookId, scope: `${mounted.scopeName}:${mounted.name}` },
        requestId: createRequestId(),
        signal,
        responseHeaders: new Headers(),
        // Of an event that comes again, be it that a worker died or that somebody sends it again, the effect is one (C40).
        repeatable: { key: `${event.id} ${await digestOf(url)}`, route: mounted.path, fingerprint: url },
      },
    });
    return { status: 200, response: JSON.stringify(answer).slice(0, RESPONSE_CHARACTERS_KEPT) };
  } catch (cause) {
    const { code, status, publicDetail, retryAfterMs } = errorOf(cause).fields;
    return {
      status,
      error: code,
      response: publicDetail.slice(0, RESPONSE_CHARACTERS_KEPT),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(code === 'callback.too_many_hops' ? { isFinal: true } : {}),
    };
  }
}

function errorOf(cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  return cause instanceof TRPCError
    ? toServiceError(cause)
    : platformError('platform.internal', 'The platform failed.', cause);
}

async function digestOf(url: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return Buffer.from(digest).toString('base64url');
}
