import type { Patchbay } from '@patchbay/sdk-node';
import type { Used } from './money-chain.ts';
import { until } from './until.ts';

/** A node uploads every few seconds, and a loaded machine takes its time. */
const SETTLED_MS = 30_000;

/** Everything of a list. */
export const all = async <Item>(list: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
};

/** What an account itself used of the relay in a month. */
async function usedBy(client: Patchbay, accountId: string, period: string): Promise<Used> {
  const from = `${period}-01T00:00:00.000Z`;
  const to = monthAfter(period).toISOString();
  const { rows } = await client.usage.query(accountId, { from, to, bucket: 'all', scope: 'own' });
  const sum = (meter: string) =>
    rows
      .filter((row) => row.meter === `network-discovery.${meter}`)
      .reduce((total, { quantity }) => total + BigInt(quantity), 0n);
  return { bytes: sum('bytes'), allocationMs: sum('allocationMs') };
}

/** Until the relay has told all of what an account used: its sessions have ended, and add up to its use. */
export const settledUse = (client: Patchbay, accountId: string, period: string): Promise<Used> =>
  until(
    async () => {
      const sessions = await all(
        client.sessions.list(accountId, { kind: 'relay', state: 'all', scope: 'own' }),
      );
      const used = await usedBy(client, accountId, period);
      const bytes = sessions.reduce((sum, { relayBytes }) => sum + BigInt(relayBytes), 0n);
      const isOver = sessions.length > 0 && sessions.every(({ endedAt }) => endedAt !== undefined);
      return isOver && used.allocationMs > 0n && used.bytes === bytes && used;
    },
    { what: 'the use of the relay to be in', timeoutMs: SETTLED_MS, pollMs: 200 },
  );

/** When the month after begins. */
export function monthAfter(period: string): Date {
  const [year = 0, month = 0] = period.split('-').map(Number);
  return new Date(Date.UTC(year, month));
}
