import type { SignedLink } from '@patchbay/kit/signed-link';
import type { NodeRole } from '../fleet/internal-api.ts';
import type { EffectiveSetting } from '../policy/effective-policy.ts';
import type { PolicyPorts } from '../policy/ports.ts';
import type { CataloguedOperation, HeldRole } from '../tenancy/access.ts';
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

export const exportStates = ['pending', 'running', 'ready', 'failed', 'expired'] as const;
export type ExportState = (typeof exportStates)[number];

export interface ExportRecord {
  readonly id: string;
  readonly accountId: string;
  readonly scope: 'account' | 'person';
  readonly state: ExportState;
  readonly createdAt: Date;
  readonly finishedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** How often it failed. */
  readonly failedCount: number;
  /** Of one that failed, and is tried again. */
  readonly nextAttemptAt: Date | undefined;
  /** Files and rows that are written so far. */
  readonly fileCount: number;
  readonly rowCount: number;
  readonly sizeBytes: number;
}

export const erasureStates = ['counting', 'counted', 'running', 'done', 'cancelled'] as const;
export type ErasureState = (typeof erasureStates)[number];

export const erasureWaits = ['end_of_sessions', 'another_owner'] as const;
export type ErasureWait = (typeof erasureWaits)[number];

export interface ErasureRecord {
  readonly id: string;
  /** Absent once it is over: a receipt names nobody. */
  readonly person: string | undefined;
  readonly state: ErasureState;
  readonly createdAt: Date;
  readonly confirmedAt: Date | undefined;
  readonly doneAt: Date | undefined;
  /** Rows by class of data: what there was, and what was changed or removed. */
  readonly found: Readonly<Record<string, number>>;
  readonly erased: Readonly<Record<string, number>>;
  /** Sessions that the person is in: it is done when they are over. */
  readonly liveCount: number;
  /** Policies of accounts above about the endpoint of the person: not this account's to erase. */
  readonly wordsAboveCount: number;
  /** What one that is confirmed waits for: sessions that the person is in, or that somebody else owns what they alone own. */
  readonly waitsFor?: ErasureWait | undefined;
}

/** Where data of an account are, and where they may be (PRD-4). */
export interface PlacePorts {
  /** In which regions the database with all its copies is, as the operator declares. None: nothing is declared. */
  readonly storageRegions: readonly string[];
  /** What is said of the regions of data along a chain. Undefined: nothing. */
  dataRegions(
    account: Scoped & { readonly chain: readonly string[] },
  ): Promise<EffectiveSetting<readonly string[]> | undefined>;
  /** Each role and region that has a node which serves. */
  nodes(): Promise<readonly NodePlace[]>;
}

export interface NodePlace {
  readonly role: NodeRole;
  readonly region: string;
}

export interface PrivacyPorts extends Pick<PolicyPorts, 'caller'> {
  /** Every operation that a role may cover. */
  readonly catalogue: readonly CataloguedOperation[];
  readonly places: PlacePorts;
  readonly retention: {
    readonly words: {
      /** The levels along the chain that say something, in the order in which they hold. */
      chain(accountId: string): Promise<readonly RetentionLevel[]>;
      /**
       * Sets what one level says, and answers what it said until then. 'not_above': whose word it would be does not stand above the
       * account, or no longer.
       */
      set(said: RetentionLevel): Promise<RetentionWord | 'not_above'>;
    };
    readonly defaults: RetentionDefaults;
    /** The round that runs, or the last one. */
    lastRound(): Promise<RetentionRound | undefined>;
  };
  readonly exports: {
    /** Undefined while one of the account is at work. */
    create(
      asked: Scoped & { readonly person?: string | undefined; readonly requestedBy: string },
    ): Promise<ExportRecord | undefined>;
    /** Newest first. */
    list(
      page: Scoped & { readonly cursor?: string | undefined; readonly limit: number },
    ): Promise<{ readonly items: readonly ExportRecord[]; readonly nextCursor?: string | undefined }>;
    find(asked: Scoped & { readonly exportId: string }): Promise<ExportRecord | undefined>;
    /** Takes it away, at work or done. Undefined: there is none. */
    remove(asked: Scoped & { readonly exportId: string }): Promise<ExportRecord | undefined>;
    sign(link: SignedLink): string;
  };
  readonly erasures: {
    /** What a person is, or was asked to be, at the account and those below it: an erasure takes all of it from them. */
    rolesOf(asked: Scoped & { readonly person: string }): Promise<readonly HeldRole[]>;
    /** 'unknown': no such user has, or had, a role here. 'at_work': one of the account is not over. */
    create(
      asked: Scoped & { readonly person: string; readonly requestedBy: string },
    ): Promise<ErasureRecord | 'unknown' | 'last_owner' | 'at_work'>;
    /** Newest first. */
    list(
      page: Scoped & { readonly cursor?: string | undefined; readonly limit: number },
    ): Promise<{ readonly items: readonly ErasureRecord[]; readonly nextCursor?: string | undefined }>;
    find(asked: Scoped & { readonly erasureId: string }): Promise<ErasureRecord | undefined>;
    /** Undefined: it is not in a state from which that goes. */
    decide(
      decided: Scoped & {
        readonly erasureId: string;
        readonly state: 'running' | 'cancelled';
        readonly by: string;
      },
    ): Promise<ErasureRecord | undefined>;
  };
}
