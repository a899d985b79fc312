'use client';

import { Callout } from '@patchbay/ui/callout';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showExactMoney } from '../../formats/money.ts';
import { showMoment, showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { isPlatform, useAccount, useAccountId } from '../shell/account.ts';

type Run = Outputs['closings']['listVerifications']['items'][number];

/** Months that are named where nothing differs. */
const SHOWN_COUNT_MAX = 3;

/** For whoever runs the platform: whether the closed months came out the same when they were recomputed at night. */
export function VerificationNote(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const runs = useQuery(
    trpc.closings.listVerifications.queryOptions({ accountId }, { enabled: isPlatform(account) }),
  );
  const items = runs.data?.items ?? [];
  const differing = items.filter(({ differingCount }) => differingCount > 0);
  if (items.length === 0) return null;
  return (
    <div className="mb-6 grid gap-2">
      {differing.map((run) => (
        <Callout
          key={run.period}
          tone="fail"
          title={`${showPeriod(run.period)}: ${counted(run.differingCount, 'line')} differ from what was used`}
        >
          <ul className="grid gap-0.5">
            {run.differences.slice(0, SHOWN_COUNT_MAX).map(({ buyerId, key, kind, recomputed, booked }) => (
              <li key={`${buyerId} ${kind} ${key}`} className="wrap-anywhere">
                {buyerId}, {key}: booked {showExactMoney(booked)}, recomputed {showExactMoney(recomputed)}
              </li>
            ))}
          </ul>
          Looked at {showMoment(run.finishedAt)}. All lines:{' '}
          <code>{`patchbay billing verify --period ${run.period}`}</code>
        </Callout>
      ))}
      {differing.length > 0 ? null : (
        <p className="text-ink-faint">
          Recomputed from what was used, line by line:{' '}
          {items.slice(0, SHOWN_COUNT_MAX).map(agreementOf).join('; ')}. Every night for 40 days after a month
          closes.
        </p>
      )}
    </div>
  );
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function agreementOf({ period, lineCount, accountCount, goneCount }: Run): string {
  const gone = goneCount === 0 ? '' : `, ${counted(goneCount, 'account')} without records`;
  return `${showPeriod(period)} agrees (${counted(lineCount, 'line')} of ${counted(accountCount, 'account')}${gone})`;
}
