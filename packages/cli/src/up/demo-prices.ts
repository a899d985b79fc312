import { billingStore } from '@patchbay/adapters/billing/billing-store';
import { type Nano, nano } from '@patchbay/domain/billing/money';
import { meterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { meterCatalogue as declaredMeters } from '@patchbay/services/meters.generated';
import { Pool } from 'pg';

const GIGABYTE = 1_000_000_000n;
const MINUTE_MS = 60_000n;
const euro = (text: `${number}`): Nano => nano(BigInt(Math.round(Number(text) * 1e6)) * 1_000n);

/** What the platform of a machine that only its owner reaches asks of everybody, so that a first call costs something. */
const demoPrices = {
  'network-discovery': [
    { meter: 'bytes', amount: euro('0.05'), per: GIGABYTE },
    { meter: 'allocationMs', amount: euro('0.0004'), per: MINUTE_MS },
  ],
  signaling: [{ meter: 'connectedMs', amount: euro('0.0001'), per: MINUTE_MS }],
} as const;

/** Sets the platform's base prices once, from the start of the month. Prices that somebody set since are left alone. */
export async function seedDemoPrices(databaseUrl: string, platformAccountId: string): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1, options: '-c role=patchbay_app' });
  try {
    const nowMs = () => Date.now();
    const store = billingStore({ pool, catalogue: meterCatalogue(declaredMeters), nowMs });
    const { prices, currency } = await store.chainPrices(platformAccountId, nowMs());
    if (prices.length > 0) return;
    const now = new Date();
    const fromMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
    for (const [service, list] of Object.entries(demoPrices)) {
      await store.setPrices({
        accountId: platformAccountId,
        service,
        currency,
        fromMs,
        prices: list.map(({ meter, amount, per }) => ({
          meter,
          where: {},
          tariff: { kind: 'per-unit', amount, per },
        })),
      });
    }
  } finally {
    await pool.end();
  }
}
