import type { WireTariff } from '@patchbay/domain/billing/price';

/** What a line is grouped by, and what sums. */
interface Groupable {
  readonly service: string;
  readonly meter: string;
  readonly quantity: string;
  readonly amountPerUnit: WireTariff;
  readonly amount: string;
}

/** All lines of one meter at one price, whatever their dimensions. */
export interface LineGroup<Line extends Groupable> {
  readonly key: string;
  readonly service: string;
  readonly meter: string;
  readonly amountPerUnit: WireTariff;
  readonly quantity: bigint;
  /** The sum of the lines: each of them was cut at the nano unit by itself, so it is not quantity × price. */
  readonly amount: bigint;
  readonly lines: readonly Line[];
}

/** Lines by meter and price, in the order in which they came, the dearest line of each first. */
export function groupLines<Line extends Groupable>(lines: readonly Line[]): readonly LineGroup<Line>[] {
  const groups = Map.groupBy(lines, ({ service, meter, amountPerUnit }) =>
    [service, meter, amountPerUnit.amount, amountPerUnit.per].join(' '),
  );
  return [...groups].flatMap(([key, ofGroup]) => {
    const [first] = ofGroup;
    if (first === undefined) return [];
    const { service, meter, amountPerUnit } = first;
    return {
      key,
      service,
      meter,
      amountPerUnit,
      quantity: sumOf(ofGroup, ({ quantity }) => quantity),
      amount: sumOf(ofGroup, ({ amount }) => amount),
      lines: ofGroup.toSorted((left, right) => Number(BigInt(right.amount) - BigInt(left.amount))),
    };
  });
}

export const sumOf = <Line>(lines: readonly Line[], read: (line: Line) => string): bigint =>
  lines.reduce((sum, line) => sum + BigInt(read(line)), 0n);
