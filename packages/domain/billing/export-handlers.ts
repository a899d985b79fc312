import type { DomainHandlers } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import type { billing } from './definition.ts';
import { correctionRow, ledgerRow, type StatementRow, statementRow } from './export-rows.ts';
import { type Parties, partiesIn, partiesOf, sellerTag } from './parties.ts';
import { periodOf } from './period.ts';
import type { BillingPorts } from './ports.ts';
import type { EdgeLine } from './rating.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

export const exportLedger: Handlers['ledger']['export'] = async (
  context,
  { from, to = from, after, ...asked },
  { ledger, billing },
) => {
  const { entries, nextAfter } = await ledger.entries(context.entity.accountId, {
    ...asked,
    from,
    to,
    ...(after === undefined ? {} : { after: partsOf(after, LEDGER_AFTER_PARTS) }),
  });
  const parties = await partiesOf(context, partiesIn(entries), { billing });
  return {
    rows: entries.map((entry) => ledgerRow(entry, parties)),
    ...(nextAfter === undefined ? {} : { nextAfter: JSON.stringify(nextAfter) }),
  };
};

/** Account, month, transaction and book. */
const LEDGER_AFTER_PARTS = 4;
/** Month, buyer, tag of the seller and key. */
const LINE_AFTER_PARTS = 4;

/** Month after month, the oldest first; within one in an order that new use does not change. */
export const exportStatements: Handlers['statements']['export'] = async (
  context,
  { from, to = from, after, limit },
  { billing: store, catalogue },
) => {
  const { accountId } = context.entity;
  const behind = after === undefined ? undefined : partsOf(after, LINE_AFTER_PARTS);
  const [firstMonth = from] = behind ?? [];
  const periods = (await store.listPeriods(accountId))
    .map(({ name }) => name)
    .filter((name) => name >= from && name >= firstMonth && name <= to)
    .sort();
  const placedRows: Placed[] = [];
  const answer = async (more: { readonly nextAfter?: string }) => {
    const ids = [...new Set(placedRows.flatMap(({ sellerId }) => sellerId ?? []))];
    const parties = await partiesOf(context, { ids }, { billing: store });
    return { rows: placedRows.map(({ rowFor }) => rowFor(parties)), ...more };
  };
  let last: readonly string[] = [];
  for (const period of periods) {
    const closed = await store.readClosed(accountId, periodOf(period));
    const { lines, children } =
      closed?.kept?.statement ?? (await store.readLines({ accountId, period: periodOf(period) }));
    const corrections =
      closed?.corrections.map((correction) => {
        const row = correctionRow(correction, { accountId, period, currency: closed.currency });
        return { place: [period, accountId, '', row.key], rowFor: () => row };
      }) ?? [];
    const ofLines = [...lines, ...children.flatMap((child) => child.lines)].map((line) => ({
      place: placeOf(period, line),
      sellerId: line.sellerId,
      rowFor: (parties: Parties) => statementRow(line, { accountId, period, catalogue, parties }),
    }));
    const placed = [...ofLines, ...corrections]
      .filter(({ place }) => behind === undefined || compare(place, behind) > 0)
      .sort((one, other) => compare(one.place, other.place));
    for (const { place, ...row } of placed) {
      if (placedRows.length === limit) return await answer({ nextAfter: JSON.stringify(last) });
      placedRows.push(row);
      last = place;
    }
  }
  return await answer({});
};

/** A row, before the names of those that it is about are looked up. */
interface Placed {
  readonly sellerId?: string;
  readonly rowFor: (parties: Parties) => StatementRow;
}

const placeOf = (period: string, line: EdgeLine): readonly string[] => [
  period,
  line.buyerId,
  sellerTag(line),
  line.key,
];

function compare(one: readonly string[], other: readonly string[]): number {
  for (const [index, part] of one.entries()) {
    const against = other[index] ?? '';
    if (part !== against) return part < against ? -1 : 1;
  }
  return 0;
}

function partsOf(after: string, count: number): readonly string[] {
  const parts = parsed(after);
  if (
    Array.isArray(parts) &&
    parts.length === count &&
    parts.every((part) => typeof part === 'string' && !part.includes('\0'))
  )
    return parts;
  throw platformError('request.invalid', '/after: It is none that this export gave.');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
