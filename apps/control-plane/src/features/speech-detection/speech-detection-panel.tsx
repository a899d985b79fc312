'use client';

import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { isCancellable, isUnderWay, JobStateLine, REFRESH_MS } from '../file-jobs/job-state.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { DetectForm } from './detect-form.tsx';
import { HeardJob, heardWords, type Job } from './heard-job.tsx';

/** Listens to a sound that somebody chooses, and shows what was heard in those that were listened to. */
export function SpeechDetectionPanel(): ReactNode {
  return (
    <>
      <IfMay to="speechDetection.createJob">
        <section aria-labelledby="listen">
          <h2 id="listen" className="mb-3 font-semibold">
            Try it
          </h2>
          <DetectForm />
        </section>
      </IfMay>
      <Jobs />
    </>
  );
}

function Jobs(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [chosenId, setChosenId] = useState<string>();
  const list = useInfiniteQuery(
    trpc.speechDetection.listJobs.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: ({ state }) =>
        state.data?.pages.some(({ items }) => items.some(isUnderWay)) === true ? REFRESH_MS : false,
    }),
  );
  const jobs = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const shown = jobs.find(({ id }) => id === chosenId) ?? jobs.find(({ state }) => state === 'completed');
  return (
    <section aria-labelledby="jobs" className="grid gap-3">
      <h2 id="jobs" className="font-semibold">
        What was heard
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && jobs.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          No sound was listened to yet. What is heard is kept for a while, what was uploaded for it is not.
        </p>
      ) : null}
      {shown?.state === 'completed' ? <HeardJob key={shown.id} jobId={shown.id} /> : null}
      {jobs.length === 0 ? null : (
        <Table
          label="Jobs"
          columns={columnsOf({ shownId: shown?.id, onShow: setChosenId })}
          rows={jobs}
          rowKey={({ id }) => id}
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

const columnsOf = ({
  shownId,
  onShow,
}: {
  readonly shownId: string | undefined;
  readonly onShow: (jobId: string) => void;
}): readonly Column<Job>[] => [
  {
    key: 'at',
    header: 'When',
    isTitle: true,
    cell: ({ createdAt }) => <span className="whitespace-nowrap">{showMoment(createdAt)}</span>,
  },
  {
    key: 'heard',
    header: 'Heard',
    cell: (job) => (job.heard === undefined ? <JobStateLine job={job} /> : heardWords(job.heard)),
  },
  {
    key: 'actions',
    header: 'Actions',
    isAction: true,
    cell: (job) =>
      job.state === 'completed' ? (
        <Button
          size="small"
          variant="ghost"
          aria-label={`Show ${job.id}`}
          aria-pressed={job.id === shownId}
          onClick={() => onShow(job.id)}
        >
          {job.id === shownId ? 'Shown' : 'Show'}
        </Button>
      ) : (
        <CancelButton job={job} />
      ),
  },
];

function CancelButton({ job }: { readonly job: Job }): ReactNode {
  const { id: jobId } = job;
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.speechDetection.cancelJob.mutationOptions({
      onSettled: () => queries.invalidateQueries(trpc.speechDetection.listJobs.pathFilter()),
    }),
  );
  if (!isCancellable(job)) return null;
  return (
    <IfMay to="speechDetection.cancelJob">
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
