import { jobStates } from '@patchbay/domain/file-jobs/file-job';
import { priorities } from '@patchbay/domain/file-jobs/file-order';
import { MEDIA_SECONDS_MAX, mediaFactsSchema, mediaKinds } from '@patchbay/domain/file-jobs/media-facts';
import { audioCodecs, mediaFormats, videoCodecs } from '@patchbay/domain/transcoding/media-format';
import { conversionShape } from '@patchbay/domain/transcoding/transcoding-order';
import { jobPurposes } from '@patchbay/domain/transcoding/transcoding-record';
import { operations } from '@patchbay/domain/transcoding/transcoding-usage';
import { defineService } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { fileAddress, fileConfigShape, fileInputShape, fileOwnerShape } from '../file-request.ts';
import { transcodingErrors } from './errors.ts';

/** Of all work on files. */
const worked = {
  kind: mediaKinds,
  codecIn: 'open',
  codecOut: [...audioCodecs, ...videoCodecs, 'jpeg', 'png', 'none'],
  operation: operations,
  implementation: 'open',
  version: 'open',
} as const;

const job = z.object({
  id: idField('trc'),
  purpose: z.enum(jobPurposes),
  state: z.enum(jobStates),
  priority: z.enum(priorities),
  /** Of what is made. */
  format: z.enum(mediaFormats).optional(),
  /** 0 to 100. */
  progressPercent: z.int(),
  /** What is in the file that came in, once it was looked at. */
  media: mediaFactsSchema.optional(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  /** Told to whoever asks for the job: where its file is sent by PUT, once and without a key, until `uploadExpiresAt`. */
  uploadUrl: z.string().optional(),
  uploadExpiresAt: z.iso.datetime().optional(),
  /** What was made, as a file that other services take. */
  objectId: idField('obj').optional(),
  durationMs: z.int().optional(),
  sizeBytes: z.int().optional(),
  mediaType: z.string().optional(),
  /** Where it is read without a key, until `urlExpiresAt`. Absent until it is completed, and when its file is gone. */
  url: z.string().optional(),
  urlExpiresAt: z.iso.datetime().optional(),
  /** Of one that failed. */
  failure: z.object({ code: z.string(), detail: z.string() }).optional(),
});

const asking = ['request.invalid', 'transcoding.object_unknown', 'transcoding.too_many_waiting'] as const;

export const transcoding = defineService({
  name: 'transcoding',
  title: 'Transcoding',
  summary: 'Turns files of sound, film and pictures into others, and says what is in them.',
  timing: 'async',
  media: 'none',
  config: z.object(fileConfigShape({ seconds: 7_200, secondsMax: MEDIA_SECONDS_MAX })),
  merge: { inputBytesMax: 'narrowest', mediaSecondsMax: 'narrowest', concurrentMax: 'narrowest' },
  meters: {
    requests: { unit: 'count', summary: 'Files that were worked on.', dimensions: worked },
    inputMs: { unit: 'millisecond', summary: 'Time that what came in lasts.', dimensions: worked },
    outputMs: { unit: 'millisecond', summary: 'Time that what was made lasts.', dimensions: worked },
    processMs: { unit: 'millisecond', summary: 'Time that the work took.', dimensions: worked },
  },
  events: {
    completed: z.object({
      jobId: z.string(),
      purpose: z.enum(jobPurposes),
      media: mediaFactsSchema,
      /** Of what was made, where anything was. */
      objectId: z.string().optional(),
      mediaType: z.string().optional(),
      sizeBytes: z.int().optional(),
      durationMs: z.int().optional(),
      /** Where it is read with a key. */
      path: z.string().optional(),
    }),
    failed: z.object({
      jobId: z.string(),
      purpose: z.enum(jobPurposes),
      code: z.string(),
      detail: z.string(),
    }),
    /** At a quarter, at half and at three quarters. */
    progressed: z.object({ jobId: z.string(), percent: z.int() }),
    cancelled: z.object({ jobId: z.string(), purpose: z.enum(jobPurposes) }),
  },
  errors: transcodingErrors,
  operations: {
    createJob: {
      method: 'POST',
      path: '/jobs',
      summary:
        'Turn a file into another: one at `uri`, one that is stored as `objectId`, or one that you then upload.',
      access: 'develop',
      isUse: true,
      takesEvents: { fields: {}, emits: ['completed', 'failed', 'progressed'] },
      request: z.strictObject({
        ...fileInputShape,
        ...conversionShape,
        putUrl: fileAddress
          .optional()
          .describe('A public address that the file which is made is sent to by PUT as well.'),
        ...fileOwnerShape,
      }),
      response: job,
      errors: [...asking, 'transcoding.conversion_invalid'],
    },
    probe: {
      method: 'POST',
      path: '/probes',
      summary: 'Look at what is in a file. The job that is answered has it as `media`, once it is completed.',
      access: 'develop',
      isUse: true,
      request: z.strictObject({ ...fileInputShape, ...fileOwnerShape }),
      response: job,
      errors: [...asking],
    },
    listJobs: {
      method: 'GET',
      path: '/jobs',
      summary: 'List jobs, newest first.',
      access: 'read',
      request: pageRequest,
      response: pageOf(job),
      errors: [],
    },
    getJob: {
      method: 'GET',
      path: '/jobs/{jobId}',
      summary: 'Read how far a job is, and a link to its file.',
      access: 'read',
      files: [
        {
          ending: 'result',
          segment: '{jobId}/result',
          mediaType: 'application/octet-stream',
          isBinary: true,
          summary:
            'Read the file that was made, with Range from one byte to another. Its Content-Type says its format.',
        },
      ],
      request: z.object({ jobId: idSchema('trc') }),
      response: job,
      errors: [],
    },
    cancelJob: {
      method: 'PATCH',
      path: '/jobs/{jobId}',
      summary: 'Cancel a job: what runs of it is ended within a second, and nothing of it counts.',
      access: 'develop',
      request: z.strictObject({ jobId: idSchema('trc'), state: z.literal('cancelled') }),
      response: job,
      errors: ['transcoding.is_over'],
    },
    removeJob: {
      method: 'DELETE',
      path: '/jobs/{jobId}',
      summary: 'Remove a job and its file. What still waits or runs of it is cancelled.',
      access: 'develop',
      request: z.object({ jobId: idSchema('trc') }),
      response: z.object({ id: idField('trc') }),
      errors: [],
    },
  },
});
