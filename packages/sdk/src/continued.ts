/**
 * An answer that may have been cut: awaited it is the first part, and read with `for await` it is every row, part after part
 * as they are read: `for await (const row of pb.usage.query(range))`.
 */
export interface Continued<Answer, Row> extends Promise<Answer>, AsyncIterable<Row> {}

interface Part {
  /** Where to ask on. Absent: it was the last. */
  readonly nextAfter?: unknown;
}

/** The rows of a part are its one list. */
const rowsOf = (part: object): readonly unknown[] =>
  Object.values(part).find((each) => Array.isArray(each)) ?? [];

/** Asks at once for the first part, and for the others while it is read. */
export function createContinued(ask: (more: object) => Promise<unknown>): Continued<unknown, unknown> {
  const first = ask({}) as Promise<Part>;
  async function* rows(): AsyncGenerator<unknown> {
    let part = await first;
    for (;;) {
      const found = rowsOf(part);
      yield* found;
      // A part without rows names no place to go on from.
      if (part.nextAfter === undefined || found.length === 0) return;
      part = (await ask({ after: part.nextAfter })) as Part;
    }
  }
  return Object.assign(first, { [Symbol.asyncIterator]: rows });
}
