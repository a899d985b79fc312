import { z } from 'zod';

/** Who has to act for the failure to stop. It decides who is alerted. */
export type FailureOwner = 'client' | 'config' | 'capacity' | 'upstream' | 'platform';

export interface ErrorDefinition {
  readonly status: number;
  readonly title: string;
  readonly owner: FailureOwner;
  /** 'never': the same request fails again. 'after': wait for the Retry-After header. 'now': at once. */
  readonly retry: 'never' | 'after' | 'now';
  /** What the reader can do about it. It stands on the error's page. */
  readonly remedy: string;
}

/** Codes that any operation may return without declaring them: the platform raises them, not the handler. */
export const platformErrors = {
  'request.invalid': {
    status: 400,
    title: 'The request does not match its schema.',
    owner: 'client',
    retry: 'never',
    remedy: 'Compare the fields named in `detail` with the reference of this operation.',
  },
  'request.too_large': {
    status: 413,
    title: 'The request body is too large.',
    owner: 'client',
    retry: 'never',
    remedy: 'Send at most the number of bytes that `detail` names.',
  },
  'request.too_many': {
    status: 413,
    title: 'The request holds more at once than one may.',
    owner: 'client',
    retry: 'never',
    remedy: 'Send it in parts: `detail` names the list, and how much of it one request may hold.',
  },
  'request.unknown_host': {
    status: 421,
    title: 'Nothing is served at this host.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Use the host that the API was given to you with. A host of your own is served once it is proved (brandHosts.verify).',
  },
  'request.unknown_path': {
    status: 404,
    title: 'Nothing is served at this path.',
    owner: 'client',
    retry: 'never',
    remedy: 'Look the path up in /v1/openapi.json.',
  },
  'request.method_not_allowed': {
    status: 405,
    title: 'This path is served, but not with this method.',
    owner: 'client',
    retry: 'never',
    remedy: 'Use one of the methods that the header Allow names.',
  },
  'request.media_type_unsupported': {
    status: 415,
    title: 'The body is not of a type that is read.',
    owner: 'client',
    retry: 'never',
    remedy: 'Send JSON, and say so: Content-Type: application/json.',
  },
  'request.version_unknown': {
    status: 400,
    title: 'This version of the API is not served.',
    owner: 'client',
    retry: 'never',
    remedy: 'Send one of the versions that `detail` names as Patchbay-Version, or none for the oldest.',
  },
  'request.idempotency_mismatch': {
    status: 409,
    title: 'This idempotency key was used with another request.',
    owner: 'client',
    retry: 'never',
    remedy: 'Use a new Idempotency-Key for a new request; repeat one only with the same body.',
  },
  'request.precondition_failed': {
    status: 412,
    title: 'What is to be changed is no longer what the request was made for.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Look at what changed meanwhile (`current` is what reading it answers now), read it again, and repeat the change with the new ETag as If-Match.',
  },
  'request.in_progress': {
    status: 409,
    title: 'The same request is still being worked on.',
    owner: 'client',
    retry: 'after',
    remedy: 'Wait, then repeat the request with the same Idempotency-Key.',
  },
  'auth.missing': {
    status: 401,
    title: 'No valid credential was sent.',
    owner: 'client',
    retry: 'never',
    remedy: 'Send `Authorization: Bearer pb_live_…` with a key that is active.',
  },
  'auth.scope': {
    status: 403,
    title: 'The key or role does not cover this operation.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Create a key with the scope that `detail` names, or ask an administrator for a role that has it.',
  },
  'auth.person_only': {
    status: 403,
    title: 'Only somebody who signed in may do this, in their own name.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Sign in, and send the cookie of that session in place of a key. It concerns the person, and no account.',
  },
  'auth.view_read_only': {
    status: 403,
    title: 'Whoever looks as an account below theirs changes nothing.',
    owner: 'client',
    retry: 'never',
    remedy: 'Leave the view, and do it as yourself.',
  },
  'resource.unknown': {
    status: 404,
    title: 'There is no such resource here.',
    owner: 'client',
    retry: 'never',
    remedy: 'Check the id, and that your key belongs to its account or to one above it.',
  },
  'application.instance_type_unknown': {
    status: 404,
    title: 'The application has no such instance type.',
    owner: 'client',
    retry: 'never',
    remedy: 'Name one that the application has, or add it to its instanceTypes first.',
  },
  'callback.address_forbidden': {
    status: 422,
    title: 'Nobody is called back at this address.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Use a public http or https address on port 80, 443, 8080 or 8443, without user name or password. While you develop, `patchbay listen` brings events to your machine.',
  },
  'callback.service_refused': {
    status: 422,
    title: 'No service takes the events in this way.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Name an operation that takes events, and of its fields those that it has: `service:notification?channel=calls`. The detail says what is wrong, and which operations take events; docs/composition.md shows the form.',
  },
  'callback.loop': {
    status: 409,
    title: 'Callbacks would go round in a circle.',
    owner: 'config',
    retry: 'never',
    remedy:
      'The detail shows the circle, from the event through each service and back. Take one of its events out of a callback, or call an address of yours there.',
  },
  'callback.too_many_hops': {
    status: 409,
    title: 'An event came through as many services as it may.',
    owner: 'config',
    retry: 'never',
    remedy: 'One event leads to the next through 8 services at most. Shorten the chain of callbacks.',
  },
  'callback.field_absent': {
    status: 422,
    title: 'The event has not what the callback asks of it.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Of this event the field is absent. Name one that every event of this kind has, or write a text that needs none.',
  },
  'callback.too_many': {
    status: 409,
    title: 'The account has as many callbacks as it may.',
    owner: 'client',
    retry: 'never',
    remedy: 'Name one for the account or an application in place of one at each of many endpoints.',
  },
  'config.too_many': {
    status: 409,
    title: 'The account has settings for as many endpoints as it may.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Set what many have in common for an application or for the account, and take it back at the endpoints.',
  },
  'config.wider': {
    status: 422,
    title: 'A configuration can only narrow what holds above it.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Set the field that `rule` names to what holds above or less, leave it out, or ask whoever set it: `detail` says who, and `level` where.',
  },
  'credential.malformed': {
    status: 401,
    title: 'The credential cannot be read.',
    owner: 'client',
    retry: 'never',
    remedy: 'Pass username and password on as they were minted; cut nothing off.',
  },
  'credential.too_long': {
    status: 401,
    title: 'The credential is longer than TURN allows.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with fewer caveats, or narrow it fewer times.',
  },
  'credential.caveat_unknown': {
    status: 401,
    title: 'The credential holds a caveat that is not known here.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with a version of the SDK that fits the platform.',
  },
  'credential.caveat_unenforced': {
    status: 403,
    title: 'The credential holds a caveat that would not be held here.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it without the caveat that `detail` names: docs/credentials.md says who holds which.',
  },
  'credential.application_not_allowed': {
    status: 403,
    title: 'The account has no such application or instance type.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Mint it for an application of the account that it acts for, and an instance type of that application.',
  },
  'credential.signature': {
    status: 401,
    title: 'The credential was not minted by an active key, or was altered.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint a new one. A narrowed copy allows less and never more.',
  },
  'credential.not_yet_valid': {
    status: 401,
    title: 'The credential is not valid yet.',
    owner: 'client',
    retry: 'after',
    remedy: 'Wait, and check the clock of the server that mints.',
  },
  'credential.expired': {
    status: 401,
    title: 'The credential has expired.',
    owner: 'client',
    retry: 'never',
    remedy: 'Fetch a new one: the SDK does so by itself when its token source can.',
  },
  'credential.lifetime_too_long': {
    status: 403,
    title: 'The credential has no end, or one that is too far ahead.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with a lifetime (ttlSeconds) of at most the seconds that `detail` names.',
  },
  'credential.revoked': {
    status: 401,
    title: 'The credential, or the key that minted it, was revoked.',
    owner: 'client',
    retry: 'never',
    remedy: 'Ask whoever gave it to you for a new one.',
  },
  'credential.used_up': {
    status: 403,
    title: 'The credential was used as often as it may be.',
    owner: 'client',
    retry: 'never',
    remedy: 'Fetch a new one: a use is one client within 30 seconds, and its restarts.',
  },
  'credential.identity_missing': {
    status: 403,
    title: 'The credential names no identity.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with an identity: somebody has to be called.',
  },
  'credential.account_not_allowed': {
    status: 403,
    title: 'The key does not reach the account that the credential names.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with a key of that account, or of one above it.',
  },
  'credential.source_not_allowed': {
    status: 403,
    title: 'The credential may not be used from this address.',
    owner: 'client',
    retry: 'never',
    remedy: 'Use it from a network that it names, or mint it without one.',
  },
  'credential.region_not_allowed': {
    status: 403,
    title: 'The credential may not be used in this region.',
    owner: 'client',
    retry: 'never',
    remedy: 'Use a node of a region that it names.',
  },
  'credential.service_not_allowed': {
    status: 403,
    title: 'The credential does not cover this service.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with the service that `detail` names.',
  },
  'credential.feature_not_allowed': {
    status: 403,
    title: 'The credential does not cover this feature.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with the feature that `detail` names.',
  },
  'credential.media_not_allowed': {
    status: 403,
    title: 'The credential does not cover this kind of media.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mint it with the kind of media that `detail` names.',
  },
  'credential.session_not_allowed': {
    status: 403,
    title: 'The credential is for another session.',
    owner: 'client',
    retry: 'never',
    remedy: 'Use it for the session that it names.',
  },
  'policy.refused': {
    status: 403,
    title: 'A policy refuses this request.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Change the policy, or ask whoever set it. `rule` and `level` name what refused, and where it was set.',
  },
  'service.not_enabled': {
    status: 403,
    title: 'The service is not turned on for this account.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Turn it on: services.enable, `patchbay service enable`, or the page of the service in the dashboard. Where `level` names an account above yours, it has to do so.',
  },
  'account.suspended': {
    status: 403,
    title: 'The account, or one above it, is suspended.',
    owner: 'config',
    retry: 'never',
    remedy:
      'An account is suspended by one above it, and only one above it makes it active again: ask whoever you have your account from. `level` names the account that is suspended.',
  },
  'limit.exceeded': {
    status: 429,
    title: 'A limit of this account is reached.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Wait for the time in Retry-After, or raise the limit. `rule` names it.',
  },
  'balance.used_up': {
    status: 402,
    title: 'The prepaid balance of this account is used up.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Add money: balances.topUp, `patchbay balance top-up`, or the page Balance of the dashboard. What running sessions hold is free again when they end.',
  },
  'platform.unavailable': {
    status: 503,
    title: 'A part of the platform is not available.',
    owner: 'platform',
    retry: 'after',
    remedy: 'Wait for the time in Retry-After and repeat the request with the same Idempotency-Key.',
  },
  'platform.internal': {
    status: 500,
    title: 'The platform failed.',
    owner: 'platform',
    retry: 'after',
    remedy: 'Repeat the request; if it fails again, report the request id.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;

export type PlatformErrorCode = keyof typeof platformErrors;

/** Whether a code is one of the platform's own, and so needs no service to explain it. */
export const isPlatformErrorCode = (code: string): code is PlatformErrorCode =>
  Object.hasOwn(platformErrors, code);

/** The two texts are two fields, so that internal detail cannot reach a customer by carelessness. */
export interface ServiceErrorFields extends ErrorDefinition {
  readonly code: string;
  readonly publicDetail: string;
  readonly internalDetail?: string | undefined;
  /** For a refusal: the rule that refused, and the level that set it (POL-4). */
  readonly rule?: string | undefined;
  readonly level?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** For a change to what is no longer as it was read: what it is now, as reading it would answer. */
  readonly current?: Readonly<Record<string, unknown>> | undefined;
}

export class ServiceError extends Error {
  readonly fields: ServiceErrorFields;

  constructor(fields: ServiceErrorFields, options?: ErrorOptions) {
    super(`${fields.code}: ${fields.internalDetail ?? fields.publicDetail}`, options);
    this.name = 'ServiceError';
    this.fields = fields;
  }
}

export function platformError(code: PlatformErrorCode, publicDetail: string, cause?: unknown): ServiceError {
  return new ServiceError({ ...platformErrors[code], code, publicDetail }, { cause });
}

/** The wire form of an error: RFC 9457 §3, with our code and advice on repeating as extension members. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  retry: z.enum(['never', 'after', 'now']),
  requestId: z.string().optional(),
  rule: z.string().optional(),
  level: z.string().optional(),
  retryAfterMs: z.int().optional(),
  current: z.record(z.string(), z.unknown()).optional(),
});

export type Problem = z.output<typeof problemSchema>;

/** The address of a code's documentation page. It is computed here and nowhere else. */
export const errorPagePath = (code: string): `/docs/errors/${string}` => `/docs/errors/${code}`;

/** @param baseUrl Where the platform is reached. Without it the page's address is relative (RFC 9457 §3.1.1). */
export function toProblem({ fields }: ServiceError, requestId?: string, baseUrl?: string): Problem {
  const { code, title, status, publicDetail, retry, rule, level, retryAfterMs, current } = fields;
  const page = errorPagePath(code);
  const type = baseUrl === undefined ? page : new URL(page, baseUrl).href;
  const problem = { type, title, status, detail: publicDetail, code, retry };
  return {
    ...problem,
    ...(requestId === undefined ? {} : { requestId }),
    ...(rule === undefined ? {} : { rule }),
    ...(level === undefined ? {} : { level }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(current === undefined ? {} : { current }),
  };
}
