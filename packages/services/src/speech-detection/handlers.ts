import type { DetectionRules } from '@patchbay/domain/speech-detection/detection-order';
import { type DetectionJob, heardOf } from '@patchbay/domain/speech-detection/detection-record';
import type { Handlers, ServiceContext } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';
import { fileJobAnswer, fileOrderOf, uploadAnswer, WAITING_RETRY_MS } from '../file-request.ts';
import type { speechDetection } from './definition.ts';
import type { SpeechDetectionPorts } from './ports.ts';

type Definition = typeof speechDetection;
type Asking = ServiceContext<Definition, 'createJob'>;
type Request = z.output<Definition['operations']['createJob']['request']>;

export const handlers: Handlers<Definition, SpeechDetectionPorts> = {
  async createJob(context, { kind, priority, uploadBytes, ...request }, { jobs, links }) {
    const { entity, config, regions, baseUrl } = context;
    const invalid = (detail: string) => context.error('request.invalid', detail);
    const file = fileOrderOf({ ...request, uploadBytes }, { config, invalid });
    const order = { ...file, kind, rules: rulesOf(context, request) };
    const known = { kind, priority };
    const asked = { order, known, uploadBytes, entity, regions, concurrentMax: config.concurrentMax };
    const job = await jobs.ask(asked);
    switch (job) {
      case 'no_object':
        throw context.error(
          'speech-detection.object_unknown',
          'This account has no such file, or not any more.',
        );
      case 'too_many': {
        const refused = context.error(
          'speech-detection.too_many_waiting',
          'As many jobs of this account wait as may.',
        );
        throw new ServiceError({ ...refused.fields, retryAfterMs: WAITING_RETRY_MS });
      }
      default:
        return { ...toAnswer(job), ...uploadAnswer(job, { links, baseUrl }) };
    }
  },

  async listJobs(context, page, { jobs }) {
    const { items, ...rest } = await jobs.list({ accountId: context.entity.accountId, ...page });
    return { ...rest, items: items.map(toListed) };
  },

  async getJob(context, { jobId }, { jobs }) {
    const found = await jobs.find({ accountId: context.entity.accountId, jobId });
    if (found === undefined) throw noJob(context, jobId);
    return toAnswer(found);
  },

  async cancelJob(context, { jobId }, { jobs }) {
    const { accountId } = context.entity;
    const before = await jobs.cancel({ accountId, jobId });
    if (before === undefined) throw noJob(context, jobId);
    if (before === 'over')
      throw context.error('speech-detection.is_over', 'It has ended: nothing of it can be cancelled.');
    const { state, kind } = before;
    context.audit({ target: jobId, before: { state, kind }, after: { state: 'cancelled', kind } });
    await context.emit('cancelled', { jobId, kind });
    const cancelled = await jobs.find({ accountId, jobId });
    if (cancelled === undefined) throw noJob(context, jobId);
    return toAnswer(cancelled);
  },

  async removeJob(context, { jobId }, { jobs }) {
    const removed = await jobs.remove({ accountId: context.entity.accountId, jobId });
    if (removed === undefined) throw noJob(context, jobId);
    const { state, kind } = removed;
    context.audit({ target: jobId, before: { state, kind } });
    return { id: jobId };
  },
};

/** What a request says, and what is configured where it says nothing. */
function rulesOf({ config }: Pick<Asking, 'config'>, asked: Partial<Request>): DetectionRules {
  return {
    sensitivity: asked.sensitivity ?? config.sensitivity,
    speechMsMin: asked.speechMsMin ?? config.speechMsMin,
    pauseMsMin: asked.pauseMsMin ?? config.pauseMsMin,
    answerConfidencePercentMin: asked.answerConfidencePercentMin ?? config.answerConfidencePercentMin,
    answerSilenceMsMax: asked.answerSilenceMsMax ?? config.answerSilenceMsMax,
    answerTimeoutMs: asked.answerTimeoutMs ?? config.answerTimeoutMs,
    machineSharePercent: asked.machineSharePercent ?? config.machineSharePercent,
  };
}

function noJob(context: Pick<ServiceContext<Definition, 'getJob'>, 'error'>, jobId: string) {
  return context.error('resource.unknown', `This account has no job ${jobId}.`);
}

function toListed(job: DetectionJob) {
  const { kind, findings } = job;
  return {
    ...fileJobAnswer('speech-detection', job),
    kind,
    ...(findings === undefined ? {} : { heard: heardOf(findings) }),
  };
}

function toAnswer(job: DetectionJob) {
  const { findings } = job;
  return { ...toListed(job), ...(findings === undefined ? {} : { findings }) };
}
