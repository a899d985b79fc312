import { UnitEndedError } from '@patchbay/adapters/postgres/unit-of-work';
import { platformError, ServiceError } from '@patchbay/kit/errors';

/** How long a request runs before it is asked whether the database still answers. */
const PATIENCE_MS = 500;
const RETRY_AFTER_MS = 2_000;

/** What PostgreSQL, its driver, Prisma and the operating system say when the database cannot be reached. */
const awayCodes =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|08\w{3}|57P0[1-5]|53300|P1001|P1002|P1008|P1017|P2024)$/;
const awayMessages =
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end)|Can't reach database server|Server has closed the connection/;

export const databaseAway = (cause?: unknown): ServiceError => {
  const { fields } = platformError('platform.unavailable', 'The database does not answer.');
  return new ServiceError({ ...fields, retryAfterMs: RETRY_AFTER_MS }, { cause });
};

/** An error as the rest of the platform is to see it: one that means "no database" under our code, others as they are. */
export function withoutDatabase(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  if (meansAway(error, 0)) return databaseAway(error);
  return meansOverdue(error) ? overdue(error) : error;
}

const overdue = (cause: unknown): ServiceError => {
  const { fields } = platformError('platform.unavailable', 'This took too long, and nothing of it was kept.');
  return new ServiceError({ ...fields, retryAfterMs: RETRY_AFTER_MS }, { cause });
};

/** A transaction whose time was up, as Prisma calls it, and what was still to be done in it. */
const meansOverdue = (error: unknown): boolean =>
  error instanceof UnitEndedError || (error instanceof Error && 'code' in error && error.code === 'P2028');

function meansAway(error: unknown, depth: number): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, message, cause, errors, meta } = error as Readonly<Record<string, unknown>>;
  if (typeof code === 'string' && awayCodes.test(code)) return true;
  if (typeof message === 'string' && awayMessages.test(message)) return true;
  const inner = [
    cause,
    ...(Array.isArray(errors) ? errors : []),
    (meta as { driverAdapterError?: unknown })?.driverAdapterError,
  ];
  return inner.some((each) => meansAway(each, depth + 1));
}

type AnyFunction = (...parameters: unknown[]) => unknown;

/** What is done to each call of a port: to the promise that it answered with, and to what it threw. */
export interface AroundCalls {
  readonly translate: (error: unknown) => unknown;
  /** Default: as it comes. */
  readonly wait?: (work: Promise<unknown>) => Promise<unknown>;
}

/** The same ports, with something around each of their calls. It stands once, so that no adapter has to remember it. */
export function aroundPorts<Ports extends object>(ports: Ports, around: AroundCalls): Ports {
  const wrapped = new Map<string | symbol, unknown>();
  return new Proxy(ports, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return value;
      const known = wrapped.get(name) ?? wrap(target, value, around);
      wrapped.set(name, known);
      return known;
    },
  });
}

function wrap(target: object, value: object, around: AroundCalls): unknown {
  const { translate, wait = (work) => work } = around;
  if (typeof value !== 'function') {
    // Only ports are looked into: a Map or a Date behind a proxy would not know itself.
    return Object.getPrototypeOf(value) === Object.prototype ? aroundPorts(value, around) : value;
  }
  return (...parameters: unknown[]) => {
    try {
      const result = (value as AnyFunction).apply(target, parameters);
      if (!(result instanceof Promise)) return result;
      return wait(result).catch((error: unknown) => {
        throw translate(error);
      });
    } catch (error) {
      throw translate(error);
    }
  };
}

/**
 * Waits for work as long as the database answers: a request never hangs on a database that was stopped, cut off or
 * paused, and one that is only slow goes on. `ping` rejects in bounded time.
 */
export async function whileDatabaseAnswers<Value>(
  work: Promise<Value>,
  ping: () => Promise<unknown>,
): Promise<Value> {
  const settled = work.then(
    () => true,
    () => true,
  );
  while (!(await within(settled, PATIENCE_MS))) {
    const answered = ping().then(
      () => true,
      () => false,
    );
    const isUp = await Promise.race([settled, answered]);
    if (!isUp) throw databaseAway();
  }
  return work;
}

async function within(settled: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
    timer.unref();
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
