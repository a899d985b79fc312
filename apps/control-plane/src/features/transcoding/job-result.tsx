import type { ReactNode } from 'react';
import { showBytes, showDuration, textOf } from '../../formats/quantity.ts';
import type { Outputs } from '../../trpc/client.ts';
import { JobStateLine } from '../file-jobs/job-state.tsx';
import { pathOf } from '../file-jobs/send-upload.ts';

export type Job = Outputs['transcoding']['listJobs']['items'][number];

/** How far a job is, why it failed, or what came of it. */
export function JobResult({ job }: { readonly job: Job }): ReactNode {
  const { state, url } = job;
  if (state !== 'completed') return <JobStateLine job={job} />;
  if (job.purpose === 'probe') return <span className="text-ink-soft">looked at</span>;
  if (url === undefined) return <span className="text-ink-faint">its file is gone</span>;
  const { format = '', durationMs, sizeBytes = 0 } = job;
  const facts = [format, ...(durationMs === undefined ? [] : [showDuration(durationMs)])];
  return (
    <div className="grid gap-1">
      <Player job={job} path={pathOf(url)} />
      <span className="text-sm text-ink-faint">
        {[...facts, textOf(showBytes(sizeBytes))].join(' · ')} ·{' '}
        <a
          href={pathOf(url)}
          download={`${job.id}.${format}`}
          className="underline underline-offset-2 hover:text-ink"
        >
          Download
        </a>
      </span>
    </div>
  );
}

function Player({
  job: { id, mediaType = '' },
  path,
}: {
  readonly job: Job;
  readonly path: string;
}): ReactNode {
  const [kind] = mediaType.split('/');
  if (kind === 'audio')
    return (
      // biome-ignore lint/a11y/useMediaCaption: nobody but whoever sent it knows what is said in it.
      <audio
        controls
        preload="none"
        src={path}
        className="h-8 w-full max-w-sm"
        aria-label={`Sound of ${id}`}
      />
    );
  if (kind === 'video')
    return (
      // biome-ignore lint/a11y/useMediaCaption: nobody but whoever sent it knows what is said in it.
      <video
        controls
        preload="none"
        src={path}
        className="max-h-48 max-w-full rounded-md"
        aria-label={`Film of ${id}`}
      />
    );
  return (
    // biome-ignore lint/performance/noImgElement: it is shown as it was made.
    <img
      src={path}
      alt={`Result of ${id}`}
      loading="lazy"
      className="max-h-48 max-w-full rounded-md border"
    />
  );
}

/** What is in a file, in a line. */
export function mediaWords({ media }: Pick<Job, 'media'>): string {
  if (media === undefined) return '–';
  const { audio, video, durationMs } = media;
  return [
    ...(video === undefined ? [] : [`${video.codec} ${video.width} × ${video.height}`]),
    ...(audio === undefined ? [] : [`${audio.codec} ${audio.sampleRateHz / 1_000} kHz`]),
    ...(durationMs === undefined ? [] : [showDuration(durationMs)]),
  ].join(' · ');
}
