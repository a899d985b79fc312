import { setTimeout as wait } from 'node:timers/promises';
import { Patchbay } from '@patchbay/sdk-node';

/** The client of what `dev.env` names, or of another account and its key. */
export function patchbayOf(env: Readonly<Record<string, string>>): Patchbay {
  return new Patchbay({
    url: env.PATCHBAY_URL ?? '',
    key: env.PATCHBAY_KEY ?? '',
    signalUrl: env.PATCHBAY_SIGNAL_URL ?? '',
    turnUrls: [env.PATCHBAY_TURN_URL ?? ''],
    accountId: env.PATCHBAY_ACCOUNT ?? '',
  });
}

/** The month's own usage of an account so far, by meter. */
export async function readUsage(
  pb: Patchbay,
  accountId: string,
  service: 'network-discovery' | 'signaling',
): Promise<Map<string, bigint>> {
  const now = new Date();
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)).toISOString();
  const to = new Date(now.getTime() + 60_000).toISOString();
  const { rows } = await pb.usage.query(accountId, { from, to, bucket: 'all', scope: 'own' });
  const own = rows.filter(({ meter }) => meter.startsWith(`${service}.`));
  return new Map(own.map((row) => [row.meter, BigInt(row.quantity)]));
}

/** The month's own usage of the relay by meter, once two readings in a row agree. */
export async function settledUsage(pb: Patchbay, accountId: string): Promise<Map<string, bigint>> {
  const read = () => readUsage(pb, accountId, 'network-discovery');
  // A record is uploaded every 5 seconds at the latest: two readings further apart than that see all of it.
  let last = await read();
  for (let attempt = 0; attempt < 5; attempt++) {
    await wait(6_000);
    const next = await read();
    const isSettled = next.size === last.size && [...next].every(([meter, sum]) => last.get(meter) === sum);
    if (isSettled) return next;
    last = next;
  }
  throw new Error('The usage did not settle in 30 seconds.');
}
