import type { JobState } from '@patchbay/domain/file-jobs/file-job';
import type { ReactNode } from 'react';

/** Between two looks at jobs that are not over. */
export const REFRESH_MS = 1_000;
export const isUnderWay = ({ state }: { readonly state: JobState }): boolean =>
  state === 'queued' || state === 'running';
export const isCancellable = ({ state }: { readonly state: JobState }): boolean =>
  state === 'awaiting' || state === 'queued' || state === 'running';

const stateWords: Readonly<Record<JobState, string>> = {
  awaiting: 'awaits its file',
  queued: 'waits',
  running: 'is worked on',
  completed: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

interface Job {
  readonly id: string;
  readonly state: JobState;
  readonly progressPercent: number;
  readonly failure?: { readonly detail: string };
}

/** How far a job is that is not completed, or why it never will be. */
export function JobStateLine({
  job: { id, state, failure, progressPercent },
}: {
  readonly job: Job;
}): ReactNode {
  if (failure !== undefined) return <span className="text-ink-soft">{failure.detail}</span>;
  if (state !== 'running') return <span className="text-ink-soft">{stateWords[state]}</span>;
  return (
    <div className="flex items-center gap-2">
      <progress
        className="h-1.5 w-32 accent-live"
        aria-label={`How far ${id} is`}
        value={progressPercent}
        max={100}
      />
      <span className="tabular-nums text-ink-soft">{progressPercent} %</span>
    </div>
  );
}
