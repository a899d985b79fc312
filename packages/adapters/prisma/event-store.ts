import type { PlatformEvent } from '@patchbay/domain/hooks/platform-event';
import { writeInAccount } from '../postgres/at-once.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import type { ScopedTransaction } from './scope.ts';
import { storable } from './storable.ts';

export interface EventStore {
  /** Adds an event; within a unit of work, to the transaction of what caused it. */
  append(event: PlatformEvent): Promise<void>;
}

export function eventStore(prisma: PrismaClient): EventStore {
  return {
    append: ({ id, type, accountId, atMs, applicationId, instanceType, sessionId, sessionSequence, data }) =>
      writeInAccount(prisma, accountId, {
        text: `INSERT INTO platform_event (id, type, account_id, at, application_id, instance_type, session_id, session_sequence, data)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        values: [
          ...[id, type, accountId, new Date(atMs), applicationId ?? null, instanceType ?? null],
          ...[sessionId ?? null, sessionSequence ?? null, JSON.stringify(storable(data))],
        ],
      }),
  };
}

/**
 * Adds events in the transaction of what caused them: there is no event without its cause and no cause without its event.
 * The transaction is in the scope of the account that they belong to, or of one above it.
 */
export async function appendEvents(
  transaction: ScopedTransaction,
  events: readonly PlatformEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await transaction.platformEvent.createMany({
    data: events.map((event) => ({
      id: event.id,
      type: event.type,
      accountId: event.accountId,
      at: new Date(event.atMs),
      applicationId: event.applicationId ?? null,
      instanceType: event.instanceType ?? null,
      sessionId: event.sessionId ?? null,
      sessionSequence: event.sessionSequence ?? null,
      data: storable(event.data) as Prisma.InputJsonObject,
    })),
  });
}
