import type { DomainHandlers } from '@patchbay/kit/definition';
import { differenceOf, readFigures } from './comparison.ts';
import type { billing } from './definition.ts';
import { periodAt } from './period.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;
type Context = Parameters<Handlers['comparisons']['start' | 'collect']>[0];

/** Problems that a refusal names. */
const NAMED_COUNT_MAX = 5;

async function answered(accountId: string, { comparisons }: Pick<BillingPorts, 'comparisons'>) {
  return { items: [...(await comparisons.accounts(accountId))] };
}

/** The customer of whoever collects from it: nobody gives away what another would have earned. */
async function checkChange(
  context: Context,
  { childId, period }: { readonly childId: string; readonly period: string },
  { billing: store, collectorOf, ownCollecting }: BillingPorts,
): Promise<void> {
  const { accountId } = context.entity;
  const { edges } = await store.chainPrices(accountId, context.nowMs());
  if (!edges.some((edge) => edge.sellerId === accountId && edge.buyerId === childId))
    throw context.error('resource.unknown', `There is no child ${childId} of this account.`);
  const collectorId = (await ownCollecting.collectorOf(childId, period)) ?? (await collectorOf(childId));
  if (collectorId !== accountId)
    throw context.error('billing.collector_only', 'Who asks a customer says from when it does.');
  if (period < periodAt(context.nowMs()).name)
    throw context.error('billing.period_past', `${period} is over.`);
}

/** Customers that are rated beside another biller, before they are asked for money (BIL-6). */
export const comparisonHandlers: Pick<Handlers, 'comparisons'> = {
  comparisons: {
    listAccounts: (context, _request, ports) => answered(context.entity.accountId, ports),

    async list(context, { period }, { comparisons }) {
      const items = await comparisons.compare(context.entity.accountId, period);
      return {
        items: items.map((item) => {
          const { oursMinorUnits: ours, theirsMinorUnits: theirs, ...customer } = item;
          const difference = differenceOf(item);
          return {
            ...customer,
            ...(ours === undefined ? {} : { oursMinorUnits: ours.toString() }),
            ...(theirs === undefined ? {} : { theirsMinorUnits: theirs.toString() }),
            ...(difference === undefined ? {} : { differenceMinorUnits: difference.toString() }),
          };
        }),
      };
    },

    async start(context, { childId, fromPeriod }, ports) {
      await checkChange(context, { childId, period: fromPeriod }, ports);
      const { accountId } = context.entity;
      const before = await spanOf(accountId, childId, ports);
      if ((await ports.comparisons.start(accountId, { childId, fromPeriod })) === 'prepaid')
        throw context.error(
          'billing.prepaid_below',
          'Prepaid money of an account there is with the platform.',
        );
      const after = await spanOf(accountId, childId, ports);
      context.audit({ target: `${accountId}/comparisons/${childId}`, before, after });
      await context.emit('comparison.changed', { childId });
      return await answered(accountId, ports);
    },

    async collect(context, { childId, collectFrom }, ports) {
      await checkChange(context, { childId, period: collectFrom }, ports);
      const { accountId } = context.entity;
      const before = await spanOf(accountId, childId, ports);
      if (!(await ports.comparisons.end(accountId, { childId, collectFrom })))
        throw context.error('billing.not_compared', `${childId} is not compared in ${collectFrom}.`);
      const after = await spanOf(accountId, childId, ports);
      context.audit({ target: `${accountId}/comparisons/${childId}`, before, after });
      await context.emit('comparison.changed', { childId });
      return await answered(accountId, ports);
    },

    async importFigures(context, { csv }, { comparisons }) {
      const { accountId } = context.entity;
      const { figures, problems } = readFigures(csv, await comparisons.customers(accountId));
      if (problems.length > 0) {
        const named = problems.slice(0, NAMED_COUNT_MAX).map(({ line, detail }) => `line ${line}: ${detail}`);
        throw context.error(
          'billing.figures_refused',
          `${problems.length} of the lines are wrong. ${named.join(' ')}`,
        );
      }
      await comparisons.setFigures(accountId, figures);
      context.audit({
        target: `${accountId}/comparisons`,
        after: Object.fromEntries(
          figures.map((each) => [`${each.accountId} ${each.period}`, each.minorUnits.toString()]),
        ),
      });
      await context.emit('comparison.figures-kept', { figureCount: figures.length });
      return { figureCount: figures.length };
    },
  },
};

async function spanOf(
  accountId: string,
  childId: string,
  { comparisons }: Pick<BillingPorts, 'comparisons'>,
) {
  const found = (await comparisons.accounts(accountId)).find((each) => each.childId === childId);
  if (found === undefined) return undefined;
  const { fromPeriod, toPeriod } = found;
  return { fromPeriod, ...(toPeriod === undefined ? {} : { toPeriod }) };
}
