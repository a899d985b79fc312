import { goneOf, type InvoiceCollection, type InvoiceSums } from './invoice-collection.ts';

type Taxed = Pick<InvoiceCollection, 'taxMinorUnits' | 'taxes' | 'totalMinorUnits'>;

/** The tax in the first so many minor units of an invoice: each of its taxes is cut off, as credit notes do it. */
export function taxWithin(invoice: Taxed, minorUnits: bigint): bigint {
  const { totalMinorUnits, taxMinorUnits, taxes = [taxMinorUnits] } = invoice;
  if (totalMinorUnits === 0n) return 0n;
  const within = minorUnits < totalMinorUnits ? minorUnits : totalMinorUnits;
  return taxes.reduce((sum, tax) => sum + (tax * within) / totalMinorUnits, 0n);
}

/**
 * Minor units of tax that are held for the seller of an invoice by now: what is in what was paid, less what is in what went back,
 * a bank holds or is asked for no more. Together with what others earn of it never more than what is there (decision 0023).
 */
export function heldTaxOf(invoice: InvoiceCollection, sums: InvoiceSums): bigint {
  if (invoice.taxSellerId === undefined) return 0n;
  const [upTo, from] = [sums.paid + sums.givenUp, goneOf(sums)];
  const held = taxWithin(invoice, upTo) - taxWithin(invoice, from);
  const kept = upTo - from;
  return held < kept ? held : kept;
}
