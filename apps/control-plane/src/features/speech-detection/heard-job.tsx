import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showDuration } from '../../formats/quantity.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { WaveForm } from './wave-form.tsx';

export type Job = Outputs['speechDetection']['listJobs']['items'][number];
type Heard = NonNullable<Job['heard']>;

const answererWords = { human: 'a person', machine: 'a machine', unknown: 'nobody knows' } as const;
const reasonWords = {
  short_greeting: 'a short greeting, and somebody who waits',
  long_greeting: 'a greeting that goes on',
  beep: 'a beep',
  silence: 'nobody speaks',
  undecided: 'it fits both',
} as const;

/** What was heard, in a line. */
export function heardWords({ speechMs, talkRatio, segmentCount, beepCount, answering }: Heard): string {
  return [
    ...(answering === undefined ? [] : [`answered by ${answererWords[answering.answeredBy]}`]),
    segmentCount === 0
      ? 'no speech'
      : `${showDuration(speechMs)} of speech, ${Math.round(100 * talkRatio)} %`,
    ...(beepCount === 0 ? [] : [beepCount === 1 ? 'a beep' : `${beepCount} beeps`]),
  ].join(' · ');
}

/** All that was heard in one sound. */
export function HeardJob({ jobId }: { readonly jobId: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const job = useQuery(trpc.speechDetection.getJob.queryOptions({ accountId, jobId }));
  if (job.error !== null) return <ProblemNote error={job.error} onRetry={() => void job.refetch()} />;
  if (job.data === undefined) return <Skeleton className="h-24 w-full" />;
  const { findings } = job.data;
  if (findings === undefined) return null;
  const { answering, longestSilenceMs, silenceMs, speechMs, segmentCount, durationMs } = findings;
  return (
    <div className="grid gap-3">
      <WaveForm findings={findings} />
      <Facts label="What was heard">
        {answering === undefined ? null : (
          <Fact term="Answered by">
            {answererWords[answering.answeredBy]}, {Math.round(100 * answering.confidence)} % sure after{' '}
            {showDuration(answering.decidedAtMs)}: {reasonWords[answering.reason]}
          </Fact>
        )}
        <Fact term="Sound">{showDuration(durationMs)}</Fact>
        <Fact term="Speech">
          {showDuration(speechMs)} in {segmentCount === 1 ? 'one stretch' : `${segmentCount} stretches`}
        </Fact>
        <Fact term="Silence">
          {showDuration(silenceMs)}, {showDuration(longestSilenceMs)} at a time
        </Fact>
      </Facts>
    </div>
  );
}
