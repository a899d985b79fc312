import { type Edge, holdsAt } from '../metering/lineage.ts';

/**
 * Of an account and those above it, the ones that collect by a payment account of their own (decision 0017): in a month, and
 * in the one after it, into which fractions are carried.
 */
export interface OwnCollectors {
  readonly period: ReadonlySet<string>;
  readonly next: ReadonlySet<string>;
}

/** Nobody but the top of the tree collects. */
export const noOwnCollectors: OwnCollectors = { period: new Set(), next: new Set() };

export interface Collector {
  readonly accountId: string;
  /** By a payment account of its own, and not because it is at the top of the tree. */
  readonly isOwn: boolean;
}

/**
 * Who asks an account and pays out to it: the nearest above that collects itself, else the highest one above. The platform
 * has nobody above, and is asked by nobody.
 */
export function collectorOf(
  accountId: string,
  {
    edges,
    atMs,
    own,
  }: {
    readonly edges: readonly Edge[];
    readonly atMs: number;
    readonly own: ReadonlySet<string>;
  },
): Collector | undefined {
  const sellerOf = (buyerId: string) =>
    edges.find((edge) => edge.buyerId === buyerId && holdsAt(edge, atMs))?.sellerId;
  let above = sellerOf(accountId);
  while (above !== undefined && !own.has(above)) {
    const next = sellerOf(above);
    if (next === undefined) break;
    above = next;
  }
  return above === undefined ? undefined : { accountId: above, isOwn: own.has(above) };
}

/** Months in which an account collects itself, both of them with it. */
export interface CollectingSpan {
  readonly fromPeriod: string;
  /** Absent: it goes on. */
  readonly toPeriod?: string;
}

/** 'begins': with the month to come. 'ending': with the month that goes on. 'ended': what was asked for before is still followed. */
export const ownCollectingStates = ['none', 'begins', 'collecting', 'ending', 'ended'] as const;
export type OwnCollectingState = (typeof ownCollectingStates)[number];

/** How it stands in a month, such as 2026-11. */
export function ownCollectingState(
  span: CollectingSpan | undefined,
  currentPeriod: string,
): OwnCollectingState {
  if (span === undefined) return 'none';
  if (span.fromPeriod > currentPeriod) return 'begins';
  if (span.toPeriod === undefined) return 'collecting';
  return span.toPeriod >= currentPeriod ? 'ending' : 'ended';
}

/** What a seller's own rail is asked with. Nobody reads it back. */
export interface OwnRailCredentials {
  readonly secretKey: string;
  /** While one is replaced by the next, both. */
  readonly webhookSecrets: readonly string[];
}

export interface OwnCollecting {
  /** The last one. */
  readonly span: CollectingSpan;
  /** The last letters of the key. Absent: it was taken back. */
  readonly keyHint?: string;
  /** That it asked for and that are not paid yet. */
  readonly openInvoiceCount: number;
}

/** Which accounts collect themselves. It sees one account and what lies below it. */
export interface OwnCollectingBook {
  find(accountId: string): Promise<OwnCollecting | undefined>;
  /** Some of the customers that its rail knows: by them another key of the same payment account is told from a foreign one. */
  knownCustomers(accountId: string): Promise<readonly string[]>;
  /**
   * Keeps what it collects by, and lets it begin with `fromPeriod`, or go on where it does. False: an account at or below it
   * is prepaid, and its money is with the platform.
   */
  connect(
    accountId: string,
    change: { readonly credentials: OwnRailCredentials; readonly fromPeriod: string },
  ): Promise<boolean>;
  /**
   * It ends with `currentPeriod`, or never begins. With `forgetsKey` nothing that is open is followed any more, and where money
   * was asked to go back and did not yet, nothing changes: the answer has the numbers of those invoices.
   */
  disconnect(
    accountId: string,
    change: { readonly currentPeriod: string; readonly forgetsKey: boolean },
  ): Promise<{ readonly refundingNumbers: readonly string[] }>;
  /** The nearest above an account that collects itself in a month. Undefined: the top of its tree collects from it. */
  collectorOf(accountId: string, period: string): Promise<string | undefined>;
  /** Whether the account, or one above it, collects itself in one of the months. */
  isWithin(accountId: string, periods: readonly string[]): Promise<boolean>;
}

/**
 * 'test-key': it asks for no real money. 'refused': Stripe does not know it, or it may not read customers. 'other-account': it
 * is of another account of Stripe than the key before it, where nobody is known that was asked for money already.
 */
export type OwnRailCheck = 'usable' | 'test-key' | 'refused' | 'other-account' | 'unavailable';

export const KEY_HINT_LENGTH = 4;
