import type { DomainHandlers } from '@patchbay/kit/definition';
import type { billing } from './definition.ts';
import { periodOf } from './period.ts';
import type { BillingPorts } from './ports.ts';
import type { AccountVerification, VerificationRun, VerifiedLine } from './verification.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

/** Lines of one account in an answer. */
const LINE_COUNT_MAX = 1_000;

export const verifyStatements: Handlers['statements']['verify'] = async (
  context,
  { period, scope, detail, after, limit },
  { verifier, billing: store },
) => {
  const { accountId } = context.entity;
  const of = periodOf(period);
  const found = await verifier.closedAccounts(accountId, of, { scope, after, limit: limit + 1 });
  if (found.length === 0 && after === undefined)
    throw context.error('billing.not_closed', `No statement of ${period} is closed here.`);
  const ids = found.slice(0, limit);
  const names = await store.namesBelow(accountId, ids);
  const rows = [];
  for (const id of ids)
    rows.push(accountAnswer(await verifier.verify(id, of), { name: names.get(id) ?? id, detail }));
  return { rows, ...(found.length > limit ? { nextAfter: ids.at(-1) ?? '' } : {}) };
};

export const listVerifications: Handlers['closings']['listVerifications'] = async (
  context,
  _request,
  { verifier },
) => {
  if (context.entity.chain.length !== 1)
    throw context.error('billing.collector_only', 'The platform recomputes months, for all.');
  return { items: (await verifier.runs(context.entity.accountId)).map(runAnswer) };
};

function accountAnswer(
  { accountId, currency, outcome, goneDayCount, lines }: AccountVerification,
  { name, detail }: { readonly name: string; readonly detail: 'differences' | 'lines' },
) {
  const differing = lines.filter(({ state }) => state !== 'agrees');
  const agreeing = detail === 'lines' ? lines.filter(({ state }) => state === 'agrees') : [];
  return {
    ...{ accountId, name, currency, outcome, goneDayCount },
    lineCount: lines.length,
    differingCount: lines.filter(({ state }) => state === 'disagrees').length,
    lines: [...differing, ...agreeing].slice(0, LINE_COUNT_MAX).map(verifiedLineAnswer),
  };
}

/** A line as it is told, by an answer and by an event. */
export const verifiedLineAnswer = ({ recomputed, booked, ...line }: VerifiedLine) => ({
  ...line,
  recomputed: recomputed.toString(),
  booked: booked.toString(),
});

const runAnswer = ({ startedAtMs, finishedAtMs, differences, ...run }: VerificationRun) => ({
  ...run,
  startedAt: new Date(startedAtMs).toISOString(),
  finishedAt: new Date(finishedAtMs).toISOString(),
  differences: differences.map(verifiedLineAnswer),
});
