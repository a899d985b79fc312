import { isOver } from '@patchbay/domain/file-jobs/file-job';
import type { TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import { createId } from '@patchbay/kit/ids';
import type { AskedJob, TranscodingPorts } from '@patchbay/services/transcoding/ports';
import { unsignedLinks } from './stored-links.ts';

interface Options {
  readonly waitingMax?: number;
  /** Files that the account has. Default: every one that is named. */
  readonly objectIds?: readonly string[];
}

/** Transcoding in memory: nobody works, and a job stays as it was asked for. */
export function memoryTranscodingPorts({ waitingMax = 100, objectIds }: Options = {}): TranscodingPorts & {
  readonly asked: readonly AskedJob[];
  /** Changes a job as a node would. */
  readonly change: (jobId: string, change: Partial<TranscodingJob>) => void;
} {
  const asked: AskedJob[] = [];
  const jobs = new Map<string, TranscodingJob>();
  const change = (jobId: string, changed: Partial<TranscodingJob>) => {
    const job = jobs.get(jobId);
    if (job !== undefined) jobs.set(jobId, { ...job, ...changed });
  };
  const find = ({ accountId, jobId }: { readonly accountId: string; readonly jobId: string }) => {
    const job = jobs.get(jobId);
    return job?.accountId === accountId ? job : undefined;
  };
  return {
    asked,
    change,
    jobs: {
      async ask(one) {
        const { entity, order, known } = one;
        if (jobs.size >= waitingMax) return 'too_many';
        if (order.input.kind === 'object' && objectIds?.includes(order.input.objectId) === false)
          return 'no_object';
        asked.push(one);
        const job: TranscodingJob = {
          ...known,
          id: createId('trc', jobs.size + 1),
          accountId: entity.accountId,
          state: order.input.kind === 'upload' ? 'awaiting' : 'queued',
          progressPercent: 0,
          createdAt: new Date(0),
        };
        jobs.set(job.id, job);
        return job;
      },
      find: async (one) => find(one),
      list: async ({ accountId, limit }) => ({
        items: [...jobs.values()].filter((one) => one.accountId === accountId).slice(0, limit),
      }),
      async cancel(one) {
        const job = find(one);
        if (job === undefined) return undefined;
        if (isOver(job.state)) return 'over';
        change(job.id, { state: 'cancelled', finishedAt: new Date(0) });
        return job;
      },
      async remove(one) {
        const job = find(one);
        if (job !== undefined) jobs.delete(job.id);
        return job;
      },
    },
    links: unsignedLinks,
  };
}
