import { idField } from '@patchbay/kit/ids';
import { z } from 'zod';
import { isServiceTarget } from '../hooks/service-target.ts';

/** Who was told of one line of a session's log, or which operation ran for it, and what came of it (HKS-4). */
export const toldHook = z.object({
  webhookId: idField('whk'),
  /** `service:notification/publish`, or the host of an address. */
  target: z.string(),
  /** Which of the two was asked last. */
  via: z.enum(['main', 'fallback']),
  outcome: z.enum(['waiting', 'delivered', 'failed', 'cancelled']),
  attempts: z.int(),
  /** Of the last request; absent before the first. */
  at: z.iso.datetime().optional(),
  status: z.int().optional(),
  /** Why it failed: a stable code. */
  error: z.string().optional(),
  latencyMs: z.int().optional(),
  /** Which service in a row the event comes to, from 1: what an operation leads to comes to one more. */
  hop: z.int(),
});

export interface ToldHookRecord {
  /** Of the line that is told of. */
  readonly sequence: number;
  readonly webhookId: string;
  readonly url: string;
  readonly via: 'main' | 'fallback';
  readonly state: z.output<typeof toldHook>['outcome'];
  readonly attemptCount: number;
  readonly at: Date | undefined;
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly latencyMs: number | undefined;
  /** Services that the event came through before. */
  readonly hopCount: number;
}

export const toldHookAnswer = (hook: ToldHookRecord): z.output<typeof toldHook> => ({
  webhookId: hook.webhookId,
  target: targetText(hook.url),
  via: hook.via,
  outcome: hook.state,
  attempts: hook.attemptCount,
  ...(hook.at === undefined ? {} : { at: hook.at.toISOString() }),
  ...(hook.status === undefined ? {} : { status: hook.status }),
  ...(hook.error === undefined ? {} : { error: hook.error }),
  ...(hook.latencyMs === undefined ? {} : { latencyMs: hook.latencyMs }),
  hop: hook.hopCount + 1,
});

/** Where it goes, without what is said there: the path and the query of an address are a secret of many receivers. */
export function targetText(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return '';
  return isServiceTarget(url) ? `${parsed.protocol}${parsed.pathname}` : parsed.host;
}
