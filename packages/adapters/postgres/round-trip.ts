import { createHash } from 'node:crypto';
import { type Connection, type Pool, type PoolClient, type Submittable, types } from 'pg';

/** What a parameter may be. Arrays come as PostgreSQL reads them, JSON as its text. */
export type Parameter = string | number | bigint | boolean | Uint8Array | Date | null;

export interface Statement {
  readonly text: string;
  readonly values: readonly Parameter[];
}

export type Row = Readonly<Record<string, unknown>>;

interface Column {
  readonly name: string;
  readonly dataTypeID: number;
  readonly format: string;
}

type Parse = (text: string) => unknown;
type Prepared = readonly { readonly name: string; readonly parse: Parse }[];

/**
 * So many statements are kept prepared on a connection. A query of usage has another text for each cut that somebody asks
 * for: what comes beyond is planned each time, and takes no room.
 */
export const PREPARED_COUNT_MAX = 256;

/** What a connection has prepared, by name. It keeps that as long as it lives. */
const preparedOf = new WeakMap<Connection, Map<string, Prepared>>();
const names = new Map<string, string>();
/** A statement of this name makes room for the next one by itself. */
const UNNAMED = '';

/** The same for the same text, so that a connection plans it once. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `pb_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  if (names.size < PREPARED_COUNT_MAX) names.set(text, name);
  return name;
}

/**
 * Statements that go out together and are answered together. PostgreSQL takes all of them up to Sync for one transaction:
 * all is kept or nothing, and what the first sets for the transaction holds for the others.
 */
class RoundTrip implements Submittable {
  readonly #statements: readonly Statement[];
  readonly #rows: Row[][];
  readonly #columns: (Prepared | undefined)[];
  readonly #parsed = new Set<string>();
  #at = 0;
  #failure: Error | undefined;
  /** Where a statement was new to the connection, nobody knows after a failure whether it took it. */
  hasPrepared = false;
  /** The client calls it with a failure of its own as well: the time is up, or the connection died. */
  callback: (error: Error | null, rows?: Row[][]) => void;

  constructor(statements: readonly Statement[], callback: (error: Error | null, rows?: Row[][]) => void) {
    this.#statements = statements;
    this.#rows = statements.map(() => []);
    this.#columns = statements.map(() => undefined);
    this.callback = callback;
  }

  submit(connection: Connection): void {
    const prepared = preparedOf.get(connection) ?? new Map<string, Prepared>();
    preparedOf.set(connection, prepared);
    const parsed = this.#parsed;
    connection.stream.cork();
    try {
      for (const [index, { text, values }] of this.#statements.entries()) {
        const ownName = nameOf(text);
        const known = prepared.get(ownName);
        const hasRoom = prepared.size + parsed.size < PREPARED_COUNT_MAX;
        const name = known !== undefined || parsed.has(ownName) || hasRoom ? ownName : UNNAMED;
        this.#columns[index] = known;
        if (known === undefined && !parsed.has(name)) {
          if (name !== UNNAMED) {
            this.hasPrepared = true;
            parsed.add(name);
          }
          connection.parse({ name, text, types: [] }, true);
        }
        connection.bind({ statement: name, values: values.map(wireValue) as never }, true);
        if (known === undefined) connection.describe({ type: 'P', name: '' }, true);
        connection.execute({ portal: '' } as never, true);
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleRowDescription({ fields }: { readonly fields: readonly Column[] }): void {
    this.#columns[this.#at] = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: parserOf(dataTypeID),
    }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (const [index, { name, parse }] of (this.#columns[this.#at] ?? []).entries()) {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : parse(text);
    }
    this.#rows[this.#at]?.push(row);
  }

  handleCommandComplete(): void {
    this.#at += 1;
  }

  handleEmptyQuery(): void {
    this.#at += 1;
  }

  handlePortalSuspended(): void {}

  handleError(error: Error): void {
    this.#failure ??= error;
    this.callback(this.#failure);
  }

  handleReadyForQuery(connection: Connection): void {
    if (this.#failure !== undefined) return;
    const prepared = preparedOf.get(connection);
    for (const [index, { text }] of this.#statements.entries()) {
      const name = nameOf(text);
      if (this.#parsed.has(name)) prepared?.set(name, this.#columns[index] ?? []);
    }
    this.callback(null, this.#rows);
  }
}

/** A bigint is a bigint, as Prisma reads it too. */
const parserOf = (dataTypeID: number): Parse =>
  dataTypeID === types.builtins.INT8 ? BigInt : (types.getTypeParser(dataTypeID, 'text') as Parse);

function wireValue(value: Parameter): string | Buffer | null {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof Date ? value.toISOString() : String(value);
}

/**
 * Runs statements in one transaction and one round trip, whatever their number: none may need what another one answers.
 * Answers the rows of each. A statement is prepared once for a connection, under a name that its text gives it.
 */
export function inOneRoundTrip(
  pool: Pool,
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  if (statements.length === 0) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    // With a callback: the connection is no transaction's of a unit of work.
    pool.connect((failure, client, done) => {
      if (failure !== undefined || client === undefined) {
        reject(failure ?? new Error('There is no connection.'));
        return;
      }
      send(client, statements, (error, rows, isUsable) => {
        done(isUsable ? undefined : true);
        if (error === null) resolve(rows);
        else reject(error);
      });
    });
  });
}

type Answered = (error: Error | null, rows: readonly (readonly Row[])[], isUsable: boolean) => void;

function send(client: PoolClient, statements: readonly Statement[], answered: Answered): void {
  let isAnswered = false;
  // A connection that dies says so to whoever has it, and then fails what waits for it.
  const onDeath = () => {};
  client.on('error', onDeath);
  const trip = new RoundTrip(statements, (error, rows = []) => {
    if (isAnswered) return;
    isAnswered = true;
    client.off('error', onDeath);
    const isRefused = error !== null && 'severity' in error;
    answered(error, rows, error === null || (isRefused && !trip.hasPrepared));
  });
  client.query(trip);
}

/** The same statements on a connection that is in a transaction already. */
export async function inTransactionOf(
  client: PoolClient,
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  const answers: (readonly Row[])[] = [];
  for (const { text, values } of statements) {
    const { rows } = await client.query<Row>({
      text,
      values: values.map(wireValue),
      types: { getTypeParser: parserOf as never },
    });
    answers.push(rows);
  }
  return answers;
}
