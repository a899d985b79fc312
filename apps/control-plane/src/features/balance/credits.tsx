'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { type Column, Table } from '@patchbay/ui/table';
import { useToast } from '@patchbay/ui/toast';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { useMay } from '../shell/use-may.ts';

type Credit = Outputs['credits']['list']['items'][number];

/** What the account was given or bought, and what is left of each. */
export function Credits({ currency }: { readonly currency: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const credits = useInfiniteQuery(trpc.credits.list.infiniteQueryOptions(listRequest(accountId), paged));
  const items = credits.data?.pages.flatMap((page) => page.items) ?? [];
  const takeBack = useTakeBack();
  const mayChange = useMay('credits.takeBack');
  if (credits.error !== null)
    return <ProblemNote error={credits.error} onRetry={() => void credits.refetch()} />;
  if (items.length === 0) return null;
  const facts = columnsOf(currency);
  // Only whoever gave a credit takes it back: of one that another account gave there is nothing to do here.
  const columns =
    mayChange && items.some(({ mayTakeBack }) => mayTakeBack)
      ? [...facts, actionColumn({ onTakeBack: takeBack.mutate, pendingId: takeBack.pendingId })]
      : facts;
  return (
    <div>
      <h3 className="mb-2 font-medium">Credits</h3>
      <Table label="Credits" columns={columns} rows={items} rowKey={({ id }) => id} />
      <LoadMore
        hasMore={credits.hasNextPage}
        isPending={credits.isFetchingNextPage}
        onMore={() => void credits.fetchNextPage()}
      />
    </div>
  );
}

function useTakeBack() {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const refused = useRefusalToast();
  const { mutate, variables, isPending } = useMutation(
    trpc.credits.takeBack.mutationOptions({
      onSuccess: async () => {
        show({ title: 'What was left of the credit is yours again.', tone: 'live' });
        await queries.invalidateQueries({ queryKey: trpc.credits.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.balances.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.creditLines.pathKey() });
      },
      onError: refused,
    }),
  );
  return {
    mutate: (creditId: string) => mutate({ accountId, creditId: creditId as Credit['id'] }),
    pendingId: isPending ? variables.creditId : undefined,
  };
}

const columnsOf = (currency: string): readonly Column<Credit>[] => [
  {
    key: 'reason',
    header: 'What for',
    isTitle: true,
    cell: ({ reason, origin }) => (
      <span className="inline-flex flex-wrap items-center gap-2 font-medium">
        {reason}
        <Badge>{origin === 'bought' ? 'paid in' : 'given'}</Badge>
      </span>
    ),
  },
  { key: 'for', header: 'For', cell: ({ services }) => services?.join(', ') ?? 'all services' },
  {
    key: 'until',
    header: 'Until',
    cell: ({ expiresAt }) => (expiresAt === undefined ? 'it is used' : expiresAt.slice(0, 10)),
  },
  {
    key: 'amount',
    header: `Amount, ${currency}`,
    isNumber: true,
    cell: ({ amount }) => showMoney(amount, currency),
  },
  {
    key: 'left',
    header: `Left, ${currency}`,
    isNumber: true,
    cell: ({ left }) => <span className="font-medium">{showMoney(left, currency)}</span>,
  },
];

const actionColumn = ({
  onTakeBack,
  pendingId,
}: {
  readonly onTakeBack: (creditId: string) => void;
  readonly pendingId: string | undefined;
}): Column<Credit> => ({
  key: 'action',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: ({ id, mayTakeBack }) =>
    mayTakeBack ? (
      <Button size="small" variant="ghost" isPending={pendingId === id} onClick={() => onTakeBack(id)}>
        Take back
      </Button>
    ) : null,
});
