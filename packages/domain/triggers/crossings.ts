import { type Edge, lineageAt } from '../metering/lineage.ts';
import {
  type Dimensions,
  entriesOf,
  minuteOf,
  recordKey,
  type UsageRecord,
} from '../metering/usage-record.ts';
import type { TriggerRule } from './trigger.ts';
import { windowOf } from './window.ts';

/** That a trigger's counter reached its limit in a window. */
export interface Crossing {
  readonly triggerId: string;
  readonly windowFromMs: number;
}

type CountedRule = TriggerRule & { readonly countedFromMs: number };

/**
 * What has to fire for some records, whatever the order in which they came and however often: the store does this in SQL,
 * one batch at a time, and is compared with it (TRG-3).
 */
export function crossingsOf(
  records: readonly UsageRecord[],
  edges: readonly Edge[],
  rules: readonly CountedRule[],
): readonly Crossing[] {
  const counters = new Map<string, { readonly crossing: Crossing; value: bigint; readonly limit: bigint }>();
  const unique = new Map(records.map((record) => [recordKey(record), record]));
  for (const record of unique.values()) {
    for (const rule of rules) {
      const quantity = countedBy(rule, record, edges);
      if (quantity === undefined) continue;
      const { fromMs } = windowOf(rule.condition, rule.timeZone, record.toMs);
      const key = `${rule.id} ${fromMs}`;
      const counter = counters.get(key) ?? {
        crossing: { triggerId: rule.id, windowFromMs: fromMs },
        value: 0n,
        limit: BigInt(rule.condition.limit),
      };
      counter.value += quantity;
      counters.set(key, counter);
    }
  }
  return [...counters.values()].flatMap(({ crossing, value, limit }) => (value >= limit ? [crossing] : []));
}

/** What a trigger counts of a record; undefined where the record is none of its. */
export function countedBy(
  rule: CountedRule,
  record: UsageRecord,
  edges: readonly Edge[],
): bigint | undefined {
  if (!rule.isEnabled || !('meter' in rule.counter) || record.toMs < rule.countedFromMs) return undefined;
  if (!isOf(rule, record, lineageAt(edges, record.accountId, minuteOf(record)))) return undefined;
  const { meter, where = {} } = rule.counter;
  const counted = entriesOf(record).filter(
    (entry) => entry.meter === meter && matches(entry.dimensions, where),
  );
  if (counted.length === 0) return undefined;
  return counted.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
}

/** Whether a use is the target's, which has to stand where the trigger was set, or below, at the time. */
function isOf({ accountId, target }: TriggerRule, record: UsageRecord, lineage: readonly string[]): boolean {
  const depth = lineage.indexOf(target.accountId);
  if (depth < 0 || (target.scope === 'own' && depth > 0)) return false;
  if (!lineage.slice(depth).includes(accountId)) return false;
  return (['applicationId', 'endpointId', 'credentialId', 'sessionId'] as const).every(
    (entity) => target[entity] === undefined || target[entity] === record[entity],
  );
}

const matches = (dimensions: Dimensions, where: Dimensions): boolean =>
  Object.entries(where).every(([name, value]) => dimensions[name] === value);
