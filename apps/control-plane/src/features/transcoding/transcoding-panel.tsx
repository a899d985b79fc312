'use client';

import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { ConvertForm } from './convert-form.tsx';
import { type Job, JobResult, mediaWords } from './job-result.tsx';

/** Between two looks at jobs that are not over. */
const REFRESH_MS = 1_000;
const isUnderWay = ({ state }: Job): boolean => state === 'queued' || state === 'running';

/** Turns a file that somebody chooses into another, and shows what was done to files. */
export function TranscodingPanel(): ReactNode {
  return (
    <>
      <IfMay to="transcoding.createJob">
        <section aria-labelledby="convert">
          <h2 id="convert" className="mb-3 font-semibold">
            Try it
          </h2>
          <ConvertForm />
        </section>
      </IfMay>
      <Jobs />
    </>
  );
}

function Jobs(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useInfiniteQuery(
    trpc.transcoding.listJobs.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: ({ state }) =>
        state.data?.pages.some(({ items }) => items.some(isUnderWay)) === true ? REFRESH_MS : false,
    }),
  );
  const jobs = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="jobs">
      <h2 id="jobs" className="mb-1 font-semibold">
        Jobs
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && jobs.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          No file was worked on yet. What is made is kept for a while, what was uploaded for it is not.
        </p>
      ) : null}
      {jobs.length === 0 ? null : (
        <Table label="Jobs" columns={columns} rows={jobs} rowKey={({ id }) => id} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columns: readonly Column<Job>[] = [
  {
    key: 'at',
    header: 'When',
    isTitle: true,
    cell: ({ createdAt }) => <span className="whitespace-nowrap">{showMoment(createdAt)}</span>,
  },
  { key: 'in', header: 'What came in', cell: (job) => mediaWords(job) },
  { key: 'result', header: 'Result', cell: (job) => <JobResult job={job} /> },
  { key: 'cancel', header: 'Actions', isAction: true, cell: (job) => <CancelButton job={job} /> },
];

function CancelButton({ job: { id: jobId, state } }: { readonly job: Job }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.transcoding.cancelJob.mutationOptions({
      onSettled: () => queries.invalidateQueries(trpc.transcoding.listJobs.pathFilter()),
    }),
  );
  if (state !== 'awaiting' && state !== 'queued' && state !== 'running') return null;
  return (
    <IfMay to="transcoding.cancelJob">
      <Button
        size="small"
        variant="ghost"
        isPending={cancel.isPending}
        aria-label={`Cancel ${jobId}`}
        onClick={() => cancel.mutate({ accountId, jobId, state: 'cancelled' })}
      >
        Cancel
      </Button>
    </IfMay>
  );
}
