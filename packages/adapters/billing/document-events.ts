import { collectionEvents } from '@patchbay/domain/billing/collection/collection-events';
import type { Collection } from '@patchbay/domain/billing/collection/collection-store';
import { newlyFound } from '@patchbay/domain/billing/collection/found-difference';
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

/** Tells whoever collects of what was found otherwise at the rail, with the transaction that keeps it (BIL-6). */
export async function tellDifferences(
  client: PoolClient,
  {
    before,
    after,
    collectorId,
    nowMs,
  }: {
    readonly before: Collection;
    readonly after: Collection;
    readonly collectorId: string;
    readonly nowMs: number;
  },
): Promise<void> {
  const { documentId, accountId: ofAccountId, period, currency } = after;
  for (const { kind, railId, expected, found } of newlyFound(before.differences, after.differences)) {
    const data = { documentId, ofAccountId, period, currency, kind, railId, expected, found };
    const type = 'billing.difference.found';
    await appendEvent(client, eventOfHandler({ accountId: collectorId, type, data, atMs: nowMs }));
  }
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
