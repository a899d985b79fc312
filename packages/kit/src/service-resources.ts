import { z } from 'zod';
import type { OperationDefinition, ServiceDefinition } from './definition.ts';
import { idField, idSchema } from './ids.ts';
import { pageOf, pageRequest } from './page.ts';

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
      /** Each with all values that it may have, or 'open'. */
      dimensions: z.record(z.string(), z.union([z.array(z.string()), z.literal('open')])),
      isPriced: z.boolean(),
    }),
  ),
  events: z.array(z.string()),
  operations: z.array(z.string()),
});

/** A kind of data is registered by its name; another one is no new version. */
const dataName = z.string().max(64);

const dataRequest = pageRequest.extend({
  /** Of one kind alone, such as `session-log`. */
  kind: dataName.optional(),
  form: z.enum(['data', 'media', 'all']).default('all'),
});

const data = pageOf(
  z.object({
    id: z.string(),
    kind: z.string(),
    /** 'media': sound, pictures or what was written down of them. */
    form: z.enum(['data', 'media']),
    mediaType: z.string(),
    sizeBytes: z.int(),
    createdAt: z.iso.datetime(),
    /** Absent while it grows, and of what is kept as long as the account. */
    keptUntil: z.iso.datetime().optional(),
    /** The class whose retention says that, such as `sessionLogs`. */
    dataClass: z.string(),
    /** Where it is read, with the same key. */
    path: z.string(),
  }),
);

const use = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  meters: z.array(z.object({ meter: z.string(), unit: z.string(), quantity: z.string() })),
});

/**
 * Levels at which a configuration can be set, from the top down. The first is the default of the field itself; what a
 * trigger that fired holds its target to stands beside them.
 */
export const configLevelNames = [
  'default',
  'platform',
  'account',
  'application',
  'instanceType',
  'endpoint',
  'trigger',
] as const;

/** Of an account, where a configuration is set; nothing: the account itself. */
export const configPlace = {
  applicationId: idField('app').optional(),
  instanceType: z.string().optional(),
  endpointId: idField('end').optional(),
} as const;

/** The level that an effective value came from (POL-2). */
const configOrigin = z.object({
  level: z.enum(configLevelNames),
  /** Absent for an account above those that the caller may see. */
  accountId: z.string().optional(),
  ...configPlace,
  /** An account above set it for this one, which does not take it back. Absent of all else. */
  by: z.literal('above').optional(),
  /** Which one: absent for one that the caller may not see. */
  setById: z.string().optional(),
  /** Of a trigger: absent for one that the caller may not see. */
  triggerId: z.string().optional(),
});

type Shape = ServiceDefinition['config']['shape'];
type WithoutDefault<Field> = Field extends z.ZodDefault<infer Inner> ? Inner : Field;
/** A configuration as one level stores it: every field may be left out, and none is filled in. */
type StoredShape<S extends Shape> = { readonly [F in keyof S]: z.ZodOptional<Schema<WithoutDefault<S[F]>>> };
type Schema<Field> = Field extends z.ZodType ? Field : never;
type OriginShape<S extends Shape> = { readonly [F in keyof S]: z.ZodOptional<typeof configOrigin> };

const withoutDefault = (field: unknown) => (field instanceof z.ZodDefault ? field.unwrap() : field);

function storedShape<S extends Shape>(shape: S): StoredShape<S> {
  const fields = Object.entries(shape).map(([name, field]) => [
    name,
    z.optional(withoutDefault(field) as z.ZodType),
  ]);
  return Object.fromEntries(fields);
}

function originShape<S extends Shape>(shape: S): OriginShape<S> {
  return Object.fromEntries(
    Object.keys(shape).map((name) => [name, configOrigin.optional()]),
  ) as OriginShape<S>;
}

/** What a configuration is, at one level and in effect. */
function configAnswer<S extends Shape>(config: z.ZodObject<S>) {
  const stored = z.object(storedShape(config.shape));
  return z.object({
    /** The level that was asked about. */
    origin: configOrigin,
    /** What is set at this level. */
    stored,
    /** What the account itself set here, beside what those above did. */
    own: stored,
    /** What the levels above it say: it would hold if nothing were set at this level, nor below it. */
    inherited: config,
    /** What holds here: `inherited`, narrowed or replaced by `stored` and by what those below it say. */
    effective: config,
    /** For each field of `effective`, the level whose value it is. */
    origins: z.object(originShape(config.shape)),
    /** The accounts whose word the caller may set here by naming them as `from`, the highest first, this one by a role here alone. */
    speakerIds: z.array(z.string()),
    /** What each account above set here, the farthest first. What those set that the caller does not see is one. */
    fromAbove: z.array(z.object({ origin: configOrigin, values: stored })),
  });
}

/**
 * Whose word it is: one of `speakerIds`. Absent: that of the highest account above at which the caller may configure the service,
 * else of the account itself.
 */
const from = { from: idSchema('acc').optional() };

const application = { applicationId: idSchema('app') };
const instanceType = { ...application, instanceType: z.string().min(1).max(32) };
const endpoint = { endpointId: idSchema('end') };

/** Of an address, or of an operation of a service that takes events: `service:notification?channel=calls` (HKS-4). */
const url = z.url({ protocol: /^(https?|service)$/ }).max(2_048);
/** Callbacks of one service at one place. */
const CALLBACKS_AT_ONCE_MAX = 8;

/** Who is told of which events of a service, as its configuration at one place says it (HKS-1). */
function callbacksOf({ events }: ServiceDefinition) {
  // Every service declares an event, or it is not there to be told of.
  const event = z.enum(Object.keys(events) as [string, ...string[]]);
  const callback = z.strictObject({
    url,
    /** Asked in the same attempt when `url` failed. */
    fallbackUrl: url.optional(),
    /** Without the name of the service. */
    events: z.array(event).min(1).max(64),
  });
  const set = z.object({
    /** Its deliveries are those of a webhook: they are read, sent again and signed in the same way. */
    webhookId: z.string(),
    url: z.string(),
    fallbackUrl: z.string().optional(),
    events: z.array(z.string()),
    state: z.enum(['active', 'disabled']),
  });
  return {
    wanted: {
      callbacks: z
        .array(callback)
        .max(CALLBACKS_AT_ONCE_MAX)
        .refine(
          (callbacks) => new Set(callbacks.map((one) => one.url)).size === callbacks.length,
          'Each address is named once, with all events that it is told of.',
        ),
    },
    answer: z.object({ callbacks: z.array(set) }),
    /** The only answer with a secret in it. */
    written: z.object({
      callbacks: z.array(
        set.extend({
          /** That signs what it is told: in the answer in which it came to be, and nowhere else. */
          secret: z.string().optional(),
        }),
      ),
    }),
  };
}

/** The resources that every service has without writing them (API-2): configuration, information, data and media, and use. */
export function serviceResources<const S extends ServiceDefinition>(service: S) {
  const config = service.config as z.ZodObject<S['config']['shape']>;
  const stored = storedShape(config.shape);
  const response = configAnswer(config);
  const title = service.title.toLowerCase();
  const { wanted, answer, written } = callbacksOf(service);
  const callbackErrors = [
    'callback.address_forbidden',
    'callback.service_refused',
    'callback.loop',
    'callback.too_many',
  ] as const;
  return {
    getConfig: {
      method: 'GET',
      path: '/config',
      summary: `Read the configuration of ${title} for this account, and where each value comes from.`,
      access: 'read',
      request: z.object(from),
      response,
      errors: ['resource.unknown'],
    },
    putConfig: {
      method: 'PUT',
      path: '/config',
      summary: `Set the configuration of ${title} for this account: what is left out is not set here.`,
      access: 'develop',
      request: z.strictObject({ ...stored, ...from }),
      response,
      errors: ['resource.unknown', 'config.wider'],
    },
    getApplicationConfig: {
      method: 'GET',
      path: '/config',
      below: 'application',
      summary: `Read the configuration of ${title} for an application, and where each value comes from.`,
      access: 'read',
      request: z.object({ ...application, ...from }),
      response,
      errors: ['resource.unknown'],
    },
    putApplicationConfig: {
      method: 'PUT',
      path: '/config',
      below: 'application',
      summary: `Set the configuration of ${title} for an application: what is left out is not set here.`,
      access: 'develop',
      request: z.strictObject({ ...stored, ...application, ...from }),
      response,
      errors: ['resource.unknown', 'config.wider'],
    },
    getInstanceTypeConfig: {
      method: 'GET',
      path: '/config',
      below: 'instanceType',
      summary: `Read the configuration of ${title} for an instance type, and where each value comes from.`,
      access: 'read',
      request: z.object({ ...instanceType, ...from }),
      response,
      errors: ['resource.unknown', 'application.instance_type_unknown'],
    },
    putInstanceTypeConfig: {
      method: 'PUT',
      path: '/config',
      below: 'instanceType',
      summary: `Set the configuration of ${title} for an instance type: what is left out is not set here.`,
      access: 'develop',
      request: z.strictObject({ ...stored, ...instanceType, ...from }),
      response,
      errors: ['resource.unknown', 'application.instance_type_unknown', 'config.wider'],
    },
    getEndpointConfig: {
      method: 'GET',
      path: '/config',
      below: 'endpoint',
      summary: `Read the configuration of ${title} for an endpoint, and where each value comes from.`,
      access: 'read',
      request: z.object({ ...endpoint, ...from }),
      response,
      errors: ['resource.unknown'],
    },
    putEndpointConfig: {
      method: 'PUT',
      path: '/config',
      below: 'endpoint',
      summary: `Set the configuration of ${title} for an endpoint: what is left out is not set here.`,
      access: 'develop',
      request: z.strictObject({ ...stored, ...endpoint, ...from }),
      response,
      errors: ['resource.unknown', 'config.wider', 'config.too_many'],
    },
    getCallbacks: {
      method: 'GET',
      path: '/callbacks',
      summary: `Read who is told of the events of ${title} in this account.`,
      access: 'read',
      request: z.object({}),
      response: answer,
      errors: [],
    },
    putCallbacks: {
      method: 'PUT',
      path: '/callbacks',
      summary: `Set who is told of the events of ${title} in this account. Secrets of new ones are in this answer alone.`,
      access: 'develop',
      request: z.strictObject(wanted),
      response: written,
      errors: callbackErrors,
    },
    getApplicationCallbacks: {
      method: 'GET',
      path: '/callbacks',
      below: 'application',
      summary: `Read who is told of the events of ${title} in an application.`,
      access: 'read',
      request: z.object(application),
      response: answer,
      errors: ['resource.unknown'],
    },
    putApplicationCallbacks: {
      method: 'PUT',
      path: '/callbacks',
      below: 'application',
      summary: `Set who is told of the events of ${title} in an application.`,
      access: 'develop',
      request: z.strictObject({ ...wanted, ...application }),
      response: written,
      errors: ['resource.unknown', ...callbackErrors],
    },
    getInstanceTypeCallbacks: {
      method: 'GET',
      path: '/callbacks',
      below: 'instanceType',
      summary: `Read who is told of the events of ${title} in sessions of an instance type.`,
      access: 'read',
      request: z.object(instanceType),
      response: answer,
      errors: ['resource.unknown', 'application.instance_type_unknown'],
    },
    putInstanceTypeCallbacks: {
      method: 'PUT',
      path: '/callbacks',
      below: 'instanceType',
      summary: `Set who is told of the events of ${title} in sessions of an instance type.`,
      access: 'develop',
      request: z.strictObject({ ...wanted, ...instanceType }),
      response: written,
      errors: ['resource.unknown', 'application.instance_type_unknown', ...callbackErrors],
    },
    getEndpointCallbacks: {
      method: 'GET',
      path: '/callbacks',
      below: 'endpoint',
      summary: `Read who is told of the events of ${title} that an endpoint has a part in.`,
      access: 'read',
      request: z.object(endpoint),
      response: answer,
      errors: ['resource.unknown'],
    },
    putEndpointCallbacks: {
      method: 'PUT',
      path: '/callbacks',
      below: 'endpoint',
      summary: `Set who is told of the events of ${title} that an endpoint has a part in.`,
      access: 'develop',
      request: z.strictObject({ ...wanted, ...endpoint }),
      response: written,
      errors: ['resource.unknown', ...callbackErrors],
    },
    getInfo: {
      method: 'GET',
      path: '/info',
      summary: `Read what ${title} is: its meters, events and operations.`,
      access: 'read',
      request: z.object({}),
      response: info,
      errors: [],
    },
    getApplicationInfo: {
      method: 'GET',
      path: '/info',
      below: 'application',
      summary: `Read what ${title} is to an application: its meters, events and operations.`,
      access: 'read',
      request: z.object(application),
      response: info,
      errors: ['resource.unknown'],
    },
    getEndpointInfo: {
      method: 'GET',
      path: '/info',
      below: 'endpoint',
      summary: `Read what ${title} is to an endpoint: its meters, events and operations.`,
      access: 'read',
      request: z.object(endpoint),
      response: info,
      errors: ['resource.unknown'],
    },
    listData: {
      method: 'GET',
      path: '/data',
      summary: `Read what ${title} left in this account: session logs, events, exports and media, newest first.`,
      access: 'read',
      request: dataRequest,
      response: data,
      errors: [],
    },
    listApplicationData: {
      method: 'GET',
      path: '/data',
      below: 'application',
      summary: `Read what ${title} left of an application: session logs, events and media, newest first.`,
      access: 'read',
      request: dataRequest.extend(application),
      response: data,
      errors: ['resource.unknown'],
    },
    listEndpointData: {
      method: 'GET',
      path: '/data',
      below: 'endpoint',
      summary: `Read what ${title} left that an endpoint had a part in: session logs, events and media, newest first.`,
      access: 'read',
      request: dataRequest.extend(endpoint),
      response: data,
      errors: ['resource.unknown'],
    },
    getUse: {
      method: 'GET',
      path: '/use',
      summary: `Read this month's use of ${title}, descendants included.`,
      access: 'read',
      request: z.object({}),
      response: use,
      errors: [],
    },
    getApplicationUse: {
      method: 'GET',
      path: '/use',
      below: 'application',
      summary: `Read this month's use of ${title} with credentials of an application.`,
      access: 'read',
      request: z.object(application),
      response: use,
      errors: ['resource.unknown'],
    },
    getEndpointUse: {
      method: 'GET',
      path: '/use',
      below: 'endpoint',
      summary: `Read this month's use of ${title} by an endpoint.`,
      access: 'read',
      request: z.object(endpoint),
      response: use,
      errors: ['resource.unknown'],
    },
  } as const satisfies Readonly<Record<string, OperationDefinition>>;
}

export type ServiceResources<S extends ServiceDefinition> = ReturnType<typeof serviceResources<S>>;
