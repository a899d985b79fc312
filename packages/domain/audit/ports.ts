export interface AuditRecord {
  readonly id: string;
  readonly at: Date;
  readonly accountId: string;
  readonly actorId: string;
  readonly actorName: string;
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
  /** The network address the request came from. */
  readonly address?: string | undefined;
  readonly action: string;
  readonly target: string;
  readonly requestId: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface AuditPorts {
  readonly entries: {
    /** Newest first. */
    list(page: {
      readonly accountId: string;
      readonly scope: 'own' | 'descendants';
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly AuditRecord[]; readonly nextCursor?: string | undefined }>;
  };
}
