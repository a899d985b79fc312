import { usageRefusalReasons } from './meter-catalogue.ts';
import type { Dimensions, UsageRecord } from './usage-record.ts';

/** Why a record was kept and not counted. 'body_changed': its id is counted with another body. 'not_storable': the database refused it alone, as for a sum past its bounds. */
export const conflictReasons = [
  ...usageRefusalReasons,
  'body_changed',
  'account_unknown',
  'not_storable',
] as const;
export type ConflictReason = (typeof conflictReasons)[number];

export interface UsageConflict {
  readonly record: UsageRecord;
  readonly reason: ConflictReason;
}

/** A session whose totals rose; without a session, the account's own. */
export interface UsageChange {
  readonly accountId: string;
  readonly sessionId: string | undefined;
}

/** What became of a batch. It is stored when this is returned: the node may forget its records. */
export interface IngestReceipt {
  /** Records counted now. */
  readonly freshCount: number;
  /** Records known from before, which changed nothing. */
  readonly repeatedCount: number;
  /** Records kept and not counted: somebody has to be told. */
  readonly conflicts: readonly UsageConflict[];
  /** For live pages. It may name a session all of whose records were known. */
  readonly changes: readonly UsageChange[];
}

export type UsageBucket = 'minute' | 'hour' | 'day' | 'month' | 'all';

/**
 * What usage can be grouped by besides a meter's dimensions (spec part C). All but 'account' are known by single records alone: 'node' is
 * which one reported it, 'implementation' and 'version' what that node ran then.
 */
export const entityGroups = [
  ...(['account', 'application', 'endpoint', 'credential', 'session'] as const),
  ...(['node', 'implementation', 'version'] as const),
] as const;
export type EntityGroup = (typeof entityGroups)[number];

export interface UsageQuery {
  readonly accountId: string;
  /** Whole minutes are read: see `countedRange`. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucket: UsageBucket;
  /** Whose hours, days and months these are: a name of the IANA database. Default: UTC. */
  readonly timeZone?: string;
  /** `service.meter`; all when absent. */
  readonly meter?: string;
  /** Only usage with these. */
  readonly where?: Dimensions;
  /** Dimensions and entity groups, 3 at most. */
  readonly groupBy: readonly string[];
  /** 'own': the account alone. 'descendants': with all that stood below it at the time of use. */
  readonly scope: 'own' | 'descendants';
  readonly sessionId?: string;
  /** Only what this endpoint used, by its identifier. */
  readonly endpoint?: string;
  /** Only what was used in the name of this application, or with this credential. */
  readonly application?: string;
  readonly credential?: string;
  /** Only rows behind this one, in the order of time, meter and group. */
  readonly after?: UsageRowKey;
  readonly limit: number;
}

export interface UsageAnswer {
  readonly rows: readonly UsageRow[];
  readonly isTruncated: boolean;
  /** Raw records of before are past the time for which they are kept, and only these know what was asked: the rows lack them. */
  readonly completeFromMs?: number;
}

export type UsageRowKey = Pick<UsageRow, 'atMs' | 'meter' | 'group'>;

export interface UsageRow {
  readonly atMs: number;
  readonly meter: string;
  readonly group: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  /** How many entries of records stand behind the quantity. */
  readonly recordCount: number;
}

export interface SessionTotal {
  readonly meter: string;
  readonly dimensions: Dimensions;
  readonly quantity: bigint;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What a session used in one state of its stream: each change of modality or codec begins the next (MET-4). */
export interface SessionSegment {
  readonly segment: number;
  readonly modality: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** `service.meter`. */
  readonly meter: string;
  readonly quantity: bigint;
}

/** A record that was kept and not counted: it is on no statement. */
export interface RefusedUsage extends UsageConflict {
  readonly seenMs: number;
}

export interface RefusedQuery {
  /** With all below it; of the platform everything, with what names an account that there is not. */
  readonly accountId: string;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** What metering needs from the world. */
export interface UsageStore {
  /** Counts what is new, in one transaction, and answers after its commit. At most RECORD_COUNT_MAX records. */
  ingest(records: readonly UsageRecord[]): Promise<IngestReceipt>;
  /** Keeps what may not be counted, once for each body. */
  keepConflicts(conflicts: readonly UsageConflict[]): Promise<void>;
  query(query: UsageQuery): Promise<UsageAnswer>;
  /** What a session used of each meter in each of its segments, for the account and all below it, in order. */
  sessionSegments(accountId: string, sessionId: string): Promise<readonly SessionSegment[]>;
  /** The newest first. */
  listRefused(
    query: RefusedQuery,
  ): Promise<{ readonly items: readonly RefusedUsage[]; readonly nextCursor?: string }>;
  /** How many records were kept and not counted since a time, by reason: none, or an alarm. */
  countRefused(sinceMs: number): Promise<ReadonlyMap<ConflictReason, number>>;
  /** The totals of one session as they grow. */
  sessionTotals(accountId: string, sessionId: string): Promise<readonly SessionTotal[]>;
  /**
   * Brings totals of minutes that are over into one row each, where batches that were counted at one time left several, and
   * adds them to those of their quarter of an hour and day: what is folded is read fast, and what is not is read all the
   * same. Not done when there was more than one transaction takes.
   */
  foldMinutes(beforeMs: number): Promise<{ readonly foldedCount: number; readonly isDone: boolean }>;
  /** Totals that differ from a recomputation from raw records, in UTC days [fromDay, toDay): 0, or an alarm. */
  countMismatches(fromDay: string, toDay: string): Promise<number>;
}
