import { type Edge, lineageAt } from './lineage.ts';
import {
  canonicalDimensions,
  type Dimensions,
  entriesOf,
  minuteOf,
  recordKey,
  type UsageRecord,
} from './usage-record.ts';

/** The usage of one account in one minute of one meter and dimension set. */
export interface UsageCell {
  readonly accountId: string;
  /** Start of the minute; of a longer span in which neither tree nor prices change, where a store has summed one. */
  readonly atMs: number;
  /** `service.meter`. */
  readonly meter: string;
  readonly dimensions: Dimensions;
  /** The account's own use and that of all its descendants. */
  readonly inclusive: bigint;
  /** The account's own use alone. */
  readonly own: bigint;
  /** How many entries of records stand behind `inclusive`. */
  readonly entryCount: number;
}

export interface RollUp {
  readonly cells: readonly UsageCell[];
  /** Records that came with an id seen before and another body. They are in no sum. */
  readonly conflicts: readonly UsageRecord[];
}

/**
 * What the minute totals have to be, from the raw records alone: the store does this in SQL, and is compared with it.
 * Repeated records count once (MET-2).
 */
export function rollUp(records: readonly UsageRecord[], edges: readonly Edge[]): RollUp {
  const first = new Map<string, string>();
  const cells = new Map<string, UsageCell>();
  const conflicts: UsageRecord[] = [];
  for (const record of records) {
    const body = bodyOf(record);
    const known = first.get(recordKey(record));
    if (known === undefined) {
      first.set(recordKey(record), body);
      addRecord(cells, record, edges);
    } else if (known !== body) {
      conflicts.push(record);
    }
  }
  return { cells: [...cells.values()], conflicts };
}

function addRecord(cells: Map<string, UsageCell>, record: UsageRecord, edges: readonly Edge[]): void {
  const atMs = minuteOf(record);
  const lineage = lineageAt(edges, record.accountId, atMs);
  for (const { meter, dimensions, quantity } of entriesOf(record)) {
    for (const accountId of lineage) {
      const key = [accountId, atMs, meter, canonicalDimensions(dimensions)].join(' ');
      const cell = cells.get(key) ?? {
        accountId,
        atMs,
        meter,
        dimensions,
        inclusive: 0n,
        own: 0n,
        entryCount: 0,
      };
      cells.set(key, {
        ...cell,
        inclusive: cell.inclusive + BigInt(quantity),
        own: cell.own + (accountId === record.accountId ? BigInt(quantity) : 0n),
        entryCount: cell.entryCount + 1,
      });
    }
  }
}

/** All that a record says, in one order. Two records with one id and two bodies are a conflict. */
export function bodyOf(record: UsageRecord): string {
  const { accountId, applicationId, endpointId, credentialId, sessionId, segment, fromMs, toMs } = record;
  const entries = entriesOf(record).map(({ meter, dimensions, quantity }) => [
    meter,
    canonicalDimensions(dimensions),
    quantity,
  ]);
  return JSON.stringify([
    accountId,
    applicationId ?? null,
    endpointId ?? null,
    credentialId ?? null,
    sessionId ?? null,
    segment,
    fromMs,
    toMs,
    entries,
  ]);
}
