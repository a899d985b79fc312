import { z } from 'zod';
import type { OperationDefinition, ServiceDefinition } from './definition.ts';

const info = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  timing: z.enum(['sync', 'async']),
  media: z.enum(['mutable', 'immutable', 'none']),
  meters: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      summary: z.string(),
      dimensions: z.array(z.string()),
      isPriced: z.boolean(),
    }),
  ),
  events: z.array(z.string()),
  operations: z.array(z.string()),
});

const use = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  meters: z.array(z.object({ meter: z.string(), unit: z.string(), quantity: z.string() })),
});

/** The resources that every service has without writing them (API-2): configuration, information and use. */
export function serviceResources<const S extends ServiceDefinition>(service: S) {
  const config = service.config as S['config'];
  return {
    getConfig: {
      method: 'GET',
      path: '/config',
      summary: `Read the configuration of ${service.title.toLowerCase()} for this account.`,
      access: 'read',
      request: z.object({}),
      response: config,
      errors: [],
    },
    putConfig: {
      method: 'PUT',
      path: '/config',
      summary: `Set the configuration of ${service.title.toLowerCase()} for this account.`,
      access: 'develop',
      request: z.strictObject(config.shape as S['config']['shape']),
      response: config,
      errors: [],
    },
    getInfo: {
      method: 'GET',
      path: '/info',
      summary: `Read what ${service.title.toLowerCase()} is: its meters, events and operations.`,
      access: 'read',
      request: z.object({}),
      response: info,
      errors: [],
    },
    getUse: {
      method: 'GET',
      path: '/use',
      summary: `Read this month's use of ${service.title.toLowerCase()}, descendants included.`,
      access: 'read',
      request: z.object({}),
      response: use,
      errors: [],
    },
  } as const satisfies Readonly<Record<string, OperationDefinition>>;
}

export type ServiceResources<S extends ServiceDefinition> = ReturnType<typeof serviceResources<S>>;
