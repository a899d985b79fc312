/**
 * What asks for money and pays it out, such as Stripe. Each call that changes something has a key: the same call with the
 * same key has its effect once, however often it is made. What became of it is never taken from the answer, which may be
 * lost, and never from an event, which may be late: it is read anew.
 */
export interface PaymentRail {
  /** Makes one change and returns the id of what it made or changed. */
  perform(call: RailCall, key: string): Promise<{ readonly id: string }>;
  /** What an earlier call like this made, found by what it says of itself: for when its key is too old to be known. */
  find(call: RailCall): Promise<{ readonly id: string } | undefined>;
  /** What one invoice or transfer may come to at most, in minor units. */
  amountMax(currency: string): bigint;
  readInvoice(invoiceId: string): Promise<RailInvoice>;
  readTransfer(transferId: string): Promise<RailTransfer>;
  /** Where the owner of a payee says who they are and where their money goes. Good for some minutes. */
  payeeLink(payeeId: string, returnUrl: string): Promise<{ readonly url: string }>;
  /** A customer that is there, and whose it is where we made it. Undefined: there is none of that id. */
  readCustomer(customerId: string): Promise<{ readonly accountId?: string } | undefined>;
  readPayee(payeeId: string): Promise<{ readonly isPayable: boolean }>;
  /** Checks who sent a notice and reads it. Undefined: it is not the rail's, or too old, or from the future. */
  openNotice(notice: SignedNotice): RailNotice | undefined;
  /** The invoice that a notice is about, if it is about one that we made. */
  invoiceOf(notice: RailNotice): Promise<string | undefined>;
}

export type RailCall =
  | {
      readonly type: 'create-customer';
      readonly accountId: string;
      readonly name: string;
      readonly email?: string;
    }
  | {
      readonly type: 'create-payee';
      readonly accountId: string;
      readonly email?: string;
      /** ISO 3166, two letters. */
      readonly country: string;
    }
  | {
      readonly type: 'draft-invoice';
      readonly documentId: string;
      readonly accountId: string;
      readonly customerId: string;
      readonly number: string;
      readonly sellerName: string;
      readonly currency: string;
      readonly dueAtMs: number;
    }
  | {
      readonly type: 'add-line';
      readonly invoiceId: string;
      readonly customerId: string;
      readonly lineKey: string;
      readonly text: string;
      readonly currency: string;
      readonly minorUnits: bigint;
    }
  | { readonly type: 'finalise-invoice'; readonly invoiceId: string }
  | { readonly type: 'send-invoice'; readonly invoiceId: string }
  | { readonly type: 'void-invoice'; readonly invoiceId: string }
  | {
      readonly type: 'refund';
      readonly invoiceId: string;
      /** Ours. */
      readonly refundId: string;
      readonly currency: string;
      readonly minorUnits: bigint;
    }
  | {
      readonly type: 'create-transfer';
      readonly documentId: string;
      /** Of the document's transfers: 1, 2 … */
      readonly ordinal: number;
      readonly payeeId: string;
      readonly period: string;
      readonly currency: string;
      readonly minorUnits: bigint;
    }
  | {
      readonly type: 'reverse-transfer';
      readonly transferId: string;
      readonly ordinal: number;
      readonly currency: string;
      readonly minorUnits: bigint;
    }
  | {
      readonly type: 'push-usage';
      readonly customerId: string;
      readonly eventName: string;
      readonly quantity: bigint;
      readonly atMs: number;
    };

export const railInvoiceStates = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const;
export type RailInvoiceState = (typeof railInvoiceStates)[number];

/** An invoice as the rail has it now. */
export interface RailInvoice {
  readonly id: string;
  readonly state: RailInvoiceState;
  /** Of ISO 4217. */
  readonly currency: string;
  readonly customerId?: string;
  readonly minorUnits: bigint;
  /** Of all time: what was refunded since is not taken off. */
  readonly paidMinorUnits: bigint;
  /** Where whoever owes it can pay. */
  readonly payUrl?: string;
  /** Of its lines, as they were given. */
  readonly lineKeys: readonly string[];
  readonly refunds: readonly RailRefund[];
  readonly disputes: readonly RailDispute[];
}

export interface RailRefund {
  readonly id: string;
  /** Ours, of one that we asked for. Absent: somebody made it at the rail. */
  readonly refundId?: string;
  readonly minorUnits: bigint;
  readonly state: 'pending' | 'succeeded' | 'failed';
}

export interface RailDispute {
  readonly id: string;
  readonly minorUnits: bigint;
  readonly state: 'open' | 'won' | 'lost';
}

export interface RailTransfer {
  readonly id: string;
  readonly minorUnits: bigint;
  readonly reversedMinorUnits: bigint;
}

export interface SignedNotice {
  /** As it came, byte for byte: another order of its fields has another signature. */
  readonly body: string;
  readonly signature: string;
  readonly nowMs: number;
}

/** Says that something changed, and not what: that is read anew. */
export interface RailNotice {
  /** The seller whose own rail told it. Absent: that of the platform. */
  readonly collectorId?: string;
  readonly id: string;
  readonly type: string;
  readonly subject: {
    readonly kind: 'invoice' | 'payment' | 'transfer' | 'payee' | 'other';
    readonly id: string;
  };
}

/**
 * 'unavailable': whether it had its effect is not known, and the same call may be made again. 'refused': it never will
 * have any. 'misconfigured': an operator has to see to it.
 */
export type RailFailure = 'unavailable' | 'refused' | 'misconfigured';

export class RailError extends Error {
  override readonly name = 'RailError';
  readonly failure: RailFailure;

  constructor(failure: RailFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}
