import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { billing } from './definition.ts';
import { emptyReminders } from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';
import { reminderHandlers } from './reminder-handlers.ts';
import { defaultReminders, dueReminder, type KeptTerms } from './reminders.ts';

const DAY = 86_400_000;

describe('a reminder', () => {
  const at = (days: number, sentDays: readonly number[] = []) =>
    dueReminder(defaultReminders, { dueAtMs: 100 * DAY, nowMs: (100 + days) * DAY, sentDays });

  test('is due by the days before and after, and never twice', () => {
    expect(at(-4)).toBeUndefined();
    expect(at(-3)).toEqual({ offsetDays: -3, isLast: false });
    expect(at(2, [-3])).toBeUndefined();
    expect(at(3, [-3])).toEqual({ offsetDays: 3, isLast: false });
    expect(at(9, [-3, 3])).toBeUndefined();
    expect(at(20, [-3, 3, 10])).toEqual({ offsetDays: 20, isLast: true });
    expect(at(400, [20])).toBeUndefined();
  });

  test('is the latest alone of those that were missed, and none before one that was sent', () => {
    expect(at(15)).toEqual({ offsetDays: 10, isLast: false });
    // The schedule was another when the reminder of day 12 was sent.
    expect(at(15, [12])).toBeUndefined();
  });

  test('is never due where nobody is to be reminded, and the last is that of the days after', () => {
    const when = { dueAtMs: 0, nowMs: 50 * DAY, sentDays: [] };
    expect(dueReminder({ afterDays: [], lastAction: 'suspend' }, when)).toBeUndefined();
    expect(dueReminder({ beforeDays: 0, afterDays: [], lastAction: 'suspend' }, when)).toEqual({
      offsetDays: 0,
      isLast: false,
    });
  });
});

describe('reminders', () => {
  let kept: KeptTerms[];
  const ports = {
    billing: { chainPrices: async () => ({ edges: [{ sellerId: 'acc_1', buyerId: 'acc_2' }] }) },
    reminders: {
      ...emptyReminders,
      terms: async () => kept,
      setTerms: async (_accountId: string, childId: string | undefined, terms: KeptTerms | undefined) => {
        kept = kept.filter((each) => each.childId !== childId);
        if (terms !== undefined) kept.push(childId === undefined ? terms : { ...terms, childId });
      },
      sent: async () => ({
        items: [
          {
            documentId: 'doc_1',
            accountId: 'acc_2',
            number: 'A-1',
            offsetDays: 3,
            isLast: false,
            sentAtMs: 0,
          },
        ],
        nextCursor: 'doc_1.3',
      }),
      overdue: async () => [
        { accountId: 'acc_2', name: 'Two', documentId: 'doc_1', number: 'A-1', action: 'mark', sinceMs: 0 },
      ],
    },
  } as unknown as BillingPorts;
  const world = <Name extends keyof (typeof reminderHandlers)['reminders']>(_: Name) =>
    domainContext<typeof billing, 'reminders', Name>(billing, { chain: ['acc_0', 'acc_1'] });
  const { get, set, reset, listSent, listOverdue } = reminderHandlers.reminders;
  const request = (text: string) => text as Parameters<typeof reset>[1]['childId'];
  const refusalOf = (promise: Promise<unknown>) =>
    promise.catch((error: unknown) => (error instanceof ServiceError ? error.fields.code : error));
  beforeEach(() => {
    kept = [];
  });

  test('get 200: what holds for all, whether or not anybody said it', async () => {
    expect((await get(world('get').context, {}, ports)).items).toEqual([defaultReminders]);
  });

  test('set 200: for all or for one, on record', async () => {
    const { context, audited } = world('set');
    await set(context, { afterDays: [5], lastAction: 'suspend' }, ports);
    const { items } = await set(
      context,
      { childId: request('acc_2'), afterDays: [], lastAction: 'mark' },
      ports,
    );
    expect(items).toEqual([
      { afterDays: [5], lastAction: 'suspend' },
      { childId: 'acc_2', afterDays: [], lastAction: 'mark' },
    ]);
    expect(audited.map(({ target }) => target)).toEqual(['acc_1/reminders', 'acc_1/reminders/acc_2']);
  });

  test('set 404: words about somebody who is no customer are refused', async () => {
    const wrong = { childId: request('acc_9'), afterDays: [], lastAction: 'mark' as const };
    expect(await refusalOf(set(world('set').context, wrong, ports))).toBe('resource.unknown');
  });

  test('reset 200: a customer is reminded as all others again', async () => {
    kept = [{ childId: 'acc_2', afterDays: [], lastAction: 'mark' }];
    const { items } = await reset(world('reset').context, { childId: request('acc_2') }, ports);
    expect(items).toEqual([defaultReminders]);
  });

  test('reset 404: of somebody who is no customer', async () => {
    expect(await refusalOf(reset(world('reset').context, { childId: request('acc_9') }, ports))).toBe(
      'resource.unknown',
    );
  });

  test('listSent 200: what was sent, page by page', async () => {
    const { items, nextCursor } = await listSent(world('listSent').context, { limit: 1 }, ports);
    expect([items[0]?.sentAt, nextCursor]).toEqual(['1970-01-01T00:00:00.000Z', 'doc_1.3']);
  });

  test('listOverdue 200: who is overdue, and what that means', async () => {
    const { items } = await listOverdue(world('listOverdue').context, {}, ports);
    expect(items[0]).toMatchObject({ action: 'mark', since: '1970-01-01T00:00:00.000Z' });
  });
});
