import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { Client } from 'pg';

/** Accounts at each level below the platform. The last are the leaves that use: each has five ancestors. */
const WIDTHS = [2, 4, 20, 100, 1000] as const;
/** A batch is of one of them, as the control plane takes it; sessions of an account are on all. */
const NODE_COUNT = 4;
export const NODE_IDS = Array.from(
  { length: NODE_COUNT },
  (_, place) => `nod_${String(place).padStart(29, '0')}`,
);
/** Reports of a session before the next one takes its place: five minutes of them. */
const REPORT_COUNT = 60;
const LATE_SHARE = 0.005;
const DAY_MS = 86_400_000;
/** A session reports as often as a node does: every five seconds. */
const REPORT_MS = 5_000;

/** `[id, parent]`, parents first. */
export function accounts(): [id: string, parent: string | undefined][] {
  const all: [string, string | undefined][] = [[accountId(0, 0), undefined]];
  for (const [index, width] of WIDTHS.entries()) {
    const parents = index === 0 ? 1 : (WIDTHS[index - 1] ?? 1);
    for (let place = 0; place < width; place++)
      all.push([accountId(index + 1, place), accountId(index, place % parents)]);
  }
  return all;
}

const accountId = (level: number, place: number) => `acc_${level}${String(place).padStart(28, '0')}`;

export interface Workload {
  /** The next reports of a node's sessions in turn, some of them late and some sent before; then it is the next node's turn. */
  batch(size: number): UsageRecord[];
}

export interface WorkloadOptions {
  /** Metered values of a record, with the dimensions of a relay. */
  readonly entryCount: number;
  /** That report at the same time, in turn. */
  readonly sessionCount: number;
  /** Records that were sent before. */
  readonly repeatedShare: number;
  readonly nowMs: number;
  /** One run of a node: two workloads with different ones have no record in common. */
  readonly boot: number;
}

export function workload({
  entryCount,
  sessionCount,
  repeatedShare,
  nowMs,
  boot,
}: WorkloadOptions): Workload {
  // Far enough back for the run to stay in the past, and within one day.
  const startMs = nowMs - (nowMs % DAY_MS) - DAY_MS / 2;
  const nodes = NODE_IDS.map((id, place) => ({
    place,
    id,
    sequence: 0,
    sent: [] as UsageRecord[],
  }));
  let turn = 0;
  const fresh = (node: (typeof nodes)[number]): UsageRecord => {
    node.sequence += 1;
    const ofNode = node.sequence % (sessionCount / NODE_COUNT);
    const report = Math.floor(node.sequence / (sessionCount / NODE_COUNT));
    const session = NODE_COUNT * ofNode + node.place;
    const leaf = ofNode % (WIDTHS.at(-1) ?? 1);
    const toMs = startMs + report * REPORT_MS - (Math.random() < LATE_SHARE ? DAY_MS : 0);
    return {
      id: { nodeId: node.id, boot, sequence: node.sequence },
      accountId: accountId(WIDTHS.length, leaf),
      applicationId: `app_${String(leaf % 50).padStart(29, '0')}`,
      credentialId: `key_${String(leaf).padStart(29, '0')}`,
      sessionId: `ses_${boot}_${Math.floor(report / REPORT_COUNT)}_${String(session).padStart(13, '0')}`,
      segment: 0,
      service: 'network-discovery',
      region: node.place % 2 === 0 ? 'eu' : 'us',
      modality: session % 3 === 0 ? 'video' : 'audio',
      fromMs: toMs - REPORT_MS,
      toMs,
      quantities: metersOf(entryCount).map(({ meter, dimensions }) => ({
        meter,
        quantity: 1 + Math.floor(Math.random() * 1_000_000),
        dimensions: {
          ...dimensions,
          transport: 'udp',
          bandwidthClass: session % 5 === 0 ? 'high-video' : 'low-video',
        },
      })),
    };
  };
  return {
    batch(size) {
      const node = nodes[turn++ % NODE_COUNT];
      if (node === undefined) throw new RangeError('No node has that place.');
      const { sent } = node;
      const records = Array.from({ length: size }, () => {
        const repeated = sent[Math.floor(Math.random() * sent.length)];
        return repeated !== undefined && Math.random() < repeatedShare ? repeated : fresh(node);
      });
      sent.splice(0, Math.max(0, sent.length - size), ...records.slice(0, size / 2));
      return records;
    },
  };
}

/** As a relay has them: time has no direction. */
const metersOf = (count: number) =>
  [
    { meter: 'bytes', dimensions: { addressFamily: 'ipv4', direction: 'in' } },
    { meter: 'packets', dimensions: { addressFamily: 'ipv4', direction: 'in' } },
    { meter: 'allocationMs', dimensions: { addressFamily: 'ipv4' } },
    { meter: 'bytes', dimensions: { addressFamily: 'ipv4', direction: 'out' } },
    { meter: 'packets', dimensions: { addressFamily: 'ipv4', direction: 'out' } },
    { meter: 'allocationMs', dimensions: { addressFamily: 'ipv6' } },
  ].slice(0, count);

/** A trigger of each account that uses, and one above that counts them all; none of them fires. */
export async function plantTriggers(owner: Client): Promise<void> {
  const leaves = accounts().filter(([id]) => id.startsWith(`acc_${WIDTHS.length}`));
  await owner.query(
    `INSERT INTO usage_trigger (id, account_id, name, target_id, with_descendants, counts, subject, condition, limit_value,
       period, action, time_zone, counting_from)
     SELECT 'trg_' || gen_random_uuid(), $1, 'bench', target, target = $1, 'usage', 'network-discovery.bytes', 'recurring',
       9e18::bigint, 'month', '{"kind":"notify"}', 'UTC', '-infinity'
     FROM unnest($2::text[]) AS target`,
    [accountId(0, 0), [accountId(0, 0), ...leaves.map(([id]) => id)]],
  );
}
