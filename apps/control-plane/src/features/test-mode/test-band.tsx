'use client';

import { useQuery } from '@tanstack/react-query';
import { FlaskConical } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useAccount } from '../shell/account.ts';
import { ClockWindow } from './clock-window.tsx';

/** Stands over every page of a test account: nobody takes its figures for real ones. */
export function TestBand(): ReactNode {
  const trpc = useTRPC();
  const { data: account } = useAccount();
  const [isOpen, setOpen] = useState(false);
  const clockId = account?.isTest === true ? account.topAccountId : undefined;
  const clock = useQuery(
    trpc.testClocks.get.queryOptions(
      { accountId: clockId ?? '' },
      { enabled: clockId !== undefined, retry: false },
    ),
  );
  if (account?.isTest !== true) return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-wait bg-wait/15 px-4 py-1.5 text-sm"
    >
      <FlaskConical className="size-4 shrink-0 text-wait" aria-hidden />
      <span className="min-w-0 flex-1">
        <strong className="font-semibold text-wait">Test.</strong> Nobody pays what is used here, and what is
        live knows nothing of it.
        {clock.data === undefined ? null : ` Its clock says ${showDay(clock.data.now)}.`}
      </span>
      {clockId === undefined ? null : (
        <>
          <button
            type="button"
            className="rounded-sm font-medium underline underline-offset-2"
            onClick={() => setOpen(true)}
          >
            Clock
          </button>
          <ClockWindow accountId={clockId} isOpen={isOpen} onOpenChange={setOpen} />
        </>
      )}
    </div>
  );
}
