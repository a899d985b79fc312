import { collectionEvents } from '@patchbay/domain/billing/collection/collection-events';
import type { Collection } from '@patchbay/domain/billing/collection/collection-store';
import type { BillingDocument } from '@patchbay/domain/billing/documents/document';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';

/** Tells whom a document is for of it, with the transaction that issues it. */
export async function tellIssued(
  client: PoolClient,
  { id: documentId, accountId, kind, number, period, currency, totalMinorUnits, issuedAtMs }: BillingDocument,
): Promise<void> {
  const data = { documentId, kind, number, period, currency, minorUnits: totalMinorUnits.toString() };
  const type = 'billing.document.issued';
  await appendEvent(client, eventOfHandler({ accountId, type, data, atMs: issuedAtMs }));
}

/** Tells of all that happened to a document between two states, with the transaction that keeps the second. */
export async function tellCollected(
  client: PoolClient,
  {
    before,
    after,
    nowMs,
  }: { readonly before: Collection; readonly after: Collection; readonly nowMs: number },
): Promise<void> {
  const { accountId } = after;
  for (const { name, data } of collectionEvents(before, after))
    await appendEvent(client, eventOfHandler({ accountId, type: `billing.${name}`, data, atMs: nowMs }));
}
