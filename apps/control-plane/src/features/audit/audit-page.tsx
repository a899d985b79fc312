'use client';

import { Identifier } from '@patchbay/ui/copy-button';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type AuditEntry, changesOf } from './changes.ts';

const PAGE = 50;
const scopes = [
  { value: 'own', label: 'this account alone' },
  { value: 'descendants', label: 'this account and all below' },
] as const;

/** Who changed what, from what, to what (ACC-8). */
export function AuditPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [scope, setScope] = useState<(typeof scopes)[number]['value']>('own');
  const list = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      { accountId, scope, limit: PAGE },
      { getNextPageParam: ({ nextCursor }) => nextCursor },
    ),
  );
  const entries = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <>
      <PageHeader
        title="Audit log"
        scope="Every change, by whom, from what, to what. Entries are added and never changed."
        examples={[exampleOf({ operation: 'audit.list', input: { accountId, scope } })]}
      />
      <div className="mb-4">
        <Select label="Of" isLabelled value={scope} options={scopes} onChange={setScope} />
      </div>
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={8} /> : null}
      {list.isSuccess && entries.length === 0 ? (
        <EmptyState icon={<ScrollText />} title="Nothing was changed yet">
          Whatever somebody, or a key, changes here by dashboard or by API is written down with its state
          before and after. Create a key, and it will be the first line.
        </EmptyState>
      ) : null}
      {entries.length > 0 ? (
        <ol className="divide-y divide-line border-y">
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} />
          ))}
        </ol>
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

function AuditRow({ entry }: { readonly entry: AuditEntry }): ReactNode {
  const changes = changesOf(entry);
  return (
    <li className="grid gap-x-6 gap-y-1 py-2 md:grid-cols-[8rem_10rem_12rem_minmax(0,1fr)]">
      <time dateTime={entry.at} className="text-ink-faint tabular-nums">
        {showMoment(entry.at)}
      </time>
      <span className="truncate font-medium" title={entry.actorId}>
        {entry.actorName}
      </span>
      <span className="grid content-start">
        <code className="text-sm">{entry.action}</code>
        <Identifier id={entry.target} isShort />
      </span>
      <dl className="grid content-start gap-0.5">
        {changes.map(({ field, before, after }) => (
          <div key={field} className="flex flex-wrap items-baseline gap-x-2 text-sm">
            <dt className="text-ink-faint">{field}</dt>
            <dd className="flex min-w-0 flex-wrap items-baseline gap-x-2">
              {before === undefined ? null : (
                <del className="break-all text-fail">
                  <code>{before}</code>
                </del>
              )}
              {after === undefined ? null : (
                <ins className="break-all text-live no-underline">
                  <code>{after}</code>
                </ins>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
