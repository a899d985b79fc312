import type { PoolClient, QueryResult } from 'pg';

/** A statement was made on a connection that is no longer its maker's, or in a transaction that is over. */
export class LeaseEndedError extends Error {
  override readonly name = 'LeaseEndedError';
}

/** PostgreSQL answers COMMIT with ROLLBACK where a statement before it failed: nothing was kept. */
export class NotCommittedError extends Error {
  override readonly name = 'NotCommittedError';
}

export interface LeaseHolder {
  /** Called when COMMIT or ROLLBACK is sent, or the connection goes back without one. */
  readonly onEnding?: () => void;
  /** Whether the holder would still make statements. Then the end came from outside. */
  readonly isAtWork?: () => boolean;
}

const ends = /^\s*(COMMIT|ROLLBACK)\s*;?\s*$/i;

/**
 * A connection of a pool for one transaction. From the moment at which the transaction's end is sent it takes no
 * statement any more, whoever still holds a reference: what comes late is refused here, and never reaches whoever has the
 * connection next. It goes back to the pool only in a state that is known; in any other it is closed.
 */
export function leased(client: PoolClient, { onEnding, isAtWork }: LeaseHolder = {}): PoolClient {
  let isEnding = false;
  let isEnded = false;
  let isAnswered = false;
  let pendingCount = 0;
  let last: Promise<unknown> = Promise.resolve();

  const end = () => {
    if (!isEnding) onEnding?.();
    isEnding = true;
  };

  const query = async (statement: string | { readonly text: string }, values?: unknown[]) => {
    if (isEnding || isEnded) throw new LeaseEndedError('This transaction is over.');
    const text = typeof statement === 'string' ? statement : statement.text;
    const wasAtWork = isAtWork?.() === true;
    const isEnd = ends.test(text);
    if (isEnd) end();
    pendingCount += 1;
    // Two that work in one transaction at once do not know of each other, and a connection takes one statement at a time.
    const answer = last.then(() => client.query(statement as string, values)) as Promise<QueryResult>;
    last = answer.catch(() => undefined);
    try {
      const result = await answer;
      if (isEnd) isAnswered = !wasAtWork;
      if (isEnd && /commit/i.test(text) && result.command === 'ROLLBACK') {
        throw new NotCommittedError('A statement of this transaction failed, and nothing of it was kept.');
      }
      return result;
    } finally {
      pendingCount -= 1;
    }
  };

  const release = (error?: Error | boolean) => {
    if (isEnded) return;
    end();
    isEnded = true;
    const isKnown = isAnswered && pendingCount === 0;
    client.release(error || !isKnown);
  };

  return new Proxy(client, {
    get(target, name) {
      if (name === 'query') return query;
      if (name === 'release') return release;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
