'use client';

import { IconButton } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@patchbay/ui/menu';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import { CirclePause, CirclePlay, CircleX, Ellipsis, ExternalLink } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { counted } from '../overview/attention.ts';
import { problemOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { IfMay } from '../shell/if-may.tsx';
import { pagePath } from '../shell/pages.ts';
import type { AccountRow } from './account-tree.ts';

export interface ChangeStateProps {
  readonly account: AccountRow;
  /** How many accounts are below it. */
  readonly descendantCount: number;
}

const OPEN_MAX = 100;

/** Opens an account, or suspends, resumes or closes it after saying what that touches. */
export function ChangeState({ account, descendantCount }: ChangeStateProps): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const [asked, setAsked] = useState<'suspended' | 'closed'>();
  const change = useMutation(
    trpc.accounts.update.mutationOptions({
      onSuccess: ({ name, state }) => {
        setAsked(undefined);
        toast({ tone: 'live', title: `${name} is ${state}.` });
      },
      onError: (error) => {
        const { title, detail } = problemOf(error);
        toast({ tone: 'fail', title, detail });
      },
    }),
  );
  const set = (state: AccountRow['state']) => change.mutate({ accountId: account.id, state });
  return (
    <>
      <Menu
        trigger={
          <IconButton label={`Actions for ${account.name}`} className="size-7">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        <MenuItem asChild>
          <Link href={pagePath(account.id)}>
            <ExternalLink aria-hidden />
            Open
          </Link>
        </MenuItem>
        <IfMay to="accounts.update" place="below">
          {account.state === 'closed' ? null : <MenuSeparator />}
          {account.suspension?.mayResume === true ? (
            <MenuItem onSelect={() => set('active')}>
              <CirclePlay aria-hidden />
              Resume
            </MenuItem>
          ) : null}
          {account.suspension?.mayResume === false ? <MenuLabel>Suspended from above yours</MenuLabel> : null}
          {account.state === 'closed' || account.suspension?.isYours === true ? null : (
            <MenuItem onSelect={() => setAsked('suspended')}>
              <CirclePause aria-hidden />
              {account.state === 'suspended' ? 'Suspend as well…' : 'Suspend…'}
            </MenuItem>
          )}
          {account.state === 'closed' ? null : (
            <MenuItem isDanger onSelect={() => setAsked('closed')}>
              <CircleX aria-hidden />
              Close for good…
            </MenuItem>
          )}
        </IfMay>
      </Menu>
      {asked === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setAsked(undefined)}
          title={asked === 'suspended' ? `Suspend ${account.name}?` : `Close ${account.name} for good?`}
          verb={asked === 'suspended' ? 'Suspend' : 'Close for good'}
          name={account.name}
          isPending={change.isPending}
          onConfirm={() => set(asked)}
        >
          <Touched account={account} descendantCount={descendantCount} />
          <p>
            {asked === 'suspended'
              ? suspendingText(account)
              : 'This cannot be undone. What it owes stays on its statements.'}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

const suspendingText = ({ state }: AccountRow): string =>
  state === 'suspended'
    ? 'It stays suspended until you, or an account above you, take it back.'
    : 'It can be resumed at any time, and everything below it with it. Who is above it and below you cannot.';

function Touched({ account, descendantCount }: ChangeStateProps): ReactNode {
  const trpc = useTRPC();
  const open = useQuery(
    trpc.sessions.list.queryOptions(
      { accountId: account.id, state: 'open', limit: OPEN_MAX },
      { staleTime: 0 },
    ),
  );
  if (open.error !== null) return <ProblemNote error={open.error} />;
  const running = open.data?.items.length;
  const more = open.data?.nextCursor === undefined ? '' : ' or more';
  return (
    <p className="text-ink" aria-live="polite">
      This stops {counted(1 + descendantCount, 'account')}
      {running === undefined
        ? ' …'
        : running === 0
          ? '; no session runs there now'
          : ` and ends ${counted(running, 'running session')}${more}`}
      . Keys are refused at once; live calls end within 5 seconds.
    </p>
  );
}
