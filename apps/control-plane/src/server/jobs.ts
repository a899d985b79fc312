import type { Job } from '@patchbay/adapters/postgres/job-runs';
import type { BillingStore } from '@patchbay/domain/billing/billing-store';
import { periodAt, unsettledPeriods } from '@patchbay/domain/billing/period';

const MINUTE_MS = 60_000;

export interface JobPorts {
  readonly billing: Pick<BillingStore, 'accrueAll' | 'countMismatches'>;
  readonly nowMs: () => number;
}

/** The regular tasks of the platform, in the order in which they are asked whether they are due. */
export function platformJobs({ billing, nowMs }: JobPorts): readonly Job[] {
  const accrue = async (periods: ReturnType<typeof unsettledPeriods>): Promise<string> => {
    const said: string[] = [];
    // The oldest first: each month carries into the next.
    for (const period of periods) said.push(`${period.name}: ${await billing.accrueAll(period)} accounts`);
    return said.join(', ');
  };
  return [
    {
      // So that the ledger has what nobody looked at; a month that ends is booked within these minutes (BIL-3).
      name: 'accrual',
      everyMs: 5 * MINUTE_MS,
      run: () => {
        const at = nowMs();
        // For the first hour of a month the one before is part of it: it has just ended.
        return accrue([
          ...new Map([periodAt(at - 60 * MINUTE_MS), periodAt(at)].map((each) => [each.name, each])).values(),
        ]);
      },
    },
    {
      // Late use still changes what is over.
      name: 'late-accrual',
      everyMs: 60 * MINUTE_MS,
      run: () => accrue(unsettledPeriods(nowMs())),
    },
  ];
}
