import type { DomainHandlers } from '@patchbay/kit/definition';
import type { billing } from './definition.ts';
import { type Parties, partiesOf } from './parties.ts';
import { periodOf } from './period.ts';
import type { BillingPorts } from './ports.ts';
import {
  type AccountVerification,
  emptyRun,
  type RecountProgress,
  type VerificationRun,
  type VerifiedLine,
} from './verification.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

/** Lines of one account in an answer. */
const LINE_COUNT_MAX = 1_000;
/** So long one answer recomputes, and for what it has begun by then. */
const ANSWER_MS = 5_000;
/** Accounts of one answer that do not agree. */
const DIFFERING_ACCOUNT_COUNT_MAX = 50;

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
  const verified = [];
  for (const id of ids) verified.push(await verifier.verify(id, of));
  const sellerIds = verified.flatMap(({ lines }) => lines.map(({ sellerId }) => sellerId));
  const parties = await partiesOf(context, { ids: [...ids, ...sellerIds] }, { billing: store });
  const rows = verified.map((account) => accountAnswer(account, { parties, detail }));
  return { rows, ...(found.length > limit ? { nextAfter: ids.at(-1) ?? '' } : {}) };
};

/** As far as it comes: whoever asks again goes on, and so does the next that asks where nobody does. */
export const verifyMonth: Handlers['closings']['verify'] = async (
  context,
  { period },
  { verifier, billing: store },
) => {
  const { accountId, chain } = context.entity;
  if (chain.length !== 1)
    throw context.error('billing.collector_only', 'The platform recomputes months, for all.');
  const of = periodOf(period);
  if ((await verifier.closedAccounts(accountId, of, { scope: 'descendants', limit: 1 })).length === 0)
    throw context.error('billing.not_closed', `No statement of ${period} is closed here.`);
  const endsAtMs = context.nowMs() + ANSWER_MS;
  const differing: AccountVerification[] = [];
  let progress: RecountProgress = { readDayCount: 0, dayCount: 0, run: emptyRun(period, context.nowMs()) };
  const done = await verifier.recount(accountId, of, {
    isStopped: () => differing.length >= DIFFERING_ACCOUNT_COUNT_MAX || context.nowMs() >= endsAtMs,
    onProgress: (at) => {
      progress = at;
    },
    onVerified: (account) => {
      if (account.outcome !== 'agrees') differing.push(account);
    },
  });
  if (done !== undefined) await verifier.forget(accountId, of);
  const ids = differing.flatMap(({ accountId: id, lines }) => [id, ...lines.map(({ sellerId }) => sellerId)]);
  const parties = await partiesOf(context, { ids }, { billing: store });
  const { accountCount, lineCount, differingCount, goneCount } = done ?? progress.run;
  return {
    ...{ period, isDone: done !== undefined },
    ...{ readDayCount: progress.readDayCount, dayCount: progress.dayCount },
    ...{ accountCount, lineCount, differingCount, goneCount },
    rows: differing.map((account) => accountAnswer(account, { parties, detail: 'differences' })),
  };
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
  { parties, detail }: { readonly parties: Parties; readonly detail: 'differences' | 'lines' },
) {
  const differing = lines.filter(({ state }) => state !== 'agrees');
  const agreeing = detail === 'lines' ? lines.filter(({ state }) => state === 'agrees') : [];
  return {
    ...{ accountId, name: parties.nameOf(accountId), currency, outcome, goneDayCount },
    lineCount: lines.length,
    differingCount: lines.filter(({ state }) => state === 'disagrees').length,
    lines: [...differing, ...agreeing].slice(0, LINE_COUNT_MAX).map((line) => toldLineAnswer(line, parties)),
  };
}

function toldLineAnswer(line: VerifiedLine, { idOf }: Parties) {
  const { sellerId, ...rest } = verifiedLineAnswer(line);
  const id = idOf(sellerId);
  return { ...rest, ...(id === undefined ? {} : { sellerId: id }) };
}

/** A line as the platform is told it, which sees everybody: by an answer and by an event. */
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
