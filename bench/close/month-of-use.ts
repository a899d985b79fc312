import type { Period } from '@patchbay/domain/billing/period';
import { type MeterCatalogue, meterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';

/** Accounts at each level below the platform: five levels, 2,000 with the platform. The last two use by themselves. */
const WIDTHS = [5, 25, 120, 400, 1449] as const;
export const PLATFORM_ID = 'acc_0_0';
export const BATCH_SIZE = 5_000;
const REPORT_COUNT = 60;
const REPORT_MS = 5_000;
const SESSION_MS = REPORT_COUNT * REPORT_MS;
const NODE_COUNT = 4;
/** Prime, so that neighbours in time are of accounts far from each other. */
const STRIDE = 7_919;

/** Of the one meter that is used, as its service declares it. */
export const catalogue: MeterCatalogue = meterCatalogue({
  'network-discovery.bytes': {
    service: 'network-discovery',
    meter: 'bytes',
    unit: 'byte',
    dimensions: {
      transport: ['udp'],
      addressFamily: ['ipv4'],
      bandwidthClass: ['low-video'],
      direction: ['in', 'out'],
    },
    isPriced: true,
  },
});

const idOf = (level: number, place: number) => `acc_${level}_${place}`;
const widthOf = (level: number): number => (level === 0 ? 1 : (WIDTHS[level - 1] ?? 0));

export interface PlantedAccount {
  readonly id: string;
  readonly parentId: string | undefined;
  /** Nano units of a byte that those directly below pay. */
  readonly nanoPerByte: number;
}

/** By level: two of them buy dearer than they sell, so that there is a subsidy at each of many edges. */
const pricesByLevel = [10, 12, 15, 13, 20, 0] as const;

/** Parents first. */
export function plantedAccounts(): readonly PlantedAccount[] {
  return [0, ...WIDTHS].flatMap((_, level) =>
    Array.from({ length: widthOf(level) }, (__, place) => ({
      id: idOf(level, place),
      parentId: level === 0 ? undefined : idOf(level - 1, place % widthOf(level - 1)),
      nanoPerByte: pricesByLevel[level] ?? 0,
    })),
  );
}

const users: readonly string[] = [WIDTHS.length - 1, WIDTHS.length].flatMap((level) =>
  Array.from({ length: widthOf(level) }, (_, place) => idOf(level, place)),
);

export const batchCountOf = (recordCount: number): number => Math.ceil(recordCount / BATCH_SIZE);

/** The records of one batch, the same whenever it is asked for: one that was stored already changes nothing. */
export function batchOf(batch: number, recordCount: number, month: Period): UsageRecord[] {
  const from = batch * BATCH_SIZE;
  const count = Math.min(BATCH_SIZE, recordCount - from);
  return Array.from({ length: count }, (_, place) => recordOf(from + place, recordCount, month));
}

/** Sessions begin one after the other over the month; each reports every five seconds, five minutes long. */
function recordOf(index: number, recordCount: number, { fromMs, toMs }: Period): UsageRecord {
  const session = Math.floor(index / REPORT_COUNT);
  const sessionCount = Math.ceil(recordCount / REPORT_COUNT);
  const beganMs = fromMs + Math.floor((session / sessionCount) * (toMs - fromMs - SESSION_MS));
  const endsMs = beganMs + ((index % REPORT_COUNT) + 1) * REPORT_MS;
  const user = users[(session * STRIDE) % users.length] ?? PLATFORM_ID;
  const node = Math.floor(index / BATCH_SIZE) % NODE_COUNT;
  return {
    id: { nodeId: `nod_${node}`, boot: fromMs, sequence: index + 1 },
    accountId: user,
    sessionId: `ses_${session}`,
    credentialId: `key_${user}`,
    segment: 0,
    service: 'network-discovery',
    region: session % 2 === 0 ? 'eu' : 'us',
    modality: session % 3 === 0 ? 'video' : 'audio',
    fromMs: endsMs - REPORT_MS,
    toMs: endsMs,
    quantities: [
      {
        meter: 'bytes',
        quantity: 1 + ((index * 2_654_435_761) % 1_000_003),
        dimensions: {
          ...{ transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'low-video' },
          direction: index % 5 === 0 ? 'out' : 'in',
        },
      },
    ],
  };
}
