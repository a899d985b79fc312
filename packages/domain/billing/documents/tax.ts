import { halfEven, nano } from '../money.ts';

/** What a seller adds to invoices of buyers in one country. A country with two kinds of tax has two of them. */
export interface TaxRule {
  /** ISO 3166, two letters. */
  readonly country: string;
  /** As it is printed, such as VAT. */
  readonly name: string;
  /** Hundredths of a percent: 1900 is 19 %. */
  readonly basisPoints: number;
  /** 'businesses': a buyer that has a tax id owes the tax itself, and none is added. */
  readonly reverseCharge: 'none' | 'businesses';
}

/** What a seller adds to invoices: by country, or where it has no rule for that, the one rate of all others. */
export interface TaxTerms {
  readonly taxName: string;
  readonly taxBasisPoints: number;
  readonly taxRules?: readonly TaxRule[];
}

/** What of a buyer decides. It says so itself, and nobody looks it up. */
export interface TaxedBuyer {
  readonly country?: string | undefined;
  readonly taxId?: string | undefined;
}

export interface TaxRate {
  readonly name: string;
  readonly basisPoints: number;
  /** The buyer owes the tax, which the document has to say. */
  readonly isReverseCharge?: true;
}

export interface TaxLine extends TaxRate {
  readonly minorUnits: bigint;
}

const BASIS_POINTS = 10_000n;

/** The rates of one seller for one buyer, none of which is zero unless the buyer owes the tax itself. */
export function taxRates(
  { taxName, taxBasisPoints, taxRules = [] }: TaxTerms,
  { country, taxId }: TaxedBuyer,
): readonly TaxRate[] {
  const ofCountry = taxRules.filter((rule) => rule.country === country);
  if (ofCountry.length === 0)
    return taxBasisPoints === 0 ? [] : [{ name: taxName, basisPoints: taxBasisPoints }];
  return ofCountry.flatMap(({ name, basisPoints, reverseCharge }): TaxRate[] => {
    if (reverseCharge === 'businesses' && taxId !== undefined)
      return [{ name, basisPoints: 0, isReverseCharge: true }];
    return basisPoints === 0 ? [] : [{ name, basisPoints }];
  });
}

/** Of a sum without tax: each rate on the whole of it, rounded half to even, once per document, to what money moves in. */
export const taxLinesAt = (rates: readonly TaxRate[], netMinorUnits: bigint, step = 1n): readonly TaxLine[] =>
  rates.map((rate) => ({
    ...rate,
    minorUnits: halfEven(nano(netMinorUnits * BigInt(rate.basisPoints)), nano(BASIS_POINTS * step)) * step,
  }));
