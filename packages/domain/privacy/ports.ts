import type { RetentionDefaults, RetentionLevel, RetentionWord } from './retention.ts';

interface Scoped {
  /** Nothing outside it, and what is below it, is seen. */
  readonly accountId: string;
}

/** How far a round of removing has come: what an operator sees. */
export interface RetentionRound {
  readonly startedAt: Date;
  /** Absent while it runs, or waits to go on after a crash. */
  readonly finishedAt?: Date | undefined;
  /** Accounts that are done. */
  readonly accountCount: number;
  /** Rows that were removed, by class; and `usageDays`, days of usage that went as a whole. */
  readonly removed: Readonly<Record<string, number>>;
}

export interface PrivacyPorts {
  readonly retention: {
    readonly words: {
      /** The levels along the chain that say something, from the platform down. */
      chain(accountId: string): Promise<readonly RetentionLevel[]>;
      /** Sets what one level says, and answers what it said until then. */
      set(said: Scoped & { readonly word: RetentionWord }): Promise<RetentionWord>;
    };
    readonly defaults: RetentionDefaults;
    /** The round that runs, or the last one. */
    lastRound(): Promise<RetentionRound | undefined>;
  };
}
