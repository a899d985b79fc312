import { setTimeout as pause } from 'node:timers/promises';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { rowsOf } from '../postgres/at-once.ts';
import { currentHops } from '../postgres/event-hops.ts';
import { asUnit, currentUnit, type UnitOfWork } from '../postgres/unit-of-work.ts';
import { isLostConflict, isLostReference, isNoLongerAbove } from './database-error.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';

const transactions = new WeakMap<UnitOfWork, Prisma.TransactionClient>();

/**
 * Runs work in one transaction, in which every store takes part that is called within it: all of it is kept, or nothing.
 * Within such work it is part of that.
 */
export function atomically<Value>(prisma: PrismaClient, work: () => Promise<Value>): Promise<Value> {
  if (currentUnit() !== undefined) return work();
  return asUnit(async (unit) => {
    try {
      return await prisma.$transaction(async (transaction) => {
        transactions.set(unit, transaction);
        try {
          const hops = currentHops();
          if (hops > 0)
            await transaction.$queryRaw`SELECT set_config('patchbay.hops', ${String(hops)}, true)`;
          const value = await work();
          await unit.finish();
          // What still runs when the work is over has to do without it.
          unit.close();
          return value;
        } catch (error) {
          unit.lose();
          throw error;
        }
      });
    } catch (error) {
      // The end itself may fail as well: a connection that died before COMMIT kept nothing.
      unit.lose();
      throw error;
    }
  });
}

/** Attempts at one unit, the first among them. */
const ATTEMPT_COUNT_MAX = 4;
/** Before the second attempt. The bound doubles with each. */
const FIRST_PAUSE_MS_MAX = 20;
const RETRY_AFTER_MS = 1_000;

/**
 * The work of a request, as `atomically`: where another transaction came first, nothing of it was kept, and it is done anew
 * from its beginning a few times. So what it does outside the database has to be the same when it is done twice. A foreign key says
 * so as well: what the work found when it looked was gone when it wrote, and the next time it refuses in its own words.
 *
 * @throws 'platform.unavailable' where others came first each time; 'resource.unknown' where the account was moved away from
 * whoever would have said something of it.
 */
export async function atomicallyAgain<Value>(
  prisma: PrismaClient,
  work: () => Promise<Value>,
): Promise<Value> {
  if (currentUnit() !== undefined) return work();
  for (let attempt = 1; ; attempt++) {
    try {
      return await atomically(prisma, work);
    } catch (error) {
      if (isNoLongerAbove(error))
        throw platformError('resource.unknown', 'The account was moved to another place meanwhile.', error);
      const isReference = isLostReference(error);
      if (!isReference && !isLostConflict(error)) throw error;
      if (attempt === ATTEMPT_COUNT_MAX) {
        // Nobody removes under it each time: the work wrote without looking, and that is a fault of it.
        if (isReference) throw error;
        const { fields } = platformError('platform.unavailable', 'Others change the same at once.', error);
        throw new ServiceError({ ...fields, retryAfterMs: RETRY_AFTER_MS }, { cause: error });
      }
      await pause(Math.random() * FIRST_PAUSE_MS_MAX * 2 ** (attempt - 1));
    }
  }
}

/** Waits until no other unit holds what is named, and holds it until the unit that it is called in is over. */
export async function inTurn(prisma: PrismaClient, name: string): Promise<void> {
  await rowsOf(prisma, {
    text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text',
    values: [`turn ${name}`],
  });
}

/** The client, whose queries go to the transaction of the unit that they are made in. No store has to remember to. */
export function joiningUnits(prisma: PrismaClient): PrismaClient {
  return new Proxy(prisma, {
    get(target, name) {
      const unit = currentUnit();
      const transaction = unit && transactions.get(unit);
      if (unit === undefined || transaction === undefined) return ofObject(target, name);
      if (name !== '$transaction') return ofObject(transaction, name);
      return (work: (within: Prisma.TransactionClient) => Promise<unknown>) =>
        unit.section(() => work(transaction));
    },
  });
}

/** Methods keep the object that they belong to. */
function ofObject(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}
