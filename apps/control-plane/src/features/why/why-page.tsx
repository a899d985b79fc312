'use client';

import { Button } from '@patchbay/ui/button';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Field } from '@patchbay/ui/input';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import Link from 'next/link';
import { useRouter, useSearchParams } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { whyPath } from '../shell/pages.ts';
import { DecisionView } from './decision-view.tsx';
import { usernameOf } from './username-of.ts';

/** Why something was allowed or refused, and what was refused last (PRD-8). */
export function WhyPage(): ReactNode {
  const accountId = useAccountId();
  const subject = useSearchParams().get('of') ?? '';
  return (
    <>
      <PageHeader
        title="Why"
        scope="Why a request, a session or a credential was allowed or refused, and what was known then."
        examples={[
          exampleOf({
            operation: 'why.get',
            input: { accountId, subject: subject === '' ? 'req_…' : subject },
            cli: `why ${subject === '' ? 'req_…' : subject}`,
          }),
          exampleOf({ operation: 'why.list', input: { accountId }, cli: 'why' }),
        ]}
      />
      <Search key={subject} subject={subject} />
      {subject === '' ? null : <Found subject={subject} />}
      <RefusedRequests />
    </>
  );
}

function Search({ subject }: { readonly subject: string }): ReactNode {
  const router = useRouter();
  const accountId = useAccountId();
  const [text, setText] = useState(subject);
  const asked = usernameOf(text);
  return (
    <search>
      <form
        className="mb-8 flex max-w-3xl flex-wrap items-start gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (asked !== '') router.push(whyPath(accountId, asked));
        }}
      >
        <div className="min-w-0 flex-1 basis-80">
          <Field
            label="Request, session or username"
            value={text}
            onChange={(event) => setText(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            hint="req_…, ses_…, or the username of a credential. Of a token only the username is sent."
          />
        </div>
        {/* Beside the field, below whose label it begins. */}
        <div className="pt-6">
          <Button type="submit" disabled={asked === ''}>
            Ask why
          </Button>
        </div>
      </form>
    </search>
  );
}

function Found({ subject }: { readonly subject: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const decision = useQuery(trpc.why.get.queryOptions({ accountId, subject }));
  if (decision.error !== null) {
    return <ProblemNote error={decision.error} onRetry={() => void decision.refetch()} />;
  }
  if (decision.data === undefined) return <Skeleton className="h-48" />;
  return <DecisionView decision={decision.data} />;
}

type Refused = Outputs['why']['list']['items'][number];

function RefusedRequests(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(trpc.why.list.infiniteQueryOptions(listRequest(accountId), paged));
  const refused = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="refused" className="mt-10">
      <h2 id="refused" className="mb-2 font-semibold">
        Refused requests
      </h2>
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={6} /> : null}
      {list.isSuccess && refused.length === 0 ? (
        <EmptyState icon={<CircleCheck />} title="Nothing was refused">
          A request to the API that is refused stands here for 30 days, with its rule, its level, and what can
          be done about it. Refused calls and relays stand among the sessions.
        </EmptyState>
      ) : null}
      {refused.length > 0 ? (
        <Table
          label="Refused requests"
          columns={columnsAt(accountId)}
          rows={refused}
          rowKey={({ requestId }) => requestId}
        />
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columnsAt = (accountId: string): readonly Column<Refused>[] => [
  {
    key: 'at',
    header: 'At',
    isTitle: true,
    cell: ({ at, requestId }) => (
      <Link href={whyPath(accountId, requestId)} className="underline underline-offset-2">
        <time dateTime={at}>{showMoment(at)}</time>
      </Link>
    ),
  },
  { key: 'operation', header: 'Asked for', cell: ({ operation }) => <code>{operation}</code> },
  { key: 'code', header: 'Why', cell: ({ code }) => <code className="text-fail">{code}</code> },
  { key: 'actor', header: 'By', cell: ({ actorName, actorId }) => <span title={actorId}>{actorName}</span> },
  {
    key: 'detail',
    header: 'In words',
    isWide: true,
    cell: ({ detail }) => <span className="wrap-anywhere">{detail}</span>,
  },
];
