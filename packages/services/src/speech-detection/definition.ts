import { jobStates } from '@patchbay/domain/file-jobs/file-job';
import { priorities } from '@patchbay/domain/file-jobs/file-order';
import { mediaFactsSchema } from '@patchbay/domain/file-jobs/media-facts';
import {
  DETECTION_SECONDS_MAX,
  detectionDefaults,
  detectionKinds,
  detectionRules,
} from '@patchbay/domain/speech-detection/detection-order';
import { findingsSchema, heardSchema } from '@patchbay/domain/speech-detection/detection-record';
import { defineService } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { fileConfigShape, fileInputShape, fileOwnerShape } from '../file-request.ts';
import { speechDetectionErrors } from './errors.ts';

const { sensitivity, speechMsMin, pauseMsMin, ...answer } = detectionRules;

/** How it is listened to. */
const rules = {
  sensitivity: sensitivity.describe('How little is enough to be speech.'),
  speechMsMin: speechMsMin.describe('What is shorter is no speech.'),
  pauseMsMin: pauseMsMin.describe('A shorter pause does not end a stretch of speech.'),
  answerConfidencePercentMin: answer.answerConfidencePercentMin.describe(
    'It is decided who answered when one of the two has this many percent.',
  ),
  answerSilenceMsMax: answer.answerSilenceMsMax.describe(
    'Nobody speaks for so long: it is unknown who answered.',
  ),
  answerTimeoutMs: answer.answerTimeoutMs.describe('It is decided who answered within this time.'),
  machineSharePercent: answer.machineSharePercent.describe(
    'How many of a hundred of your calls a machine answers.',
  ),
} as const;

/** Of all that is listened to. */
const heard = { kind: detectionKinds, engine: 'open' } as const;

const listed = z.object({
  id: idField('dtc'),
  kind: z.enum(detectionKinds),
  state: z.enum(jobStates),
  priority: z.enum(priorities),
  /** 0 to 100. */
  progressPercent: z.int(),
  /** What is in the file, once it was looked at. */
  media: mediaFactsSchema.optional(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  /** Told to whoever asks for the job: where its file is sent by PUT, once and without a key, until `uploadExpiresAt`. */
  uploadUrl: z.string().optional(),
  uploadExpiresAt: z.iso.datetime().optional(),
  /** Of one that is completed, in short. */
  heard: heardSchema.optional(),
  /** Of one that failed. */
  failure: z.object({ code: z.string(), detail: z.string() }).optional(),
});

/** All that was heard, of one that is completed. */
const job = listed.extend({ findings: findingsSchema.optional() });

export const speechDetection = defineService({
  name: 'speech-detection',
  title: 'Speech detection',
  summary:
    'Says where somebody speaks in a sound, where it beeps, and whether a person or a machine answered.',
  timing: 'async',
  media: 'none',
  config: z.object({
    ...fileConfigShape({ seconds: DETECTION_SECONDS_MAX, secondsMax: DETECTION_SECONDS_MAX }),
    sensitivity: rules.sensitivity.default(detectionDefaults.sensitivity),
    speechMsMin: rules.speechMsMin.default(detectionDefaults.speechMsMin),
    pauseMsMin: rules.pauseMsMin.default(detectionDefaults.pauseMsMin),
    answerConfidencePercentMin: rules.answerConfidencePercentMin.default(
      detectionDefaults.answerConfidencePercentMin,
    ),
    answerSilenceMsMax: rules.answerSilenceMsMax.default(detectionDefaults.answerSilenceMsMax),
    answerTimeoutMs: rules.answerTimeoutMs.default(detectionDefaults.answerTimeoutMs),
    machineSharePercent: rules.machineSharePercent.default(detectionDefaults.machineSharePercent),
  }),
  merge: {
    ...{ inputBytesMax: 'narrowest', mediaSecondsMax: 'narrowest', concurrentMax: 'narrowest' },
    ...{ sensitivity: 'nearest', speechMsMin: 'nearest', pauseMsMin: 'nearest' },
    ...{ answerConfidencePercentMin: 'nearest', answerSilenceMsMax: 'nearest', answerTimeoutMs: 'nearest' },
    machineSharePercent: 'nearest',
  },
  meters: {
    requests: { unit: 'count', summary: 'Files that were listened to.', dimensions: heard },
    soundMs: { unit: 'millisecond', summary: 'Time that was listened to.', dimensions: heard },
    detections: { unit: 'count', summary: 'Stretches of speech that were heard.', dimensions: heard },
    decisions: { unit: 'count', summary: 'Decisions on who answered.', dimensions: heard },
    processMs: { unit: 'millisecond', summary: 'Time that the work took.', dimensions: heard },
  },
  events: {
    completed: z.object({
      jobId: z.string(),
      kind: z.enum(detectionKinds),
      media: mediaFactsSchema,
      ...heardSchema.shape,
    }),
    failed: z.object({
      jobId: z.string(),
      kind: z.enum(detectionKinds),
      code: z.string(),
      detail: z.string(),
    }),
    /** At a quarter, at half and at three quarters. */
    progressed: z.object({ jobId: z.string(), percent: z.int() }),
    cancelled: z.object({ jobId: z.string(), kind: z.enum(detectionKinds) }),
  },
  errors: speechDetectionErrors,
  operations: {
    createJob: {
      method: 'POST',
      path: '/jobs',
      summary:
        'Listen to a file: one at `uri`, one that is stored as `objectId`, or one that you then upload. `kind` says what for.',
      access: 'develop',
      isUse: true,
      takesEvents: { fields: {}, emits: ['completed', 'failed', 'progressed'] },
      request: z.strictObject({
        ...fileInputShape,
        kind: z
          .enum(detectionKinds)
          .default('presence')
          .describe(
            'answering-machine: besides where somebody speaks, who answered. It begins where it was answered.',
          ),
        sensitivity: rules.sensitivity.optional(),
        speechMsMin: rules.speechMsMin.optional(),
        pauseMsMin: rules.pauseMsMin.optional(),
        answerConfidencePercentMin: rules.answerConfidencePercentMin.optional(),
        answerSilenceMsMax: rules.answerSilenceMsMax.optional(),
        answerTimeoutMs: rules.answerTimeoutMs.optional(),
        machineSharePercent: rules.machineSharePercent.optional(),
        ...fileOwnerShape,
      }),
      response: job,
      errors: ['request.invalid', 'speech-detection.object_unknown', 'speech-detection.too_many_waiting'],
    },
    listJobs: {
      method: 'GET',
      path: '/jobs',
      summary: 'List jobs, newest first, with what was heard in short.',
      access: 'read',
      request: pageRequest,
      response: pageOf(listed),
      errors: [],
    },
    getJob: {
      method: 'GET',
      path: '/jobs/{jobId}',
      summary: 'Read how far a job is, and all that was heard.',
      access: 'read',
      request: z.object({ jobId: idSchema('dtc') }),
      response: job,
      errors: [],
    },
    cancelJob: {
      method: 'PATCH',
      path: '/jobs/{jobId}',
      summary: 'Cancel a job: it is no longer listened to within a second, and nothing of it counts.',
      access: 'develop',
      request: z.strictObject({ jobId: idSchema('dtc'), state: z.literal('cancelled') }),
      response: job,
      errors: ['speech-detection.is_over'],
    },
    removeJob: {
      method: 'DELETE',
      path: '/jobs/{jobId}',
      summary: 'Remove a job and what was heard. What still waits or runs of it is cancelled.',
      access: 'develop',
      request: z.object({ jobId: idSchema('dtc') }),
      response: z.object({ id: idField('dtc') }),
      errors: [],
    },
  },
});
