'use client';

import { classNames } from '@patchbay/ui/class-names';
import { Identifier } from '@patchbay/ui/copy-button';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ArrowUpRight, ListFilter, ScrollText } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pathOfId } from '../shell/path-of-id.ts';
import { AuditFilter } from './audit-filter.tsx';
import { ChainNote } from './chain-note.tsx';
import { type AuditEntry, type Change, changesOf, tellingChanges } from './changes.ts';
import { type FilterName, useAuditFilter } from './use-audit-filter.ts';

/** Who changed what, from what, to what (ACC-8). */
export function AuditPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const filter = useAuditFilter();
  const list = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions({ ...listRequest(accountId), ...filter.request }, paged),
  );
  const entries = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const nameOf = (id: string) => entries.find(({ actorId }) => actorId === id)?.actorName ?? id;
  return (
    <>
      <PageHeader
        title="Audit log"
        scope="Every change, by whom, from what, to what. Entries are added and never changed."
        examples={[exampleOf({ operation: 'audit.list', input: { accountId, ...filter.request } })]}
      />
      <ChainNote />
      <AuditFilter filter={filter} nameOf={nameOf} />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={8} /> : null}
      {list.isSuccess && entries.length === 0 && filter.isNarrowed ? (
        <EmptyState icon={<ScrollText />} title="No change is like this">
          Nothing was changed in this time, by whom and of what you chose. Take one of these off.
        </EmptyState>
      ) : null}
      {list.isSuccess && entries.length === 0 && !filter.isNarrowed ? (
        <EmptyState icon={<ScrollText />} title="Nothing was changed yet">
          Whatever somebody, or a key, changes here by dashboard or by API is written down with its state
          before and after. Create a key, and it will be the first line.
        </EmptyState>
      ) : null}
      {entries.length > 0 ? (
        <ol aria-label="Changes" className="divide-y divide-line border-y">
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} onOnly={filter.set} />
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

/** Fields that a line shows before the rest is asked for. */
const SHOWN_MAX = 6;

interface AuditRowProps {
  readonly entry: AuditEntry;
  readonly onOnly: (words: { readonly [Name in FilterName]?: string }) => void;
}

function AuditRow({ entry, onOnly }: AuditRowProps): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const all = changesOf(entry);
  const changes = isWhole ? all : tellingChanges(entry).slice(0, SHOWN_MAX);
  const hidden = all.length - changes.length;
  return (
    <li className="grid items-baseline gap-x-6 gap-y-1 py-2 max-md:grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[8rem_10rem_13rem_minmax(0,1fr)]">
      <time dateTime={entry.at} title={entry.at} className="text-ink-faint tabular-nums max-md:order-2">
        {showMoment(entry.at)}
      </time>
      <span className="grid min-w-0 justify-items-start max-md:order-1">
        <button
          type="button"
          className="max-w-full truncate rounded-sm text-left font-medium hover:underline"
          title={entry.actorId}
          aria-label={`Only by ${entry.actorName}`}
          onClick={() => onOnly({ actorId: entry.actorId })}
        >
          {entry.actorName}
        </button>
        {entry.key === undefined ? null : (
          <code className="max-w-full truncate text-sm text-ink-faint" title={`Key ${entry.key.name}`}>
            {entry.key.display}
          </code>
        )}
        {entry.address === undefined ? null : (
          <span className="text-sm wrap-anywhere text-ink-faint">from {entry.address}</span>
        )}
      </span>
      <span className="flex min-w-0 flex-wrap items-center gap-x-2 max-md:order-3 max-md:col-span-2 md:grid">
        <button
          type="button"
          className="rounded-sm text-left hover:underline"
          aria-label={`Only ${entry.action}`}
          onClick={() => onOnly({ action: entry.action })}
        >
          <code className="text-sm wrap-anywhere">{entry.action}</code>
        </button>
        <Target id={entry.target} onOnly={() => onOnly({ target: entry.target })} />
      </span>
      <div className="flex min-w-0 flex-wrap items-baseline gap-x-4 gap-y-1 text-sm max-md:order-4 max-md:col-span-2">
        <dl className="contents">
          {changes.map((change) => (
            <ChangeText key={change.field} change={change} isNew={entry.before === undefined} />
          ))}
        </dl>
        {hidden > 0 || isWhole ? (
          <button
            type="button"
            className="rounded-sm text-ink-faint underline underline-offset-2 hover:text-ink"
            aria-expanded={isWhole}
            aria-label={isWhole ? 'Show less of this change' : `Show ${hidden} more fields of this change`}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole ? 'less' : `${hidden} more`}
          </button>
        ) : null}
      </div>
    </li>
  );
}

/** What was changed: open, where it has a page. */
function Target({ id, onOnly }: { readonly id: string; readonly onOnly: () => void }): ReactNode {
  const path = pathOfId(id, useAccountId());
  return (
    <span className="inline-flex min-w-0 items-center gap-1">
      <Identifier id={id} isShort />
      <button
        type="button"
        aria-label={`Only of ${id}`}
        className="rounded-sm text-ink-faint hover:text-ink"
        onClick={onOnly}
      >
        <ListFilter className="size-3.5" aria-hidden />
      </button>
      {path === undefined ? null : (
        <Link href={path} aria-label={`Open ${id}`} className="rounded-sm text-ink-faint hover:text-ink">
          <ArrowUpRight className="size-3.5" aria-hidden />
        </Link>
      )}
    </span>
  );
}

interface ChangeTextProps {
  readonly change: Change;
  /** Nothing was there before: what is new needs no mark. */
  readonly isNew: boolean;
}

function ChangeText({ change: { field, before, after }, isNew }: ChangeTextProps): ReactNode {
  return (
    <div className="flex min-w-0 flex-wrap items-baseline gap-x-1.5">
      <dt className="text-ink-faint">{field}</dt>
      <dd className="flex min-w-0 flex-wrap items-baseline gap-x-1.5">
        {before === undefined ? null : (
          <del className="break-all text-fail">
            <code>{before}</code>
          </del>
        )}
        {before === undefined || after === undefined ? null : (
          <span className="text-ink-faint" aria-hidden>
            →
          </span>
        )}
        {after === undefined ? null : (
          <ins className={classNames('break-all no-underline', isNew ? 'text-ink' : 'text-live')}>
            <code>{after}</code>
          </ins>
        )}
      </dd>
    </div>
  );
}
