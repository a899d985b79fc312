import { RELAY_RECORD_MS_MAX } from '@patchbay/domain/metering/record-span';
import type { Modality } from '@patchbay/domain/metering/usage-record';
import type { Action, AllocationFacts } from '@patchbay/protocol/turn/action';
import type { AddressFamily } from '@patchbay/protocol/turn/address-family';
import type { BandwidthClass } from '@patchbay/protocol/turn/bandwidth-class';
import type { FlowTotals, RelayedTotals } from '@patchbay/protocol/turn/data-path';
import type { Grant } from '@patchbay/protocol/turn/grant';
import type { ObservedMedia } from '@patchbay/protocol/turn/observed-media';
import { countedClassOf, declaredModalityOf } from './declared-media.ts';
import { ModalityWatch } from './modality-watch.ts';
import type { OpenUsage, UsageQuantity, UsageRecord } from './usage-record.ts';

/** The longest span of one record when a limit is near: its owner watches closely then. */
export const recordNearLimitMs = 1_000;
/** A limit is near when a tenth of it is left, or what two records' time would use. */
const nearShare = 0.9;
/** Kinds of refusals that wait for the next tick; above it the rest is not told apart by credential. */
const attemptKeyCountMax = 10_000;

type Counted = Omit<FlowTotals, 'drops'>;
const nothingRelayed: RelayedTotals = { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 };
const nothing: Counted = {
  ...nothingRelayed,
  checkBytesIn: 0,
  checkBytesOut: 0,
  overIpv6: nothingRelayed,
};

/** One allocation's account of what has been recorded so far. */
interface Metered {
  readonly grant: Grant;
  /** Of the allocation and its time; packets and bytes are told apart by the family that they passed over. */
  readonly family: AddressFamily;
  readonly startedMs: number;
  /** Time has a price from here (decision 0008); undefined while nothing but checks has passed. */
  mediaFromMs: number | undefined;
  bandwidthClass: BandwidthClass | undefined;
  watch: ModalityWatch;
  modality: Modality;
  segment: number;
  /** Counts the records of the allocation: part of their keys. */
  recordCount: number;
  fromMs: number;
  recorded: Counted;
}

type Attempted = Extract<Action, { type: 'attempted' }>;

/** An allocation carries something else from here on. */
export interface ModalityChange {
  readonly allocationId: string;
  readonly modality: ObservedMedia;
  readonly previousModality: Modality;
  /** That begins with it; the one that runs where nothing has been counted yet. */
  readonly segment: number;
  readonly atMs: number;
}

export interface UsageMeterOptions {
  readonly region: string;
  /** Makes keys unique over restarts. */
  readonly boot: string;
  readonly sample: (allocationId: string) => FlowTotals | undefined;
  /** What passed since this was asked last, as far as it can be seen. */
  readonly observe: (allocationId: string) => ObservedMedia | undefined;
  readonly modalityChanged: (change: ModalityChange) => void;
  readonly record: (record: UsageRecord) => void;
  readonly checkpoint: (records: readonly OpenUsage[]) => void;
  /**
   * Who attempts are counted for that prove no credential, as a browser's Bindings: the platform itself. They wait while
   * it answers undefined, and are nobody's when it is not given.
   */
  readonly discoveryAccountId?: (() => string | undefined) | undefined;
}

/** Turns the counters of allocations into usage records. Times are whole milliseconds, so that spans add up exactly. */
export interface UsageMeter {
  allocated(facts: AllocationFacts, atMs: number): void;
  /** The first packet that is no connectivity check has passed. */
  mediaStarted(allocationId: string, atMs: number): void;
  attempted(attempt: Attempted, atMs: number): void;
  /** Closes the segment and begins another. */
  classChanged(allocationId: string, bandwidthClass: BandwidthClass, atMs: number): void;
  ended(allocationId: string, totals: FlowTotals, atMs: number): void;
  /** To be called every 500 ms at most. */
  tick(nowMs: number): void;
}

export function createUsageMeter(options: UsageMeterOptions): UsageMeter {
  const metered = new Map<string, Metered>();
  const attempts = new Map<
    string,
    {
      /** Without an account: the platform's, which may not be known yet. */
      readonly record: Omit<UsageRecord, 'toMs' | 'quantities' | 'accountId'> & {
        readonly accountId?: string;
      };
      readonly dimensions: UsageQuantity<'attempts'>['dimensions'];
      count: number;
    }
  >();
  let attemptCount = 0;

  const recordOf = (id: string, held: Metered, at: { totals: FlowTotals; toMs: number }): UsageRecord => ({
    key: `${id}/${held.recordCount}`,
    allocationId: id,
    ...ownerOf(held.grant),
    segment: held.segment,
    service: 'network-discovery',
    region: options.region,
    modality: held.modality,
    fromMs: held.fromMs,
    toMs: at.toMs,
    quantities: quantitiesOf(held, at),
  });

  const close = (id: string, held: Metered, at: { totals: FlowTotals; toMs: number }) => {
    const record = recordOf(id, held, at);
    // One that stands idle has nothing to tell, except that it began.
    if (record.quantities.length > 0) {
      options.record(record);
      held.recordCount++;
    }
    held.fromMs = at.toMs;
    held.recorded = pick(at.totals);
  };

  /** What was seen of an allocation since the last tick begins a segment where it is of another kind (MET-4). */
  const watch = (id: string, held: Metered, at: { totals: FlowTotals; toMs: number }) => {
    const modality = held.watch.see(options.observe(id), at.toMs);
    if (modality === undefined) return;
    const previousModality = held.modality;
    // What came before the first packets that say what they are is of their kind.
    const isFirst = previousModality === 'none' && held.recorded.bytesIn + held.recorded.bytesOut === 0;
    if (!isFirst) {
      close(id, held, at);
      held.segment++;
    }
    held.modality = modality;
    // A class that a limit gave it stays.
    if (held.bandwidthClass === countedClassOf(held.grant, previousModality))
      held.bandwidthClass = countedClassOf(held.grant, modality);
    const { segment } = held;
    options.modalityChanged({ allocationId: id, modality, previousModality, segment, atMs: at.toMs });
  };

  const flushAttempts = (toMs: number) => {
    const discoveryAccountId = options.discoveryAccountId?.();
    for (const [groupKey, { record, dimensions, count }] of attempts) {
      const accountId = record.accountId ?? discoveryAccountId;
      if (accountId === undefined) continue;
      attempts.delete(groupKey);
      const quantities = [{ meter: 'attempts', quantity: count, dimensions }] as const;
      options.record({ ...record, accountId, toMs, quantities });
    }
  };

  return {
    allocated(facts, atMs) {
      const startedMs = Math.floor(atMs);
      const modality = declaredModalityOf(facts.grant);
      metered.set(facts.allocationId, {
        grant: facts.grant,
        family: facts.family,
        startedMs,
        mediaFromMs: undefined,
        bandwidthClass: facts.bandwidthClass,
        watch: new ModalityWatch(modality),
        modality,
        segment: 0,
        recordCount: 0,
        fromMs: startedMs,
        recorded: nothing,
      });
    },
    mediaStarted(id, atMs) {
      const held = metered.get(id);
      if (held !== undefined) held.mediaFromMs ??= Math.floor(atMs);
    },
    attempted({ kind, outcome, grant }, atMs) {
      // A successful Allocate is counted in the allocation's own first record.
      if (kind === 'relay' && (outcome === 'succeeded' || grant === undefined)) return;
      if (grant === undefined && options.discoveryAccountId === undefined) return;
      const owner = grant === undefined ? {} : ownerOf(grant);
      const dimensions = { kind, outcome };
      const groupKey = JSON.stringify([owner, dimensions]);
      const held = attempts.get(groupKey);
      if (held !== undefined) held.count++;
      else if (attempts.size < attemptKeyCountMax) {
        const key = `${options.boot}/attempts/${attemptCount++}`;
        const { region } = options;
        const fromMs = Math.floor(atMs);
        const record = {
          key,
          ...owner,
          segment: 0,
          service: 'network-discovery',
          region,
          modality: 'none',
          fromMs,
        } as const;
        attempts.set(groupKey, { record, dimensions, count: 1 });
      }
    },
    classChanged(id, bandwidthClass, atMs) {
      const held = metered.get(id);
      const totals = options.sample(id);
      if (held === undefined || totals === undefined) return;
      close(id, held, { totals, toMs: Math.max(held.fromMs, Math.floor(atMs)) });
      held.bandwidthClass = bandwidthClass;
      held.segment++;
      if (held.watch.hasSeen) return;
      held.modality = declaredModalityOf({ bandwidthClass });
      held.watch = new ModalityWatch(held.modality);
    },
    ended(id, totals, atMs) {
      const held = metered.get(id);
      if (held === undefined) return;
      metered.delete(id);
      close(id, held, { totals, toMs: Math.max(held.fromMs, Math.floor(atMs)) });
    },
    tick(nowMs) {
      const toMs = Math.floor(nowMs);
      const open: OpenUsage[] = [];
      for (const [id, held] of metered) {
        const totals = options.sample(id);
        if (totals === undefined || toMs <= held.fromMs) continue;
        watch(id, held, { totals, toMs });
        if (toMs === held.fromMs) continue;
        const spanMs = isNearLimit(held, totals, toMs) ? recordNearLimitMs : RELAY_RECORD_MS_MAX;
        if (toMs - held.fromMs >= spanMs) close(id, held, { totals, toMs });
        else {
          const record = recordOf(id, held, { totals, toMs });
          if (record.quantities.length > 0) open.push(record);
        }
      }
      flushAttempts(toMs);
      if (open.length > 0) options.checkpoint(open);
    },
  };
}

/** A copy: the data path counts on in its own. */
const pick = ({ drops: _, ...counted }: FlowTotals): Counted => ({
  ...counted,
  overIpv6: { ...counted.overIpv6 },
});

const difference = (of: RelayedTotals, from: RelayedTotals): RelayedTotals => ({
  packetsIn: of.packetsIn - from.packetsIn,
  bytesIn: of.bytesIn - from.bytesIn,
  packetsOut: of.packetsOut - from.packetsOut,
  bytesOut: of.bytesOut - from.bytesOut,
});

/** The entities that a record belongs to. */
function ownerOf(grant: Grant) {
  const { accountId, applicationId, endpointId, credentialId, sessionId } = grant;
  return {
    accountId,
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(endpointId === undefined ? {} : { endpointId }),
    credentialId,
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

/** The differences since the last record, without zeros. */
function quantitiesOf(
  held: Metered,
  { totals, toMs }: { totals: FlowTotals; toMs: number },
): UsageQuantity[] {
  const { recorded } = held;
  const pathOver = (addressFamily: AddressFamily) =>
    ({ transport: 'udp', addressFamily, bandwidthClass: held.bandwidthClass ?? 'none' }) as const;
  const path = pathOver(held.family);
  const overIpv6 = difference(totals.overIpv6, recorded.overIpv6);
  const overIpv4 = difference(difference(totals, recorded), overIpv6);
  const checkBytesIn = totals.checkBytesIn - recorded.checkBytesIn;
  const checkBytesOut = totals.checkBytesOut - recorded.checkBytesOut;
  const isFirst = held.recordCount === 0;
  const quantities: UsageQuantity[] = [
    { meter: 'attempts', quantity: isFirst ? 1 : 0, dimensions: { kind: 'relay', outcome: 'succeeded' } },
    { meter: 'allocations', quantity: isFirst ? 1 : 0, dimensions: path },
    { meter: 'allocationMs', quantity: mediaMsOf(held, toMs), dimensions: path },
    ...relayedQuantities(overIpv4, pathOver('ipv4')),
    ...relayedQuantities(overIpv6, pathOver('ipv6')),
    { meter: 'checkBytes', quantity: checkBytesIn, dimensions: { direction: 'in' } },
    { meter: 'checkBytes', quantity: checkBytesOut, dimensions: { direction: 'out' } },
  ];
  return quantities.filter(({ quantity }) => quantity > 0);
}

const relayedQuantities = (
  { packetsIn, packetsOut, bytesIn, bytesOut }: RelayedTotals,
  path: UsageQuantity<'allocations'>['dimensions'],
): readonly UsageQuantity[] => [
  { meter: 'packets', quantity: packetsIn, dimensions: { ...path, direction: 'in' } },
  { meter: 'packets', quantity: packetsOut, dimensions: { ...path, direction: 'out' } },
  { meter: 'bytes', quantity: bytesIn, dimensions: { ...path, direction: 'in' } },
  { meter: 'bytes', quantity: bytesOut, dimensions: { ...path, direction: 'out' } },
];

/** How much of the time since the last record an allocation was in use: from its first media on. */
const mediaMsOf = ({ mediaFromMs, fromMs }: Metered, toMs: number): number =>
  mediaFromMs === undefined ? 0 : Math.max(0, toMs - Math.max(fromMs, mediaFromMs));

function isNearLimit(held: Metered, totals: FlowTotals, nowMs: number): boolean {
  const usedBytes = totals.bytesIn + totals.bytesOut;
  const sinceBytes = usedBytes - held.recorded.bytesIn - held.recorded.bytesOut;
  const aheadBytes = (sinceBytes / Math.max(1, nowMs - held.fromMs)) * 2 * RELAY_RECORD_MS_MAX;
  return held.grant.limits.some(({ kind, max, used }) => {
    if (kind === 'bytes') return used + usedBytes >= max * nearShare || used + usedBytes + aheadBytes >= max;
    if (kind !== 'seconds') return false;
    return used * 1000 + nowMs - held.startedMs >= max * 1000 - 2 * RELAY_RECORD_MS_MAX;
  });
}
