import type { TaxRule } from '@patchbay/domain/billing/documents/tax';

const LINE = /^([A-Z]{2})\s+(\S.{0,39}?)\s+(\d{1,3}(?:\.\d{1,2})?)\s*%?(\s+reverse)?$/;
const BASIS_POINTS_MAX = 10_000;

/** Hundredths of a percent as a person reads them: '19' and '7.7'. */
export const percentText = (basisPoints: number): string => String(basisPoints / 100);

/** What is typed as percent. Undefined: it is none. */
export function readPercent(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(text)) return undefined;
  const basisPoints = Math.round(Number(text) * 100);
  return basisPoints <= BASIS_POINTS_MAX ? basisPoints : undefined;
}

/** A line for each: the country, the kind, the percent, and whether businesses owe it themselves. */
export const taxRulesText = (rules: readonly TaxRule[]): string =>
  rules
    .map(
      ({ country, name, basisPoints, reverseCharge }) =>
        `${country} ${name} ${percentText(basisPoints)}${reverseCharge === 'businesses' ? ' reverse' : ''}`,
    )
    .join('\n');

/** Undefined: a line of it says no tax of a country. */
export function readTaxRules(text: string): TaxRule[] | undefined {
  const rules: TaxRule[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '') continue;
    const [, country, name, percent = '', reverse] = LINE.exec(line) ?? [];
    const basisPoints = readPercent(percent);
    if (country === undefined || name === undefined || basisPoints === undefined) return undefined;
    if (rules.some((rule) => rule.country === country && rule.name === name)) return undefined;
    rules.push({ country, name, basisPoints, reverseCharge: reverse === undefined ? 'none' : 'businesses' });
  }
  return rules;
}
