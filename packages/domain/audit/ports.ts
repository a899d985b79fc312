export interface AuditRecord {
  readonly id: string;
  readonly at: Date;
  readonly accountId: string;
  readonly actorId: string;
  readonly actorName: string;
  /** The network address the request came from. Null: no request, or its address was not known. */
  readonly address: string | null;
  /** Of a key of the account or below it: what it is called now, and what is shown of it. */
  readonly key: { readonly name: string; readonly display: string } | null;
  /** Where the actor holds the right by which this was changed. Null: written before this was, or done by the platform. */
  readonly actorAccountId: string | null;
  /** Whether a key or a user is of the account or below it now. Others, such as `platform`, are known. */
  readonly isActorKnown: boolean;
  /** From the platform down to the account, as it was then. */
  readonly accountPath: readonly string[];
  readonly action: string;
  readonly target: string;
  readonly requestId: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What a change leaves behind. Who numbers, dates and chains it is the store (C53). */
export interface NewAuditEntry {
  readonly accountId: string;
  /** From the platform down to the account. */
  readonly accountPath: readonly string[];
  readonly actorId: string;
  readonly actorName: string;
  /** Where the actor holds the right to it. Absent: the platform did it, or nobody above could have. */
  readonly actorAccountId?: string | undefined;
  /** The network address the request came from. */
  readonly address?: string | undefined;
  readonly action: string;
  readonly target: string;
  readonly requestId: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Which entries; every word that is there has to hold. */
export interface AuditFilter {
  /**
   * The accounts that the reader sees. Who acts from above these has no name to them: no question finds such an entry by
   * the actor's id, and `above` finds all of them (C1).
   */
  readonly visibleIds: readonly string[];
  readonly actorId?: string | undefined;
  /** An operation, or a resource and thus all of its operations. */
  readonly action?: string | undefined;
  /** An id, with what is named behind it. */
  readonly target?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface AuditChain {
  /** Entries that are there; the oldest may be gone by retention, which breaks nothing. */
  readonly entryCount: number;
  /** The number, counted from 1, of the first entry that is missing or not as it was written. Undefined: it is whole. */
  readonly brokenAt: number | undefined;
}

export interface AuditPorts {
  readonly entries: {
    /** Newest first. */
    list(page: {
      readonly accountId: string;
      readonly scope: 'own' | 'descendants';
      readonly filter?: AuditFilter;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly AuditRecord[]; readonly nextCursor?: string | undefined }>;
    /** Recomputes the account's own chain from what its entries say now (C53). */
    verify(accountId: string): Promise<AuditChain>;
  };
}
