import type { UsageQuery, UsageRow, UsageStore } from '../metering/usage-store.ts';

const HOUR_MS = 3_600_000;
const KEPT_COUNT_MAX = 10_000;

interface Past {
  readonly untilMs: number;
  readonly rows: Promise<readonly UsageRow[]>;
}

/**
 * Reads use of all time as what was used up to an hour ago and what was used since. The first is read once an hour, and not,
 * as the second is, with every batch that comes in: it grows by half a million minutes a year. So use that is told of more
 * than an hour late is in the sum within an hour. Everything else is read as it was.
 */
export function rememberingAllTime({ query }: Pick<UsageStore, 'query'>): Pick<UsageStore, 'query'> {
  const kept = new Map<string, Past>();

  function pastOf(asked: UsageQuery, untilMs: number): Promise<readonly UsageRow[]> {
    const { accountId, meter, where, scope } = asked;
    const key = JSON.stringify([accountId, meter, where, scope]);
    const known = kept.get(key);
    if (known?.untilMs === untilMs) return known.rows;
    const rows = query({ ...asked, toMs: untilMs }).then((answer) => answer.rows);
    kept.delete(key);
    kept.set(key, { untilMs, rows });
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_COUNT_MAX) break;
      kept.delete(oldest);
    }
    // What failed is no past: whoever asks next reads it anew.
    rows.catch(() => {
      if (kept.get(key)?.rows === rows) kept.delete(key);
    });
    return rows;
  }

  return {
    async query(asked) {
      const cutMs = Math.floor(asked.toMs / HOUR_MS) * HOUR_MS - HOUR_MS;
      const isOneSum = asked.bucket === 'all' && asked.groupBy.length === 0 && asked.after === undefined;
      if (asked.fromMs !== 0 || !isOneSum || cutMs <= 0) return await query(asked);
      const [past, since] = await Promise.all([pastOf(asked, cutMs), query({ ...asked, fromMs: cutMs })]);
      return { ...since, rows: [...past, ...since.rows] };
    },
  };
}
