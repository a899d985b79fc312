import { type Edge, lineageAt } from '../metering/lineage.ts';
import {
  canonicalDimensions,
  type Dimensions,
  entriesOf,
  type UsageRecord,
} from '../metering/usage-record.ts';
import { type SessionCell, usesKey } from './session-cells.ts';

interface Range {
  readonly edges: readonly Edge[];
  /** Of the spans in which neither tree nor prices change. */
  readonly starts: readonly number[];
  readonly toMs: number;
}

/** What the time of sessions has to be, from the raw records alone: the store does this in SQL, and is compared with it. */
export function sessionCellsOf(
  records: readonly UsageRecord[],
  { edges, starts, toMs }: Range,
): SessionCell[] {
  const cells = new Map<string, SessionCell>();
  const ofSessions = Map.groupBy(
    records.filter(({ sessionId }) => sessionId !== undefined),
    ({ accountId, sessionId }) => `${accountId} ${sessionId}`,
  );
  for (const ofSession of ofSessions.values()) {
    const accountId = ofSession[0]?.accountId ?? '';
    const begunMs = Math.min(...ofSession.map((record) => record.fromMs));
    const lastMs = Math.max(...ofSession.map((record) => record.toMs));
    for (const [meter, uses] of usesOf(ofSession)) {
      for (const [index, atMs] of starts.entries()) {
        const ms = Math.min(lastMs, starts[index + 1] ?? toMs) - Math.max(begunMs, atMs);
        if (ms <= 0) continue;
        for (const ancestorId of lineageAt(edges, accountId, atMs)) {
          const key = `${ancestorId} ${atMs} ${meter} ${usesKey(uses)}`;
          const { inclusive = 0n, own = 0n } = cells.get(key) ?? {};
          cells.set(key, {
            accountId: ancestorId,
            atMs,
            meter,
            uses,
            inclusive: inclusive + BigInt(ms),
            own: own + (ancestorId === accountId ? BigInt(ms) : 0n),
          });
        }
      }
    }
  }
  return [...cells.values()];
}

function usesOf(ofSession: readonly UsageRecord[]): Map<string, Dimensions[]> {
  const used = ofSession.flatMap(entriesOf).filter(({ quantity }) => quantity > 0);
  return new Map(
    [...Map.groupBy(used, ({ meter }) => meter)].map(([meter, entries]) => [
      meter,
      [...new Map(entries.map(({ dimensions }) => [canonicalDimensions(dimensions), dimensions])).values()],
    ]),
  );
}
