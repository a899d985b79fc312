import type { CollectedLine } from '../collection/invoice-collection.ts';
import type { BillingDocument, DocumentLine } from './document.ts';

/** A rail takes some 250 lines. What is beyond is one line there, and line by line in the document. */
const LINE_COUNT_MAX = 200;

/** An invoice as its payer sees it where it is paid: whole minor units, line by line. They sum to its total. */
export function collectedLines({ lines, taxLines }: BillingDocument): readonly CollectedLine[] {
  const asked = lines.filter(({ minorUnits = 0n }) => minorUnits !== 0n);
  const shown = asked.length > LINE_COUNT_MAX ? asked.slice(0, LINE_COUNT_MAX - 1) : asked;
  const rest = asked.slice(shown.length);
  const further = {
    key: 'further',
    text: `${rest.length} further lines`,
    minorUnits: rest.reduce((sum, { minorUnits = 0n }) => sum + minorUnits, 0n),
  };
  return [
    ...shown.map((line, index) => ({
      key: `line-${index}`,
      text: textOf(line),
      minorUnits: line.minorUnits ?? 0n,
    })),
    ...(rest.length === 0 ? [] : [further]),
    ...taxLines.map(({ name, basisPoints, minorUnits }, index) => ({
      key: `tax-${index}`,
      text: `${name} ${basisPoints / 100} %`,
      minorUnits,
    })),
  ].filter(({ minorUnits }) => minorUnits !== 0n);
}

function textOf({ kind, period, meter, quantity }: DocumentLine): string {
  if (kind === 'use') return `${period} ${meter}: ${quantity}`;
  if (kind === 'given-credit') return `${period} Credit that you gave, as others used it`;
  return kind === 'subsidy'
    ? `${period} What your customers paid less than their use costs`
    : `${period} Correction of a month that was closed before`;
}
