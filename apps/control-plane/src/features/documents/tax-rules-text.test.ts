import { expect, test } from 'vitest';
import { readTaxRules, taxRulesText } from './tax-rules-text.ts';

test('taxes by country are read as they are written, and what says none is refused', () => {
  const text = 'FR TVA 20 reverse\nCA Sales tax 7.5\nCH MWST 0';
  const rules = readTaxRules(`${text}\n\n`) ?? [];
  expect(rules.map(({ basisPoints, reverseCharge }) => [basisPoints, reverseCharge])).toEqual([
    [2000, 'businesses'],
    [750, 'none'],
    [0, 'none'],
  ]);
  expect(taxRulesText(rules)).toBe(text);
  expect(readTaxRules('DE VAT 19 %')).toMatchObject([{ basisPoints: 1900 }]);
  for (const wrong of ['Germany VAT 19', 'DE 19', 'DE VAT 101', 'DE VAT 1.234', 'DE VAT 19\nDE VAT 7'])
    expect(readTaxRules(wrong), wrong).toBeUndefined();
});
