import type { DomainHandlers } from '@patchbay/kit/definition';
import type { billing } from './definition.ts';
import { type LineAsked, lineId, type TracedPart } from './line-trail.ts';
import { periodOf } from './period.ts';
import type { BillingPorts } from './ports.ts';
import { splitMeter } from './price.ts';
import type { EdgeLine } from './rating.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>['statements'];

interface Request {
  readonly period: string;
  readonly key: string;
  readonly childId?: string | undefined;
}

const askedBy = (accountId: string, { period, key, childId }: Request): LineAsked => ({
  accountId,
  period: periodOf(period),
  line: key,
  childId,
});

const partAnswer = ({ quantity, amount }: TracedPart) => ({
  quantity: quantity.toString(),
  amount: amount.toString(),
});

const lineOf = ({ meter, dimensions }: EdgeLine) => ({ ...splitMeter(meter), dimensions: { ...dimensions } });

const unknown = 'The statement has no such line, or has it no more.';

export const trailHandlers: Pick<
  Handlers,
  'listLineDays' | 'listLineSessions' | 'listLineRecords' | 'listSessionLines'
> = {
  async listLineDays(context, request, { trail }) {
    const traced = await trail.days(askedBy(context.entity.accountId, request));
    if (traced === undefined) throw context.error('resource.unknown', unknown);
    const { line, days } = traced;
    return {
      ...lineOf(line),
      ...partAnswer(line),
      items: days.map((each) => ({ day: each.day, ...partAnswer(each) })),
    };
  },

  async listLineSessions(context, { day, cursor, limit, ...request }, { trail }) {
    const asked = askedBy(context.entity.accountId, request);
    const page = await trail.sessions({ ...asked, day, cursor, limit });
    if (page === undefined) throw context.error('resource.unknown', unknown);
    return {
      ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
      items: page.items.map(({ sessionId, accountId, recordCount, fromMs, toMs, ...part }) => ({
        ...(sessionId === undefined ? {} : { sessionId }),
        accountId,
        recordCount,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        ...partAnswer(part),
      })),
    };
  },

  async listLineRecords(context, { day, sessionId, cursor, limit, ...request }, { trail }) {
    const asked = askedBy(context.entity.accountId, request);
    const page = await trail.records({ ...asked, day, sessionId, cursor, limit });
    if (page === undefined) throw context.error('resource.unknown', unknown);
    return {
      ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
      items: page.items.map(({ nodeId, boot, sequence, accountId, segment, fromMs, toMs, quantity }) => ({
        record: `${nodeId}/${boot}/${sequence}`,
        accountId,
        segment,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        quantity: quantity.toString(),
      })),
    };
  },

  async listSessionLines(context, { sessionId }, { trail }) {
    const lines = await trail.linesOfSession(context.entity.accountId, sessionId);
    return {
      items: lines.map(({ period, line, day, ...part }) => ({
        period,
        key: lineId(line),
        ...lineOf(line),
        day,
        currency: line.currency,
        ...partAnswer(part),
      })),
    };
  },
};
