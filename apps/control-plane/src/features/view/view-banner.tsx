'use client';

import { Button } from '@patchbay/ui/button';
import { useMutation } from '@tanstack/react-query';
import { Eye } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showClock } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useMe } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { leaveView } from './change-view.ts';

const SECOND_MS = 1_000;

/** Stands over every page while somebody looks as an account below theirs: nobody takes it for their own. */
export function ViewBanner(): ReactNode {
  const trpc = useTRPC();
  const { data: me } = useMe();
  const nowMs = useNow(SECOND_MS);
  const view = me?.view;
  const [isLeaving, setLeaving] = useState(false);
  // It may have ended by itself meanwhile: one goes back all the same.
  const end = useMutation(
    trpc.views.end.mutationOptions({
      onSettled: (_ended, _error, { accountId }) => window.location.assign(pagePath(accountId ?? '')),
    }),
  );
  const leave = async ({ id: viewId, accountId }: { readonly id: string; readonly accountId: string }) => {
    setLeaving(true);
    // Before the view ends: its session ends with it, and whoever asks with that is sent to the sign-in.
    await leaveView();
    end.mutate({ accountId, viewId });
  };
  if (me === undefined || view === undefined) return null;
  const isOver = Date.parse(view.until) <= nowMs;
  const name = me.accounts[0]?.name ?? 'this account';
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-4 gap-y-1 bg-wait px-4 py-2 text-canvas">
      <Eye className="size-4 shrink-0" aria-hidden />
      <span className="min-w-0 flex-1">
        <strong className="font-semibold">You see the dashboard as {name} does.</strong>{' '}
        {isOver
          ? 'The view has ended.'
          : `You can look and change nothing, until ${showClock(view.until)}. ${name} is told that you looked, and why.`}
      </span>
      <Button size="small" isPending={isLeaving} onClick={() => void leave(view)}>
        Leave
      </Button>
    </div>
  );
}
