import { type FileJob, isOver } from '@patchbay/domain/file-jobs/file-job';
import type { FileOrder, Priority } from '@patchbay/domain/file-jobs/file-order';
import { createId, type IdPrefix } from '@patchbay/kit/ids';
import type { AskedFileJob, FileJobs } from '@patchbay/services/file-request';

export interface FileJobOptions {
  readonly waitingMax?: number;
  /** Files that the account has. Default: every one that is named. */
  readonly objectIds?: readonly string[];
}

/** Jobs on files in memory: nobody works, and a job stays as it was asked for. */
export function memoryFileJobs<
  Order extends FileOrder,
  Job extends FileJob,
  Known extends { readonly priority: Priority },
>(
  idPrefix: IdPrefix,
  jobOf: (known: Known, job: FileJob) => Job,
  { waitingMax = 100, objectIds }: FileJobOptions,
) {
  const asked: AskedFileJob<Order, Known>[] = [];
  const jobs = new Map<string, Job>();
  const change = (jobId: string, changed: Partial<Job>) => {
    const job = jobs.get(jobId);
    if (job !== undefined) jobs.set(jobId, { ...job, ...changed });
  };
  const find = ({ accountId, jobId }: { readonly accountId: string; readonly jobId: string }) => {
    const job = jobs.get(jobId);
    return job?.accountId === accountId ? job : undefined;
  };
  const ports: FileJobs<Order, Job, Known> = {
    async ask(one) {
      const { entity, order, known } = one;
      if (jobs.size >= waitingMax) return 'too_many';
      if (order.input.kind === 'object' && objectIds?.includes(order.input.objectId) === false)
        return 'no_object';
      asked.push(one);
      const job = jobOf(known, {
        ...{ id: createId(idPrefix, jobs.size + 1), accountId: entity.accountId, progressPercent: 0 },
        state: order.input.kind === 'upload' ? 'awaiting' : 'queued',
        priority: known.priority,
        createdAt: new Date(0),
      });
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
      jobs.set(job.id, { ...job, state: 'cancelled', finishedAt: new Date(0) });
      return job;
    },
    async remove(one) {
      const job = find(one);
      if (job !== undefined) jobs.delete(job.id);
      return job;
    },
  };
  return {
    jobs: ports,
    /** What was asked for. */
    asked,
    /** Changes a job as a node would. */
    change,
  };
}
