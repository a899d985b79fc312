import type { ControlAnswer, ControlOrder } from './control.ts';
import type { LegState, SessionKind, SessionState } from './session-log.ts';
import type { ToldHookRecord } from './told-hook.ts';

type Media = LegRecord['media'];

export interface LegRecord {
  readonly id: string;
  readonly accountId: string;
  readonly identity: string | undefined;
  readonly state: LegState;
  readonly media: { readonly audio: boolean; readonly video: boolean; readonly screen: boolean };
  readonly bitsPerSecond: number | undefined;
  readonly muted: Media | undefined;
  readonly joinedAt: Date | undefined;
  readonly leftAt: Date | undefined;
}

export interface SessionRecord {
  readonly id: string;
  readonly kind: SessionKind;
  readonly accountId: string;
  readonly accountName: string;
  readonly applicationId: string | undefined;
  readonly nodeId: string | undefined;
  readonly state: SessionState;
  readonly mode: 'pending' | 'p2p' | 'relay' | 'media';
  readonly region: string;
  readonly startedAt: Date;
  readonly connectedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly endCode: string | undefined;
  readonly pausedAt: Date | undefined;
  /** Set while it runs. */
  readonly endsAt: Date | undefined;
  readonly bitsPerSecondMax: number | undefined;
  readonly participants: number;
  /** All legs; those of other accounts have no record. */
  readonly legIds: readonly string[];
  readonly legs: readonly LegRecord[];
}

export interface LogRecord {
  readonly sequence: number;
  readonly at: Date;
  readonly kind: string;
  readonly legId: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RelayTotals {
  readonly relayBytes: bigint;
  readonly relayMilliseconds: bigint;
}

/** `accountId` is the scope of every port: nothing outside it, and what is below it, is seen. */
export interface SessionsPorts {
  readonly sessions: {
    /** Newest first. */
    list(page: {
      readonly accountId: string;
      readonly state: 'open' | 'ended' | 'all';
      readonly kind: SessionKind | 'all';
      readonly scope: 'own' | 'descendants';
      readonly identity?: string | undefined;
      readonly applicationId?: string | undefined;
      /** When they began: from then on, and before. */
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly items: readonly SessionRecord[]; readonly nextCursor?: string | undefined }>;
    find(session: {
      readonly accountId: string;
      readonly sessionId: string;
    }): Promise<SessionRecord | undefined>;
    /** Those in scope: of a session that is another account's, its own. */
    legs(session: { readonly accountId: string; readonly sessionId: string }): Promise<readonly LegRecord[]>;
    /** In order, from behind `after` on. */
    log(page: {
      readonly accountId: string;
      readonly sessionId: string;
      readonly after: number;
      readonly limit: number;
    }): Promise<readonly LogRecord[]>;
  };
  readonly hooks: {
    /** Who was told of these lines by what this very account set, and by nobody else's (LIV-0). */
    told(lines: {
      readonly accountId: string;
      readonly sessionId: string;
      /** Sequence numbers, both included. */
      readonly from: number;
      readonly to: number;
    }): Promise<readonly ToldHookRecord[]>;
  };
  readonly usage: {
    /** Billed relay use of each session as far as it is in scope; a session that used no relay may be left out. */
    totalsOf(sessions: {
      readonly accountId: string;
      readonly sessionIds: readonly string[];
    }): Promise<ReadonlyMap<string, RelayTotals>>;
  };
  readonly commands: {
    /** Tells the node that holds the session to end it. Resolves when the node was told. */
    endSession(session: {
      readonly sessionId: string;
      readonly accountId: string;
      readonly nodeId: string | undefined;
      /** What everybody in the session is told. */
      readonly code: string;
    }): Promise<void>;
    /** Asks the node that holds the session. Undefined: none answered in time. */
    order(order: Omit<ControlOrder, 'orderId' | 'issuedAtMs'>): Promise<ControlAnswer | undefined>;
  };
}
