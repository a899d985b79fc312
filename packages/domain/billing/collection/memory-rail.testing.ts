import {
  type PaymentRail,
  type RailCall,
  RailError,
  type RailInvoice,
  type RailNotice,
  type RailTransfer,
} from './rail.ts';

type Open<Thing> = { -readonly [Field in keyof Thing]: Thing[Field] };

/** What an invoice was paid, and what became of it. */
interface HeldInvoice extends Open<RailInvoice> {
  readonly documentId: string;
}

/** A rail in memory. It forgets no key, and counts what it holds. */
export class MemoryRail implements PaymentRail {
  readonly invoices = new Map<string, HeldInvoice>();
  readonly transfers = new Map<string, Open<RailTransfer> & { readonly documentId: string }>();
  readonly #answers = new Map<string, { readonly id: string }>();
  balance = 0n;
  amountLimit = 10n ** 12n;
  /** Runs before and after each effect: to refuse, to fail, or to die there. */
  around: ((when: 'before' | 'after', call: RailCall) => void) | undefined;
  /** What a read shows instead of how it is now: something that was so before. */
  staleRead: ((invoice: RailInvoice) => RailInvoice) | undefined;
  #sequence = 0;
  readonly #name: string;

  /** Ids of one rail are those of no other: where there are several, each has a name. */
  constructor(name = '') {
    this.#name = name;
  }

  async perform(call: RailCall, key: string): Promise<{ readonly id: string }> {
    this.around?.('before', call);
    const known = this.#answers.get(key) ?? this.#made(call);
    this.#answers.set(key, known);
    this.around?.('after', call);
    return known;
  }

  #nextId = (kind: string): string => `${this.#name}${kind}_${++this.#sequence}`;

  #made(call: RailCall): { readonly id: string } {
    const id = this.#nextId(call.type);
    switch (call.type) {
      case 'draft-invoice':
        this.invoices.set(id, {
          id,
          documentId: call.documentId,
          state: 'draft',
          currency: call.currency,
          customerId: call.customerId,
          minorUnits: 0n,
          paidMinorUnits: 0n,
          lineKeys: [],
          refunds: [],
          disputes: [],
        });
        return { id };
      case 'add-line': {
        const invoice = this.#in(call.invoiceId, 'draft');
        invoice.minorUnits += call.minorUnits;
        invoice.lineKeys = [...invoice.lineKeys, call.lineKey];
        return { id };
      }
      case 'finalise-invoice':
        this.#in(call.invoiceId, 'draft').state = 'open';
        return { id: call.invoiceId };
      case 'void-invoice':
        this.#in(call.invoiceId, 'open').state = 'void';
        return { id: call.invoiceId };
      case 'refund': {
        this.refund(call.invoiceId, call.minorUnits, call.refundId);
        return { id };
      }
      case 'create-transfer':
        if (call.minorUnits > this.balance) throw new RailError('refused', 'There is not so much.');
        this.balance -= call.minorUnits;
        this.transfers.set(id, {
          id,
          documentId: call.documentId,
          minorUnits: call.minorUnits,
          reversedMinorUnits: 0n,
        });
        return { id };
      case 'reverse-transfer': {
        const transfer = this.transfers.get(call.transferId);
        if (transfer === undefined || transfer.reversedMinorUnits + call.minorUnits > transfer.minorUnits)
          throw new RailError('refused', 'It was not so much.');
        transfer.reversedMinorUnits += call.minorUnits;
        this.balance += call.minorUnits;
        return { id };
      }
      default:
        return { id };
    }
  }

  #in(invoiceId: string, state: RailInvoice['state']): HeldInvoice {
    const invoice = this.invoices.get(invoiceId);
    if (invoice?.state !== state) throw new RailError('refused', `It is not ${state}.`);
    return invoice;
  }

  pay(invoice: HeldInvoice, minorUnits: bigint): void {
    const left = invoice.minorUnits - invoice.paidMinorUnits;
    const paid = minorUnits < left ? minorUnits : left;
    invoice.paidMinorUnits += paid;
    this.balance += paid;
    if (paid === left) invoice.state = 'paid';
  }

  /** As much of it as there is left. */
  refund(invoiceId: string, minorUnits: bigint, refundId?: string): void {
    const invoice = this.invoices.get(invoiceId);
    const kept = invoice === undefined ? 0n : keptOf(invoice);
    if (invoice === undefined || kept < minorUnits) throw new RailError('refused', 'It was not so much.');
    this.balance -= minorUnits;
    const id = this.#nextId('re');
    const named = refundId === undefined ? {} : { refundId };
    invoice.refunds = [...invoice.refunds, { id, ...named, minorUnits, state: 'succeeded' }];
  }

  /** A bank knows of no refund: it takes back what was paid, and what it has taken back once it does not take again. */
  dispute(invoice: HeldInvoice, minorUnits: bigint): void {
    if (keptOf({ ...invoice, refunds: [] }) < minorUnits || minorUnits <= 0n) return;
    this.balance -= minorUnits;
    invoice.disputes = [...invoice.disputes, { id: this.#nextId('dp'), minorUnits, state: 'open' }];
  }

  closeDisputes(invoice: HeldInvoice, state: 'won' | 'lost'): void {
    for (const { minorUnits, state: was } of invoice.disputes)
      if (was === 'open' && state === 'won') this.balance += minorUnits;
    invoice.disputes = invoice.disputes.map((each) => (each.state === 'open' ? { ...each, state } : each));
  }

  amountMax(): bigint {
    return this.amountLimit;
  }

  async readInvoice(invoiceId: string): Promise<RailInvoice> {
    const invoice = this.invoices.get(invoiceId);
    if (invoice === undefined) throw new RailError('refused', 'There is none.');
    return this.staleRead?.({ ...invoice }) ?? { ...invoice };
  }

  async readTransfer(transferId: string): Promise<RailTransfer> {
    const transfer = this.transfers.get(transferId);
    if (transfer === undefined) throw new RailError('refused', 'There is none.');
    return transfer;
  }

  async find(call: RailCall): Promise<{ readonly id: string } | undefined> {
    if (call.type !== 'draft-invoice') return undefined;
    return [...this.invoices.values()].find(({ documentId }) => documentId === call.documentId);
  }

  /** Without its keys, as a rail is after a day. */
  forgetKeys(): void {
    this.#answers.clear();
  }

  async payeeLink() {
    return { url: 'https://rail.test' };
  }

  async readCustomer(): Promise<undefined> {
    return undefined;
  }

  async readPayee(_payeeId: string) {
    return { isPayable: true };
  }
  openNotice() {
    return undefined;
  }
  async invoiceOf(_notice: RailNotice): Promise<string | undefined> {
    return undefined;
  }
}

export const keptOf = ({ paidMinorUnits, refunds, disputes }: RailInvoice): bigint =>
  [...refunds, ...disputes.filter(({ state }) => state !== 'won')].reduce(
    (kept, { minorUnits }) => kept - minorUnits,
    paidMinorUnits,
  );
