import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The requests that we make, and the SDK's type of what each may hold. No other is answered by the fake. */
export const requestParameters = {
  'accounts.create': 'AccountCreateParams',
  'accountLinks.create': 'AccountLinkCreateParams',
  'billing.meterEvents.create': 'Billing.MeterEventCreateParams',
  'customers.create': 'CustomerCreateParams',
  'customers.search': 'CustomerSearchParams',
  'disputes.list': 'DisputeListParams',
  'invoiceItems.create': 'InvoiceItemCreateParams',
  'invoiceItems.list': 'InvoiceItemListParams',
  'invoicePayments.list': 'InvoicePaymentListParams',
  'invoices.create': 'InvoiceCreateParams',
  'invoices.finalizeInvoice': 'InvoiceFinalizeInvoiceParams',
  'invoices.list': 'InvoiceListParams',
  'invoices.retrieve': 'InvoiceRetrieveParams',
  'invoices.sendInvoice': 'InvoiceSendInvoiceParams',
  'invoices.voidInvoice': 'InvoiceVoidInvoiceParams',
  'refunds.create': 'RefundCreateParams',
  'refunds.list': 'RefundListParams',
  'transfers.create': 'TransferCreateParams',
  'transfers.createReversal': 'TransferCreateReversalParams',
  'transfers.list': 'TransferListParams',
  'transfers.listReversals': 'TransferListReversalsParams',
} as const;

export type StripeRequest = keyof typeof requestParameters;

export const contractPath = fileURLToPath(
  new URL('../../fixtures/stripe/contract.schema.json', import.meta.url),
);

/** The only package that has the SDK. */
export const adaptersFolder = fileURLToPath(new URL('../../../adapters', import.meta.url));

/** The SDK that is installed. */
export const contractVersion = (): string =>
  readFileSync(path.join(adaptersFolder, 'node_modules/stripe/VERSION'), 'utf8').trim();
