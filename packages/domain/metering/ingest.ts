import { assertCountable, type MeterCatalogue, UsageRefusal } from './meter-catalogue.ts';
import type { UsageRecord } from './usage-record.ts';
import type { IngestReceipt, UsageConflict, UsageStore } from './usage-store.ts';

export interface IngestPorts {
  readonly usage: UsageStore;
  readonly catalogue: MeterCatalogue;
  readonly nowMs: () => number;
}

/**
 * Takes a batch from a node (MET-2). What no service declares is kept apart and named in the receipt: it is neither
 * counted nor lost, and it does not hold up the rest of the batch.
 */
export async function ingestUsage(
  records: readonly UsageRecord[],
  { usage, catalogue, nowMs }: IngestPorts,
): Promise<IngestReceipt> {
  const nowIs = nowMs();
  const refused: UsageConflict[] = [];
  const countable = records.filter((record) => {
    try {
      assertCountable(record, catalogue, nowIs);
      return true;
    } catch (refusal) {
      if (!(refusal instanceof UsageRefusal)) throw refusal;
      refused.push({ record, reason: refusal.reason });
      return false;
    }
  });
  if (refused.length > 0) await usage.keepConflicts(refused);
  const receipt = await usage.ingest(countable);
  return { ...receipt, conflicts: [...refused, ...receipt.conflicts] };
}
