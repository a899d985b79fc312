import type { CollectionChange, CollectionStore, HeldCollection } from './collection-store.ts';
import type { PayoutCollection } from './payout-collection.ts';
import type { CollectionTransaction } from './postings.ts';

interface Row {
  held: Omit<HeldCollection, 'notes' | 'others' | 'customerId'>;
  nextAtMs: number;
  faultCount?: number;
}

/** The store of collecting in memory. */
export class MemoryCollection implements CollectionStore {
  readonly rows = new Map<string, Row>();
  readonly transactions = new Map<string, CollectionTransaction>();
  readonly #customers = new Map<string, string>();
  /** Runs before and after each change is kept: to die there. */
  around: ((when: 'before' | 'after') => void) | undefined;

  add(held: Row['held']): void {
    this.rows.set(held.collection.documentId, { held, nextAtMs: 0 });
  }

  async due(nowMs: number, countMax: number): Promise<readonly string[]> {
    return [...this.rows]
      .filter(([, { nextAtMs }]) => nextAtMs <= nowMs)
      .sort(([, left], [, right]) => left.nextAtMs - right.nextAtMs)
      .slice(0, countMax)
      .map(([documentId]) => documentId);
  }

  async change(
    documentId: string,
    change: (held: HeldCollection) => CollectionChange | undefined,
  ): Promise<HeldCollection | undefined> {
    const row = this.rows.get(documentId);
    if (row === undefined) return undefined;
    this.around?.('before');
    const made = change(this.#held(row));
    if (made !== undefined) this.#keep(row, made);
    this.around?.('after');
    return this.#held(row);
  }

  async fault(
    documentId: string,
    { failure, againAtMs }: { readonly failure: string; readonly againAtMs: (faultCount: number) => number },
  ): Promise<void> {
    this.around?.('before');
    const row = this.rows.get(documentId);
    if (row === undefined) return;
    row.faultCount = (row.faultCount ?? 0) + 1;
    row.held = { ...row.held, failure };
    row.nextAtMs = againAtMs(row.faultCount);
  }

  #held({ held }: Row): HeldCollection {
    const { collection } = held;
    const customerId = this.#customers.get(collection.accountId);
    return {
      ...held,
      ...(customerId === undefined ? {} : { customerId }),
      notes: collection.kind === 'invoice' ? this.#notesOf(collection) : [],
      others: collection.kind === 'payout' ? this.#othersOf(collection) : [],
    };
  }

  #notesOf({ shares, period, taxSellerId }: HeldCollection['collection'] & { readonly kind: 'invoice' }) {
    return [...this.rows.values()]
      .map(({ held }) => held.collection)
      .filter(
        (each): each is PayoutCollection =>
          each.kind === 'payout' &&
          each.period === period &&
          (each.purpose === 'tax'
            ? each.accountId === taxSellerId
            : shares.some(({ accountId }) => accountId === each.accountId)),
      );
  }

  #othersOf({ accountId, documentId }: PayoutCollection) {
    return [...this.rows.values()]
      .map(({ held }) => held.collection)
      .filter(
        (each): each is PayoutCollection =>
          each.kind === 'payout' && each.accountId === accountId && each.documentId !== documentId,
      );
  }

  #keep(row: Row, made: CollectionChange): void {
    const { pending, failure, ...rest } = row.held;
    const next = made.pending === undefined ? pending : (made.pending ?? undefined);
    const said = made.failure === undefined ? failure : (made.failure ?? undefined);
    row.held = {
      ...rest,
      collection: made.collection ?? rest.collection,
      refusedCount: made.refusedCount ?? rest.refusedCount,
      ...(next === undefined ? {} : { pending: next }),
      ...(said === undefined ? {} : { failure: said }),
    };
    row.nextAtMs = made.nextAtMs ?? row.nextAtMs;
    if (made.failure === null) row.faultCount = 0;
    if (made.customerId !== undefined) this.#customers.set(row.held.collection.accountId, made.customerId);
    for (const note of made.notes ?? []) {
      const of = this.rows.get(note.documentId);
      if (of === undefined) continue;
      of.held = { ...of.held, collection: note };
      of.nextAtMs = 0;
    }
    for (const transaction of made.transactions ?? []) {
      if (this.transactions.has(transaction.sourceRef)) continue;
      this.transactions.set(transaction.sourceRef, transaction);
    }
  }
}
