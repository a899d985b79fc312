import { idField } from '@patchbay/kit/ids';
import { z } from 'zod';

/** So many deliveries of one webhook are counted, the newest first: what a reading costs is bounded, however busy it is. */
export const FLOW_COUNTED_MAX = 2_000;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const figures = z.object({
  delivered: z.int(),
  /** Given up, or cancelled. */
  failed: z.int(),
  /** To be made, or to be made again. */
  waiting: z.int(),
});

/** From events to an address or to an operation of a service, and what went that way (HKS-5). */
export const flow = z.object({
  webhookId: idField('whk'),
  /** An address, or `service:notification/publish?channel=calls`. */
  url: z.string(),
  fallbackUrl: z.string().optional(),
  /** Of a callback: the service whose configuration names it. */
  service: z.string().optional(),
  applicationId: idField('app').optional(),
  instanceType: z.string().optional(),
  endpointId: idField('end').optional(),
  state: z.enum(['active', 'disabled']),
  /** `failing`: it took nothing lately. `fallback`: its fallback takes what its address does not. */
  health: z.enum(['ok', 'fallback', 'failing']),
  /** With the names of who tells of them; of a webhook perhaps `signaling.*` or `*`. */
  eventTypes: z.array(z.string()),
  /** Events that happened within the day. */
  counts: z.array(z.object({ eventType: z.string(), lastHour: figures, lastDay: figures })),
  /** There were more than are counted: those from then on are. Absent: all of the day. */
  countedSince: z.iso.datetime().optional(),
});

export interface FlowCount {
  readonly eventType: string;
  readonly state: 'waiting' | 'delivered' | 'failed' | 'cancelled';
  readonly hourCount: number;
  readonly dayCount: number;
}

type Figures = z.output<typeof figures>;

/** What became of the deliveries of each event, in the order of their names. */
export function countsOf(counts: readonly FlowCount[]): z.output<typeof flow>['counts'] {
  const byType = Map.groupBy(counts, ({ eventType }) => eventType);
  return [...byType]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([eventType, ofType]) => ({
      eventType,
      lastHour: figuresOf(ofType, ({ hourCount }) => hourCount),
      lastDay: figuresOf(ofType, ({ dayCount }) => dayCount),
    }));
}

function figuresOf(counts: readonly FlowCount[], countOf: (count: FlowCount) => number): Figures {
  const sum = (...states: readonly FlowCount['state'][]) =>
    counts.reduce((total, count) => total + (states.includes(count.state) ? countOf(count) : 0), 0);
  return { delivered: sum('delivered'), failed: sum('failed', 'cancelled'), waiting: sum('waiting') };
}
