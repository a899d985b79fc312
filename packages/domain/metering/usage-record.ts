import { z } from 'zod';

/** Quantities of one record; a node splits what does not fit. */
export const QUANTITY_COUNT_MAX = 32;
/** Of one meter in one record: a terabyte, where a report is of two seconds. A total has room for eight million of them. */
export const QUANTITY_MAX = 2 ** 40;
/** Records of one batch: the control plane stores them in one transaction. */
export const RECORD_COUNT_MAX = 5_000;
/** How far a node's clock may run ahead of the control plane's before its records are refused. */
export const USAGE_AHEAD_MS_MAX = 5 * 60_000;
/** How late usage may come: a billing period and as much again. It also bounds the partitions that exist. */
export const USAGE_AGE_MS_MAX = 62 * 86_400_000;

const MINUTE_MS = 60_000;

/** What kind of media was carried. 'none' where the question does not arise, as for a connectivity check. */
export const modalities = ['audio', 'video', 'screen', 'data', 'image', 'none'] as const;
export type Modality = (typeof modalities)[number];

/** What the parts of a record may be at most. */
export const usageRecordLimits = {
  idLengthMax: 200,
  /** Of names: of services, regions, meters, dimensions. */
  tokenLengthMax: 64,
  /** Of the value of a dimension. */
  valueLengthMax: 64,
  segmentMax: 1_000_000,
  timeMsMax: 8_640_000_000_000_000,
} as const;

const opaqueId = z.string().min(1).max(usageRecordLimits.idLengthMax);
const token = z.string().min(1).max(usageRecordLimits.tokenLengthMax);
const timeMs = z.int().min(0).max(usageRecordLimits.timeMsMax);

const quantity = z.object({
  /** Short name, as the service declares it: `bytes`. */
  meter: token,
  /** In the meter's unit. */
  quantity: z.int().min(0),
  dimensions: z.record(token, z.string().max(usageRecordLimits.valueLengthMax)),
});

/**
 * One report of a node: what one session used in one segment, over all meters of one service. The id is made once, at
 * the source; whoever repeats a record repeats its id (MET-2).
 */
export const usageRecordSchema = z
  .object({
    id: z.object({ nodeId: opaqueId, boot: z.int().min(0), sequence: z.int().min(0) }),
    accountId: opaqueId,
    applicationId: opaqueId.optional(),
    endpointId: opaqueId.optional(),
    credentialId: opaqueId.optional(),
    sessionId: opaqueId.optional(),
    /** Counts the states of the session's stream: each change of modality or codec begins the next (MET-4). */
    segment: z.int().min(0).max(usageRecordLimits.segmentMax),
    service: token,
    region: token,
    modality: z.enum(modalities),
    fromMs: timeMs,
    /** The time that decides minute, day, price and billing period. */
    toMs: timeMs,
    quantities: z.array(quantity).min(1).max(QUANTITY_COUNT_MAX),
  })
  .refine(({ fromMs, toMs }) => fromMs <= toMs, 'A record ends after it began.')
  .refine(
    ({ quantities }) =>
      new Set(quantities.map(({ meter, dimensions }) => seriesOf(meter, dimensions))).size ===
      quantities.length,
    'A record names each meter with the same dimensions once.',
  );

/** The endpoint of whoever a credential names: the namespace of users, and the identity in it (ACC-5). */
export const userEndpointId = (identity: string): string => `user:${identity}`;

export type UsageRecord = z.output<typeof usageRecordSchema>;
/** A record before it has its id: the spool gives it. */
export type UsageDraft = Omit<UsageRecord, 'id'>;
export type Dimensions = Readonly<Record<string, string>>;

/** A dimension set as text: the same whatever the order in which the dimensions were named. */
export function canonicalDimensions(dimensions: Dimensions): string {
  return JSON.stringify(
    Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)),
  );
}

const canonicalTexts = new WeakMap<Dimensions, string>();

/** The same, remembered for as long as the object lives: for sets that are read again and again, and never changed. */
export function canonicalOnce(dimensions: Dimensions): string {
  const known = canonicalTexts.get(dimensions);
  if (known !== undefined) return known;
  const canonical = canonicalDimensions(dimensions);
  canonicalTexts.set(dimensions, canonical);
  return canonical;
}

export function dimensionsFromCanonical(canonical: string): Dimensions {
  return Object.fromEntries(z.array(z.tuple([z.string(), z.string()])).parse(JSON.parse(canonical)));
}

/** The minute in which a record counts, in milliseconds since 1970. */
export const minuteOf = ({ toMs }: Pick<UsageRecord, 'toMs'>): number => toMs - (toMs % MINUTE_MS);

/** The UTC day in which a record counts, as 2026-11-22. */
export const dayOf = ({ toMs }: Pick<UsageRecord, 'toMs'>): string =>
  new Date(toMs).toISOString().slice(0, 10);

export const recordKey = ({ id }: Pick<UsageRecord, 'id'>): string =>
  `${id.nodeId}/${id.boot}/${id.sequence}`;

/** One line of usage of a record, with the dimensions that every meter has. */
export interface UsageEntry {
  /** `service.meter`. */
  readonly meter: string;
  readonly dimensions: Dimensions;
  readonly quantity: number;
}

/** The entries of a record, in one order whatever the order in which the node named them. */
export function entriesOf(record: UsageRecord): UsageEntry[] {
  const { service, region, modality } = record;
  return record.quantities
    .map(({ meter, quantity, dimensions }) => ({
      meter: `${service}.${meter}`,
      dimensions: { ...dimensions, region, modality },
      quantity,
    }))
    .sort((left, right) => {
      const [a, b] = [seriesOf(left.meter, left.dimensions), seriesOf(right.meter, right.dimensions)];
      return a < b ? -1 : a > b ? 1 : 0;
    });
}

function seriesOf(meter: string, dimensions: Dimensions): string {
  return `${meter} ${canonicalDimensions(dimensions)}`;
}
