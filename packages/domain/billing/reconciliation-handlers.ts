import type { DomainHandlers, Entity } from '@patchbay/kit/definition';
import type { Collecting } from './collection/reconciliation.ts';
import type { billing } from './definition.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

/** The top of a tree collects for all but those that sellers between collect from themselves. */
const collectingOf = ({ accountId, chain }: Entity): Collecting =>
  chain.length === 1 ? { accountId } : { accountId, collectorId: accountId };

export const reconciliationHandlers: Pick<Handlers, 'reconciliation'> = {
  reconciliation: {
    async listDifferences({ entity }, page, { reconciliation }) {
      const { items, nextCursor } = await reconciliation.list(collectingOf(entity), page);
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map(({ foundAtMs, endedAtMs, ...difference }) => ({
          ...difference,
          foundAt: new Date(foundAtMs).toISOString(),
          ...(endedAtMs === undefined ? {} : { endedAt: new Date(endedAtMs).toISOString() }),
        })),
      };
    },

    async start(context, _request, { reconciliation, asked }) {
      const documentCount = await reconciliation.readAgain(collectingOf(context.entity), context.nowMs());
      context.audit({ target: `${context.entity.accountId}/reconciliation`, after: { documentCount } });
      asked('collecting');
      return { documentCount };
    },
  },
};
