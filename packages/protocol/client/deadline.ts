/** How long a client waits for the platform unless it is told otherwise. */
export const ANSWER_MS_MAX = 30_000;

export interface Deadline {
  readonly timeoutMs: number;
  /** Made when the time is over: what the wait then fails with. */
  readonly error: () => Error;
}

/** The work's outcome, or the deadline's error once its time is over. The work itself goes on. */
export async function within<Value>(work: Promise<Value>, { timeoutMs, error }: Deadline): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(error()), timeoutMs);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
