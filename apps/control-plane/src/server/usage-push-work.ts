import type { Job } from '@patchbay/adapters/postgres/job-runs';
import { type PaymentRail, RailError } from '@patchbay/domain/billing/collection/rail';
import {
  type PushedMeters,
  pushCall,
  pushIdentifier,
  type UsagePush,
  type UsagePushes,
} from '@patchbay/domain/billing/collection/usage-push';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After the end of an hour: what a spool brings comes by then, mostly. */
const HOUR_IS_OVER_MS = 10 * MINUTE_MS;
/** Use that comes later than this is not told any more. */
const HOURS_BACK = 26;
/** An identifier is known at Stripe for a day: what is older may be there, and is not told again. */
const BEGUN_MS_MAX = 20 * HOUR_MS;
const KEPT_MS = 40 * 24 * HOUR_MS;

export interface UsagePushPorts {
  readonly pushes: UsagePushes;
  readonly rail: Pick<PaymentRail, 'perform'>;
  readonly meters: PushedMeters;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
}

/** Tells the rail of each customer's own use, hour by hour, where the operator chose so (BIL-6). It rates nothing there. */
export function usagePushJob({ pushes, rail, meters, isStopped, nowMs }: UsagePushPorts): Job {
  return {
    name: 'billing-push-usage',
    everyMs: 15 * MINUTE_MS,
    run: async () => {
      const toMs = Math.floor((nowMs() - HOUR_IS_OVER_MS) / HOUR_MS) * HOUR_MS;
      const range = { fromMs: toMs - HOURS_BACK * HOUR_MS, toMs, meters: [...meters.keys()] };
      let toldCount = 0;
      const failures: string[] = [];
      for await (const push of pushes.plan(range)) {
        if (isStopped()) break;
        const eventName = meters.get(push.meter);
        if (eventName === undefined) continue;
        if (nowMs() - push.sinceMs > BEGUN_MS_MAX) {
          await pushes.giveUp(push);
          failures.push(`${pushIdentifier(push)} was given up`);
          continue;
        }
        const failure = await tell(push, eventName);
        if (failure === undefined) toldCount++;
        else failures.push(failure);
      }
      await pushes.forget(nowMs() - KEPT_MS);
      if (failures.length > 0)
        throw new Error(`${failures.length} meter events were not taken, such as ${failures[0]}.`);
      return `${toldCount} meter events were told`;
    },
  };

  async function tell(push: UsagePush, eventName: string): Promise<string | undefined> {
    try {
      await rail.perform(pushCall(push, eventName), pushIdentifier(push));
      await pushes.told(push);
      return undefined;
    } catch (cause) {
      if (!(cause instanceof RailError)) throw cause;
      return `${pushIdentifier(push)}: ${cause.message}`;
    }
  }
}
