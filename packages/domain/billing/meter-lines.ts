import { type Nano, nano, sum } from './money.ts';
import { joinPooled } from './pool.ts';
import type { EdgeLine } from './rating.ts';
import type { ChildStatement, LinePart, PayableLine, ReceivableLine, Statement } from './statement.ts';
import { tariffToWire, termsKey } from './wire-tariff.ts';

/** Lines of one meter at one price as one, whatever their dimensions. The amounts are summed, not multiplied anew. */
export type MeterLine<Line extends EdgeLine> = Line & { readonly lineCount: number };

/** A statement whose lines are summed by meter and price: what a month is read from before its lines are opened. */
export interface MeterStatement extends Omit<Statement, 'lines' | 'children'> {
  readonly lines: readonly MeterLine<PayableLine>[];
  readonly children: readonly (Omit<ChildStatement, 'lines'> & {
    readonly lines: readonly MeterLine<ReceivableLine>[];
  })[];
}

/** What lines of one meter at one price have in common. Two prices of one amount are one price to whoever reads them. */
export function priceKeyOf({ meter, tariff }: Pick<EdgeLine, 'meter' | 'tariff'>): string {
  const { amount, per, ...terms } = tariffToWire(tariff);
  return `${meter} ${amount} ${per} ${termsKey(terms)}`.trimEnd();
}

/** In the order in which they came. `sumRest` says what of a kind of line is summed besides quantity and amount. */
export function byMeter<Line extends EdgeLine>(
  lines: readonly Line[],
  sumRest: (ofMeter: readonly Line[]) => Omit<Line, keyof EdgeLine>,
): readonly MeterLine<Line>[] {
  return [...Map.groupBy(lines, priceKeyOf)].flatMap(([key, ofMeter]) => {
    const [first] = ofMeter;
    if (first === undefined) return [];
    return {
      ...first,
      ...sumRest(ofMeter),
      key,
      dimensions: {},
      quantity: ofMeter.reduce((total, { quantity }) => total + quantity, 0n),
      amount: sum(ofMeter.map(({ amount }) => amount)),
      ...joinPooled(ofMeter),
      lineCount: ofMeter.length,
    };
  });
}

export const statementByMeter = (statement: Statement): MeterStatement => ({
  ...statement,
  lines: byMeter(statement.lines, (lines) => ({ parts: mergedParts(lines) })),
  children: statement.children.map((child) => ({
    ...child,
    lines: byMeter(child.lines, (lines) => ({
      cost: sum(lines.map(({ cost }) => cost)),
      margin: sum(lines.map(({ margin }) => margin)),
    })),
  })),
});

function mergedParts(lines: readonly PayableLine[]): LinePart[] {
  const parts = new Map<string, { accountId: string; quantity: bigint; amount: Nano }>();
  for (const { accountId, quantity, amount } of lines.flatMap((line) => line.parts)) {
    const known = parts.get(accountId);
    if (known === undefined) parts.set(accountId, { accountId, quantity, amount });
    else {
      known.quantity += quantity;
      known.amount = nano(known.amount + amount);
    }
  }
  return [...parts.values()];
}
