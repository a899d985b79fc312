import { type DestinationStream, type Logger, pino } from 'pino';

const FRAME_COUNT_MAX = 6;

interface LoggedError {
  readonly name: string;
  readonly message: string;
  /** What it was caused by, the nearest first. */
  readonly causes?: readonly string[];
  readonly at?: readonly string[];
}

/**
 * What a log line says of an error. Pino writes an Error as `{}` unless it stands under `err`; of its own fields none are
 * written, which may hold what a request carried (R11).
 */
function toLogged(error: unknown): LoggedError | unknown {
  if (!(error instanceof Error)) return error;
  const causes: string[] = [];
  for (let { cause } = error; cause instanceof Error && causes.length < FRAME_COUNT_MAX; cause = cause.cause)
    causes.push(`${cause.name}: ${cause.message}`);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    message: error.message,
    ...(causes.length === 0 ? {} : { causes }),
    ...(frames.length === 0 ? {} : { at: frames.slice(0, FRAME_COUNT_MAX).map((line) => line.trim()) }),
  };
}

/** The log of one role, a line of JSON for each entry. */
export function createLog(role: string, destination?: DestinationStream): Logger {
  const options = { base: { role }, serializers: { error: toLogged } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
