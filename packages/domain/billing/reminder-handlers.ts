import type { DomainHandlers } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import type { billing } from './definition.ts';
import type { BillingPorts } from './ports.ts';
import { defaultReminders, type KeptTerms, type ReminderTerms } from './reminders.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

/** What holds for all is there whether or not anybody said it. */
async function answered(accountId: string, { reminders }: Pick<BillingPorts, 'reminders'>) {
  const kept = await reminders.terms(accountId);
  const all = kept.some(({ childId }) => childId === undefined) ? kept : [defaultReminders, ...kept];
  return { items: all.map(termsAnswer) };
}

const termsAnswer = ({ childId, beforeDays, afterDays, lastAction }: KeptTerms) => ({
  ...(childId === undefined ? {} : { childId }),
  ...(beforeDays === undefined ? {} : { beforeDays }),
  afterDays: [...afterDays],
  lastAction,
});

export const reminderHandlers: Pick<Handlers, 'reminders'> = {
  reminders: {
    get: (context, _request, ports) => answered(context.entity.accountId, ports),

    async set(context, { childId, ...terms }, ports) {
      await change(context, { childId, terms }, ports);
      return await answered(context.entity.accountId, ports);
    },

    async reset(context, { childId }, ports) {
      await change(context, { childId, terms: undefined }, ports);
      return await answered(context.entity.accountId, ports);
    },

    async listSent(context, page, { reminders }) {
      const { items, nextCursor } = await reminders.sent(context.entity.accountId, page);
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map(({ sentAtMs, ...reminder }) => ({
          ...reminder,
          sentAt: new Date(sentAtMs).toISOString(),
        })),
      };
    },

    async listOverdue(context, _request, { reminders }) {
      const items = await reminders.overdue(context.entity.accountId);
      return {
        items: items.map(({ sinceMs, ...account }) => ({
          ...account,
          since: new Date(sinceMs).toISOString(),
        })),
      };
    },
  },
};

interface Change {
  readonly childId: string | undefined;
  readonly terms: ReminderTerms | undefined;
}

async function change(
  context: Parameters<Handlers['reminders']['set']>[0] | Parameters<Handlers['reminders']['reset']>[0],
  { childId, terms }: Change,
  { reminders, billing: store }: BillingPorts,
): Promise<void> {
  const { accountId } = context.entity;
  const isOf = (kept: KeptTerms) => kept.childId === childId;
  if (childId !== undefined) {
    const { edges } = await store.chainPrices(accountId, context.nowMs());
    if (!edges.some((edge) => edge.sellerId === accountId && edge.buyerId === childId))
      throw context.error('resource.unknown', `There is no child ${childId} of this account.`);
  }
  const before = (await reminders.terms(accountId)).find(isOf);
  await reminders.setTerms(accountId, childId, terms);
  context.audit({
    target: `${accountId}/reminders${childId === undefined ? '' : `/${childId}`}`,
    before,
    after: terms,
  });
  if (isChanged(before && termsAnswer(before), terms && termsAnswer({ ...terms, childId })))
    await context.emit('reminder-terms.changed', childId === undefined ? {} : { childId });
}
