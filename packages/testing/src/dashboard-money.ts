import type { Patchbay } from '@patchbay/sdk-node';
import { Client } from 'pg';

/** Limits, and a balance with credits and a session that holds some of it: what whoever runs the platform would have set. */
export async function addMoney(
  pb: Patchbay,
  { accountId, databaseUrl }: { readonly accountId: string; readonly databaseUrl: string },
): Promise<void> {
  await pb.spendingLimits.set(accountId, {
    limits: [
      { per: 'month', amount: '250000000000', action: 'stop' },
      { per: 'day', amount: '25000000000', action: 'throttle', bitsPerSecondMax: 256_000 },
    ],
  });
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO prepaid_account (account_id, is_prepaid, since_period, overdraft, top_up_below, top_up_minor_units)
       VALUES ($1, true, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), 20000000000, 50000000000, 20000)`,
      [accountId],
    );
    const platform = 'SELECT id FROM account WHERE parent_id IS NULL AND NOT is_test';
    await client.query(
      `INSERT INTO spending_limit (id, account_id, set_by_id, per, amount, shares_percent, action, since)
       VALUES ($1, $2, (${platform}), 'month', 400000000000, '{80}', 'notify', now())`,
      [`spl_above${accountId.slice(4, 12)}`, accountId],
    );
    await client.query(
      `INSERT INTO credit_line (account_id, by_id, amount) VALUES ($1, (${platform}), 2000000000000)`,
      [accountId],
    );
    for (const [id, amount, left, reason, services] of [
      ['cdt_welcome', '25000000000', '4200000000', 'Welcome to Patchbay', null],
      [
        'cdt_relays',
        '100000000000',
        '100000000000',
        'For the month of moving your relays',
        ['network-discovery'],
      ],
    ] as const)
      await client.query(
        `INSERT INTO credit (id, account_id, given_by_id, amount, left_amount, priority, services, reason, expires_at, created_at)
         VALUES ($1, $2, (${platform}), $3, $4, 50, $5, $6, now() + interval '90 days', now())`,
        [id + accountId.slice(4, 12), accountId, amount, left, services, reason],
      );
    await client.query(
      `INSERT INTO prepaid_hold (account_id, hold_id, node_id, services, once, per_second, amount, began_at, expires_at)
       VALUES ($1, 'ses_01m8x4', 'nod_photo', '{signaling,network-discovery}', 0, 10000000, 300000000, now(), now() + interval '1 day')`,
      [accountId],
    );
  } finally {
    await client.end();
  }
}
