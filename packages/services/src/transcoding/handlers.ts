import { OBJECT_LINK_LIFETIME_MS } from '@patchbay/domain/stored-media/object-link';
import {
  conversionRefusal,
  conversionShape,
  type TranscodingOrder,
} from '@patchbay/domain/transcoding/transcoding-order';
import type { TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import type { Handlers, ServiceContext } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import { z } from 'zod';
import { fileJobAnswer, fileOrderOf, uploadAnswer, WAITING_RETRY_MS } from '../file-request.ts';
import type { transcoding } from './definition.ts';
import type { AskedJob, TranscodingPorts } from './ports.ts';

type Definition = typeof transcoding;
type Asking = ServiceContext<Definition, 'createJob'> | ServiceContext<Definition, 'probe'>;
type Input = Pick<
  z.output<Definition['operations']['createJob']['request']>,
  'uri' | 'objectId' | 'uploadBytes'
>;
type Answer = z.output<Definition['operations']['getJob']['response']>;

const conversionSchema = z.object(conversionShape);

export const handlers: Handlers<Definition, TranscodingPorts> = {
  async createJob(context, { putUrl, priority, ...request }, ports) {
    const conversion = conversionSchema.parse(request);
    const refusal = conversionRefusal(conversion);
    if (refusal !== undefined) throw context.error('transcoding.conversion_invalid', refusal);
    const order = {
      ...orderOf(context, request),
      conversion,
      ...(putUrl === undefined ? {} : { putUrl }),
    };
    const known = { purpose: 'convert', priority, format: conversion.format } as const;
    return toAskedAnswer(
      await ask(context, { order, known, uploadBytes: request.uploadBytes }, ports),
      context,
      ports,
    );
  },

  async probe(context, { priority, ...request }, ports) {
    const order = orderOf(context, request);
    const known = { purpose: 'probe', priority } as const;
    return toAskedAnswer(
      await ask(context, { order, known, uploadBytes: request.uploadBytes }, ports),
      context,
      ports,
    );
  },

  async listJobs(context, page, ports) {
    const { items, ...rest } = await ports.jobs.list({ accountId: context.entity.accountId, ...page });
    return { ...rest, items: items.map((job) => toAnswer(job, context, ports)) };
  },

  async getJob(context, { jobId }, ports) {
    const found = await ports.jobs.find({ accountId: context.entity.accountId, jobId });
    if (found === undefined) throw noJob(context, jobId);
    return toAnswer(found, context, ports);
  },

  async cancelJob(context, { jobId }, ports) {
    const { accountId } = context.entity;
    const before = await ports.jobs.cancel({ accountId, jobId });
    if (before === undefined) throw noJob(context, jobId);
    if (before === 'over')
      throw context.error('transcoding.is_over', 'It has ended: nothing of it can be cancelled.');
    const { state, purpose, format } = before;
    context.audit({
      target: jobId,
      before: { state, purpose, format },
      after: { state: 'cancelled', purpose, format },
    });
    await context.emit('cancelled', { jobId, purpose });
    const cancelled = await ports.jobs.find({ accountId, jobId });
    if (cancelled === undefined) throw noJob(context, jobId);
    return toAnswer(cancelled, context, ports);
  },

  async removeJob(context, { jobId }, ports) {
    const removed = await ports.jobs.remove({ accountId: context.entity.accountId, jobId });
    if (removed === undefined) throw noJob(context, jobId);
    const { state, purpose, format } = removed;
    context.audit({ target: jobId, before: { state, purpose, format } });
    return { id: jobId };
  },
};

function orderOf(context: Asking, input: Input): TranscodingOrder {
  const invalid = (detail: string) => context.error('request.invalid', detail);
  return fileOrderOf(input, { config: context.config, invalid });
}

async function ask(
  context: Asking,
  asked: Pick<AskedJob, 'order' | 'known' | 'uploadBytes'>,
  { jobs }: TranscodingPorts,
): Promise<TranscodingJob> {
  const { entity, config, regions } = context;
  const job = await jobs.ask({ ...asked, entity, regions, concurrentMax: config.concurrentMax });
  switch (job) {
    case 'no_object':
      throw context.error('transcoding.object_unknown', 'This account has no such file, or not any more.');
    case 'too_many': {
      const refused = context.error(
        'transcoding.too_many_waiting',
        'As many jobs of this account wait as may.',
      );
      throw new ServiceError({ ...refused.fields, retryAfterMs: WAITING_RETRY_MS });
    }
    default:
      return job;
  }
}

function noJob(context: Pick<ServiceContext<Definition, 'getJob'>, 'error'>, jobId: string) {
  return context.error('resource.unknown', `This account has no job ${jobId}.`);
}

function toAskedAnswer(job: TranscodingJob, context: Asking, ports: TranscodingPorts): Answer {
  const { links } = ports;
  return { ...toAnswer(job, context, ports), ...uploadAnswer(job, { links, baseUrl: context.baseUrl }) };
}

function toAnswer(
  job: TranscodingJob,
  { nowMs, baseUrl, entity: { accountId } }: Pick<Asking, 'nowMs' | 'baseUrl' | 'entity'>,
  { links }: TranscodingPorts,
): Answer {
  const { purpose, format, file } = job;
  const expiresMs = nowMs() + OBJECT_LINK_LIFETIME_MS;
  return {
    ...fileJobAnswer('transcoding', job),
    purpose,
    ...(format === undefined ? {} : { format }),
    ...(file === undefined ? {} : fileOf(file)),
  };

  function fileOf({ objectId, mediaType, sizeBytes, durationMs }: NonNullable<TranscodingJob['file']>) {
    return {
      ...{ objectId, mediaType, sizeBytes, ...(durationMs === undefined ? {} : { durationMs }) },
      url: links.urlOf(links.pathOf({ accountId, id: objectId, expiresMs }), baseUrl),
      urlExpiresAt: new Date(expiresMs).toISOString(),
    };
  }
}
