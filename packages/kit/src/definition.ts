import type { z } from 'zod';
import type { ErrorDefinition, PlatformErrorCode, ServiceError } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** What a meter counts. Quantities are integers of this unit; a price may speak of minutes, a meter does not. */
export type MeterUnit = 'millisecond' | 'byte' | 'packet' | 'character' | 'count';

/** All values that a dimension may have; 'open' where only whoever runs a platform knows them, as with its regions. */
export type DimensionValues = readonly string[] | 'open';

export interface MeterDefinition {
  readonly unit: MeterUnit;
  readonly summary: string;
  /** Besides account, application, endpoint, credential, session, region, node and modality, which all have. */
  readonly dimensions: Readonly<Record<string, DimensionValues>>;
  /** False for what is counted and never priced, as connectivity checks are (QUE-5). Default true. */
  readonly isPriced?: boolean;
}

/** As what a request to the API counts that came to no resource: where nothing is served. */
export const UNSERVED_RESOURCE = 'none';

/** A meter of a domain. 'resources': every resource of the API, by the name that scopes have. */
export interface DomainMeterDefinition extends Omit<MeterDefinition, 'dimensions'> {
  readonly dimensions: Readonly<Record<string, DimensionValues | 'resources'>>;
}

/** The dimensions that a use of a meter has to name, each with a value that it may have. */
export type DimensionsOf<M extends MeterDefinition> = {
  readonly [Name in keyof M['dimensions']]: M['dimensions'][Name] extends readonly (infer Value)[]
    ? Value
    : string;
};

/**
 * The least that a role must allow (ACC-3). viewer: read. developer: read, develop. billing: read, bill.
 * admin: all but own. owner: all.
 */
export type Access = 'read' | 'develop' | 'bill' | 'administer' | 'own';

/** Another form of an answer. */
export interface OperationFile {
  /** Its address is that of the operation with this ending. */
  readonly ending: string;
  /** Where its address ends otherwise: what stands there in place of the last part. */
  readonly segment?: string;
  /** What the SDK calls it. Default: as its ending. */
  readonly name?: string;
  readonly mediaType: string;
  /** Its bytes are no text. */
  readonly isBinary?: true;
  readonly summary: string;
}

export interface LinkedFile {
  readonly name: string;
  /** From the root of the host, as in `/api/exports/{exportId}`. */
  readonly path: `/${string}`;
  readonly mediaType: string;
  readonly summary: string;
  /** What stands in the link. */
  readonly request: z.ZodObject;
}

export const filePath = (
  path: string,
  { ending, segment }: Pick<OperationFile, 'ending' | 'segment'>,
): string => (segment === undefined ? `${path}.${ending}` : path.replace(/[^/]+$/, segment));

export interface OperationDefinition {
  /** GET becomes a tRPC query, every other method a mutation. */
  readonly method: Method;
  /** Below its owner's prefix, as in '/jobs/{jobId}'. Every {name} is a field of `request`. '' is the owner itself. */
  readonly path: `/${string}` | '';
  readonly summary: string;
  readonly access: Access;
  /** 'ancestor': only an account strictly above the one in the path may do this. Default 'self'. */
  readonly authority?: 'self' | 'ancestor';
  /**
   * Of a change: it may also be made at an account that is closed, or stands below one, for it settles what was before, frees what the
   * account holds, takes a right away or hands data out (ACC-2). No other is, whoever asks.
   */
  readonly isAllowedAtClosed?: true;
  /** Of the service: who may not use it is refused this operation (POL-3). */
  readonly feature?: string;
  /** It only tries: nothing is other than before, and so the log of changes has no entry of it (ACC-8). */
  readonly isTrial?: true;
  /** It is use of a service and no change of what is set: it is metered, and the log of changes has no entry of it (ACC-8). */
  readonly isUse?: true;
  /**
   * It takes events: a callback may name it in place of an address, and it is run with the event (HKS-4). Of a service alone,
   * and only of what is use: nobody is asked again whether they may change what is set.
   */
  readonly takesEvents?: EventTaking;
  /** Answers a credential for the service: only a key whose scopes cover this mints one offline that it takes (ACC-4). */
  readonly isMinting?: true;
  /**
   * The operation of the same resource that reads what this one replaces: its entity tag may be named as If-Match, and
   * then the change is made to what has that tag, or not at all (RFC 9110 §13.1.1).
   */
  readonly replaces?: string;
  /** Of a GET: the same question is answered as files too. What bounds one answer, `limit` and `after`, is not asked there. */
  readonly files?: readonly OperationFile[];
  /** What its answer links to: a file for whoever has the link, without a key. */
  readonly linkedFile?: LinkedFile;
  /** The entity that the path goes to (API-2): of a service alone, and only those that all services have. Default 'account'. */
  readonly below?: keyof typeof entityPaths;
  readonly request: z.ZodObject;
  readonly response: z.ZodObject;
  /** Refusals the handler itself may raise. Anything else that escapes it is a 500 and a failing test. */
  readonly errors: readonly string[];
}

/** How an operation takes an event (HKS-4). */
export interface EventTaking {
  /**
   * What stands in a field of the request where the callback says nothing: a template, in which `{data.code}` is a field of the
   * event and `{}` all of it.
   */
  readonly fields: Readonly<Record<string, string>>;
  /** What stands in a field whatever the callback says, such as that nobody waits for the end. */
  readonly always?: Readonly<Record<string, string>>;
  /** Of several of its service that take events: the one that is meant where a callback names none. */
  readonly isUnnamed?: true;
  /** The events of its service that running it leads to: by these callbacks are kept from going round in a circle. */
  readonly emits: readonly string[];
}

type Operations = Readonly<Record<string, OperationDefinition>>;

/**
 * How a field of a configuration is merged down the chain, from the platform to an instance type and an endpoint (POL-2).
 * - `narrowest`: a level can only narrow what holds above it. Of numbers, the least is the narrowest.
 * - `narrowestOf`: the same of words, which are named from the widest to the narrowest.
 * - `nearest`: the lowest level that says something has its way.
 */
export type FieldMerge =
  | 'narrowest'
  | 'nearest'
  | { readonly narrowestOf: readonly [widest: string, ...narrower: string[]] };

type MergeOf<Value> =
  | 'nearest'
  | ([Value] extends [number]
      ? 'narrowest'
      : [Value] extends [string]
        ? { readonly narrowestOf: readonly [Value, ...Value[]] }
        : never);

export interface ServiceDefinition {
  /** Folder, URL segment, event prefix, permission scope and documentation slug, in kebab-case. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** What of it may be allowed by itself, by name in kebab-case, and what that is (POL-3). Absent: it is used as a whole. */
  readonly features?: Readonly<Record<string, string>>;
  /** An asynchronous service may queue for as long as needed; a synchronous one 500 ms at most (QUE-4). */
  readonly timing: 'sync' | 'async';
  readonly media: 'mutable' | 'immutable' | 'none';
  /** What can be set for it. Every field has a default or may be left out: nobody has to configure anything. */
  readonly config: z.ZodObject;
  /** Of each field of `config`. */
  readonly merge: Readonly<Record<string, FieldMerge>>;
  readonly meters: Readonly<Record<string, MeterDefinition>>;
  readonly events: Readonly<Record<string, z.ZodType>>;
  readonly errors: Readonly<Record<string, ErrorDefinition>>;
  readonly operations: Operations;
}

/** A collection of a domain: `pb.keys.create()`, scope `keys:create`, served below its mount. */
export interface ResourceDefinition {
  readonly title: string;
  /** 'account': below /v1/accounts/{accountId}. 'platform': below /v1, for what comes before any account. */
  readonly mount: 'account' | 'platform';
  /** Who may call at all. 'none' is only for what a stranger does, such as signing up. Default 'principal'. */
  readonly authentication?: 'principal' | 'user' | 'none';
  readonly operations: Operations;
}

/** A domain with an API. It has no configuration; its rules are plain functions beside it. */
export interface DomainDefinition {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** What time its handlers are told: 'books', that of the account's books, which test accounts may set ahead (PRD-1). */
  readonly time?: 'books';
  /** What the platform itself counts, besides what services do. */
  readonly meters?: Readonly<Record<string, DomainMeterDefinition>>;
  readonly events: Readonly<Record<string, z.ZodType>>;
  readonly errors: Readonly<Record<string, ErrorDefinition>>;
  /** By the property under which the SDK shows them, in camelCase. */
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
}

type OwnErrorCode<D extends { name: string; errors: object }> = `${D['name']}.${keyof D['errors'] & string}`;
type PathParameter<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameter<Rest>
  : never;

type CheckedPath<O extends OperationDefinition> =
  PathParameter<O['path']> extends keyof O['request']['shape']
    ? unknown
    : { readonly 'every {name} of a path must be a field of its request': never };

/** Makes a path parameter without a field, or an error code nobody defined, a compile error at the definition. */
type CheckedOperations<O extends Operations, Code extends string> = {
  readonly [K in keyof O]: {
    readonly path: CheckedPath<O[K]>;
    readonly replaces?: keyof O & string;
    readonly errors: readonly (Code | PlatformErrorCode)[];
  };
};

type CheckedService<S extends ServiceDefinition> = {
  readonly merge: {
    readonly [F in keyof S['config']['shape']]: MergeOf<NonNullable<z.output<S['config']['shape'][F]>>>;
  } & { readonly [F in Exclude<keyof S['merge'], keyof S['config']['shape']>]: never };
  readonly operations: CheckedOperations<S['operations'], OwnErrorCode<S>> & {
    readonly [K in keyof S['operations']]: {
      readonly feature?: keyof S['features'] & string;
      readonly takesEvents?: {
        readonly fields: {
          readonly [F in keyof S['operations'][K]['request']['shape']]?: string;
        };
        readonly always?: {
          readonly [F in keyof S['operations'][K]['request']['shape']]?: string;
        };
        readonly isUnnamed?: true;
        readonly emits: readonly (keyof S['events'] & string)[];
      };
    };
  };
};

type CheckedDomain<D extends DomainDefinition> = {
  readonly resources: {
    readonly [R in keyof D['resources']]: {
      readonly operations: CheckedOperations<D['resources'][R]['operations'], OwnErrorCode<D>>;
    };
  };
};

export function defineService<const S extends ServiceDefinition>(service: S & CheckedService<S>): S {
  return service;
}

export function defineDomain<const D extends DomainDefinition>(domain: D & CheckedDomain<D>): D {
  return domain;
}

/** A feature as policies and credentials name it, such as `network-discovery.relay`. */
export const featureName = (service: string, feature: string): string => `${service}.${feature}`;

/** Those of a service. */
export const featureNamesOf = ({ name, features }: Pick<ServiceDefinition, 'name' | 'features'>) =>
  Object.keys(features ?? {}).map((feature) => featureName(name, feature));

/** Where the entities stand whose services have resources of their own (API-2). */
const entityPaths = {
  account: '',
  application: '/applications/{applicationId}',
  instanceType: '/applications/{applicationId}/instance-types/{instanceType}',
  endpoint: '/endpoints/{endpointId}',
} as const;

/** Where an operation of a service is served. The only place that knows the prefix of API-2. */
export function servicePath(
  serviceName: string,
  { path, below = 'account' }: Pick<OperationDefinition, 'path' | 'below'>,
): `/${string}` {
  return `/v1/accounts/{accountId}${entityPaths[below]}/services/${serviceName}${path}`;
}

/** Where an operation of a domain is served. */
export function resourcePath(resource: ResourceDefinition, operation: OperationDefinition): `/${string}` {
  return resource.mount === 'account' ? `/v1/accounts/{accountId}${operation.path}` : `/v1${operation.path}`;
}

/** A view of an account by somebody above it, for a time. */
export interface Viewing {
  readonly viewId: string;
  readonly accountId: string;
  readonly untilMs: number;
}

/** The account whose host a request came to, where that is not the platform's: nothing but it, and what is below it, is within reach. */
type Within = string;

/**
 * Who asks. A key speaks for an account, a user for the roles they hold, a credential for its caveats, a callback for who set it.
 */
export type Actor =
  | { readonly kind: 'key'; readonly keyId: string; readonly accountId: string }
  | {
      readonly kind: 'user';
      readonly userId: string;
      /** The session that they hold. Absent: they act without one, as a test does. */
      readonly signInSessionId?: string;
      /** They look as this account does, and change nothing (PRD-3). */
      readonly viewing?: Viewing;
      readonly within?: Within;
    }
  | { readonly kind: 'credential'; readonly credentialId: string; readonly accountId: string }
  /** What an account set to be done with its events (HKS-4): it may do nothing but the operation that the callback names. */
  | { readonly kind: 'callback'; readonly webhookId: string; readonly accountId: string }
  | { readonly kind: 'platform' }
  | { readonly kind: 'stranger'; readonly within?: Within };

/** The entity chain as the platform resolved it: whom a request is about. */
export interface Entity {
  readonly accountId: string;
  /** From the platform's own account down to `accountId`. */
  readonly chain: readonly string[];
  /** Of the account itself. A request to a service names it in a field of this name. */
  readonly applicationId?: string;
  /** Of the application. */
  readonly instanceType?: string;
  /** Of the account: one that it holds. A request to a service names it, or the identity of whom it is for. */
  readonly endpointId?: string;
  /** Its identifier, as usage and policies name it. Also of one who is no endpoint of the account, such as `user:bob`. */
  readonly endpoint?: string;
  readonly credentialId?: string;
}

/** One change, as the audit log of one account shows it: of the account in the path, unless it names another. */
export interface AuditedChange {
  readonly target: string;
  readonly accountId?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

interface BaseContext<Code extends string> {
  readonly actor: Actor;
  /** As the audit log names who asks. */
  readonly actorName?: string | undefined;
  readonly requestId: string;
  /** Where the request came from, where that is known. */
  readonly address?: string | undefined;
  /** Of the proved host of a brand that the request came to; absent at the platform's own. */
  readonly baseUrl?: string | undefined;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** Builds and does not throw: `throw context.error(…)` keeps the exit visible and lets the compiler narrow. */
  readonly error: (code: Code | 'resource.unknown', publicDetail: string) => ServiceError;
  /**
   * What the audit log shows of a change (ACC-8): the state before and after. Where both are the same, whoever sets or takes away
   * something has changed nothing: there is no entry, and what is emitted after this is told to nobody. Secrets never go in here.
   */
  readonly audit: (change: AuditedChange) => void;
}

/** All that a handler can reach: no clock, account, meter or socket comes from anywhere else. */
export interface ServiceContext<S extends ServiceDefinition, K extends keyof S['operations']>
  extends BaseContext<S['operations'][K]['errors'][number]> {
  readonly entity: Entity;
  readonly config: z.output<S['config']>;
  /** Whose nodes may serve, by the policies that hold here. Absent: those of all regions. */
  readonly regions?: readonly string[] | undefined;
  readonly meter: <M extends keyof S['meters'] & string>(
    meter: M,
    quantity: number,
    dimensions: DimensionsOf<S['meters'][M]>,
  ) => void;
  readonly emit: <E extends keyof S['events'] & string>(
    event: E,
    payload: z.output<S['events'][E]>,
  ) => Promise<void>;
}

export type Handlers<S extends ServiceDefinition, Ports> = {
  readonly [K in keyof S['operations']]: OperationHandler<
    [context: ServiceContext<S, K>, request: z.output<S['operations'][K]['request']>, ports: Ports],
    z.output<S['operations'][K]['response']>
  >;
};

/** What a handler of a domain can reach. `entity` is absent where the resource is mounted at the platform. */
export interface DomainContext<D extends DomainDefinition, R extends keyof D['resources'], K>
  extends BaseContext<
    K extends keyof D['resources'][R]['operations']
      ? D['resources'][R]['operations'][K]['errors'][number]
      : never
  > {
  readonly entity: D['resources'][R]['mount'] extends 'account' ? Entity : undefined;
  /** The accounts of the chain that the caller may see: of what is above, nothing is told (C1). */
  readonly visibleIds?: readonly string[] | undefined;
  /** `accountId` is for what concerns another account than the one in the path. */
  readonly emit: <E extends keyof D['events'] & string>(
    event: E,
    payload: z.output<D['events'][E]>,
    accountId?: string,
  ) => Promise<void>;
}

export type DomainHandlers<D extends DomainDefinition, Ports> = {
  readonly [R in keyof D['resources']]: {
    readonly [K in keyof D['resources'][R]['operations']]: OperationHandler<
      [
        context: DomainContext<D, R, K>,
        request: z.output<D['resources'][R]['operations'][K]['request']>,
        ports: Ports,
      ],
      z.output<D['resources'][R]['operations'][K]['response']>
    >;
  };
};

export interface OperationHandler<Parameters extends unknown[], Response> {
  (...parameters: Parameters): Promise<Response>;
  readonly prepare?: Preparation<Parameters, Response>;
}

type Preparation<Parameters extends unknown[], Response> = (
  ...parameters: Parameters
) => Promise<() => Promise<Response>>;

/**
 * A change runs in a transaction. What takes long before it and writes nothing, such as hashing a password, is prepared
 * outside, where it holds no connection; what that resolves to is done within.
 */
export function prepared<Parameters extends unknown[], Response>(
  prepare: Preparation<Parameters, Response>,
): OperationHandler<Parameters, Response> {
  const whole = async (...parameters: Parameters) => (await prepare(...parameters))();
  return Object.assign(whole, { prepare });
}
