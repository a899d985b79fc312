import type { InternalRequest } from '@patchbay/domain/fleet/internal-api';
import { type ControlPlaneClient, ControlPlaneRefusal } from '../platform/control-plane-client.ts';

/** What an operation led to, as an answer of a receiver would be logged. */
export interface RunAnswer {
  readonly status?: number | undefined;
  readonly error?: string | undefined;
  readonly response?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly isFinal?: boolean | undefined;
}

/** Runs the operation that a callback names with the event of a delivery (HKS-4). It never throws. */
export type RunDelivery = (delivery: InternalRequest<'runCallback'>) => Promise<RunAnswer>;

/** Longer than the control plane takes for one at most. */
const RUN_MS_MAX = 12_000;

/** By the control plane, which looks up what is to be run: this process says of which delivery, and no more. */
export const runByControlPlane =
  (client: Pick<ControlPlaneClient, 'call'>): RunDelivery =>
  async (delivery) => {
    try {
      return await client.call('runCallback', delivery, { timeoutMs: RUN_MS_MAX });
    } catch (error) {
      if (error instanceof ControlPlaneRefusal) return { status: error.status, error: error.code };
      // Whether it was run, nobody said: it is asked for again, and done once.
      return {
        error: error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'connect_failed',
      };
    }
  };
