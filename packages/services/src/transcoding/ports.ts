import type { TranscodingOrder } from '@patchbay/domain/transcoding/transcoding-order';
import type { TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import type { Entity } from '@patchbay/kit/definition';
import type { SignedLink } from '@patchbay/kit/signed-link';

export interface AskedJob {
  readonly entity: Entity;
  readonly order: TranscodingOrder;
  readonly known: Pick<TranscodingJob, 'purpose' | 'priority' | 'format'>;
  /** Of a file that is to be uploaded: how long it will be. */
  readonly uploadBytes?: number | undefined;
  /** At a time, of the account. */
  readonly concurrentMax: number;
  /** Whose nodes may do it. Absent: those of all regions. */
  readonly regions?: readonly string[] | undefined;
}

interface OneJob {
  readonly accountId: string;
  readonly jobId: string;
}

/** What transcoding needs from the world. All of it is of the account that is named. */
export interface TranscodingPorts {
  readonly jobs: {
    /** Gives a job to the nodes. 'too_many': as many wait as may. 'no_object': the account has not the file it names. */
    ask(asked: AskedJob): Promise<TranscodingJob | 'too_many' | 'no_object'>;
    find(job: OneJob): Promise<TranscodingJob | undefined>;
    list(page: {
      readonly accountId: string;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly TranscodingJob[]; readonly nextCursor?: string }>;
    /** As it stood before. 'over': it has ended already. Undefined: there is none. */
    cancel(job: OneJob): Promise<TranscodingJob | 'over' | undefined>;
    /** As it stood. Undefined: there is none. */
    remove(job: OneJob): Promise<TranscodingJob | undefined>;
  };
  readonly links: {
    /** Signs the path at which a file is read without a key. */
    pathOf(file: SignedLink): string;
    /** Signs the path at which the file of a job is taken, once. */
    uploadPathOf(job: SignedLink): string;
    /** The address of a path, at the host that a request came to. */
    urlOf(path: string, baseUrl: string | undefined): string;
  };
}
