/** What a log line says of a failure: its root, and where it began. */
export interface LoggedFailure {
  readonly name: string;
  readonly message: string;
  readonly at: readonly string[];
}

const MESSAGE_CHARACTERS_MAX = 300;
const FRAME_COUNT_MAX = 6;
const CAUSE_COUNT_MAX = 8;

/**
 * Finds the first of a chain of causes. Of its message only the last line is kept: Prisma's lines before it repeat the
 * arguments of the query, which are a customer's (C45).
 */
export function rootOf(error: unknown): LoggedFailure {
  let root = error;
  for (let depth = 0; depth < CAUSE_COUNT_MAX && root instanceof Error && root.cause !== undefined; depth++) {
    root = root.cause;
  }
  if (!(root instanceof Error))
    return { name: typeof root, message: String(root).slice(0, MESSAGE_CHARACTERS_MAX), at: [] };
  const frames = (root.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const message = root.message.trim().split('\n').at(-1) ?? '';
  return {
    name: root.name,
    message: message.slice(0, MESSAGE_CHARACTERS_MAX),
    at: frames.slice(0, FRAME_COUNT_MAX).map((line) => line.trim()),
  };
}
