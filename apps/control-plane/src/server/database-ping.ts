import { Client } from 'pg';

/** The answer has to come within this many turns of the clock: 1.2 seconds in all, in which this process runs. */
const TURN_COUNT_MAX = 4;
const TURN_MS = 300;

export interface DatabasePing {
  /** Rejects when the database does not answer in time. Those who ask at once share one question. */
  ping(): Promise<unknown>;
  /** Whether the last question was not answered. Until one is, nothing should begin that needs the database. */
  readonly isAway: boolean;
  close(): Promise<void>;
}

/** Asks whether the database answers, on a connection of its own: a pool that is only busy is not a database that is away. */
export function databasePing(databaseUrl: string): DatabasePing {
  let connected: Promise<Client> | undefined;
  let running: Promise<unknown> | undefined;
  let isAway = false;

  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: databaseUrl, keepAlive: true });
    // It is found out by the next question.
    client.on('error', () => {});
    client.on('end', () => {
      connected = undefined;
    });
    await client.connect();
    return client;
  };
  const ask = async () => {
    connected ??= connect();
    const asked = connected;
    try {
      await inTurns(asked.then((client) => client.query('SELECT 1')));
      isAway = false;
    } catch (cause) {
      isAway = true;
      // Whatever this connection waits for, the next question asks on another.
      if (connected === asked) connected = undefined;
      void discard(asked);
      throw cause;
    }
  };
  return {
    ping: () => {
      running ??= ask().finally(() => {
        running = undefined;
      });
      return running;
    },
    get isAway() {
      return isAway;
    },
    close: async () => {
      if (connected !== undefined) await discard(connected);
    },
  };
}

async function discard(connection: Promise<Client>): Promise<void> {
  const client = await connection.catch(() => undefined);
  // A goodbye would wait for the question before it.
  await Promise.race([client?.end().catch(() => undefined), inTurns(new Promise(() => {})).catch(() => {})]);
}

/**
 * Waits as long as the clock turns. A process that was busy for seconds with something else gets its timers before its
 * answers: it must not take its own delay for that of the database.
 */
function inTurns<Value>(work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const turns = setInterval(() => {
      count += 1;
      if (count < TURN_COUNT_MAX) return;
      clearInterval(turns);
      reject(new Error('timeout expired'));
    }, TURN_MS);
    turns.unref();
    work.then(resolve, reject).finally(() => clearInterval(turns));
  });
}
