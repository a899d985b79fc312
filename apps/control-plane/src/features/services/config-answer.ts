import { configLevelNames } from '@patchbay/kit/service-resources';
import { z } from 'zod';

const origin = z.object({
  level: z.enum(configLevelNames),
  accountId: z.string().optional(),
  applicationId: z.string().optional(),
  instanceType: z.string().optional(),
  endpointId: z.string().optional(),
  by: z.literal('above').optional(),
  setById: z.string().optional(),
});
const values = z.record(z.string(), z.unknown());
/** A service's configuration at one place, as far as its page reads it. */
export const configAnswer = z.object({
  origin,
  stored: values,
  own: values,
  inherited: values,
  effective: values,
  origins: z.record(z.string(), origin.optional()),
  speakerIds: z.array(z.string()),
  fromAbove: z.array(z.object({ origin, values })),
});

export type ServiceConfigAnswer = z.output<typeof configAnswer>;

export type ConfigOrigin = z.output<typeof origin>;

export const isSameOrigin = (one: ConfigOrigin, other: ConfigOrigin): boolean =>
  originParts.every((part) => one[part] === other[part]);

const originParts = [
  ...(['level', 'accountId', 'applicationId', 'instanceType', 'endpointId', 'by'] as const),
  'setById',
] as const;
