import type { Modality } from '@patchbay/domain/metering/usage-record';
import type { IpBytes } from '@patchbay/protocol/stun/ip-address';
import type { EndReason, SpentLimit } from '@patchbay/protocol/turn/action';
import type { AddressFamily } from '@patchbay/protocol/turn/address-family';
import type { UseClaim } from '@patchbay/protocol/turn/client-uses';
import type { FlowTotals } from '@patchbay/protocol/turn/data-path';
import type {
  Grant,
  LimitKind,
  LimitOutcome,
  ListedAddress,
  Resolution,
  Review,
} from '@patchbay/protocol/turn/grant';
import type { ObservedMedia } from '@patchbay/protocol/turn/observed-media';
import type { UseAnswer } from '@patchbay/protocol/turn/pending-allocate';
import type { OpenUsage, UsageRecord } from './usage-record.ts';

/** What the relay tells about allocations. Signaling and the session log carry it on. */
export type RelayEvent = AllocationEvent | RefusalEvent;

/** Somebody whose credential is good was refused an allocation. */
export interface RefusalEvent {
  readonly type: 'allocation.refused';
  readonly atMs: number;
  readonly grant: Grant;
  readonly clientIp: string;
  /** What the client was answered (RFC 8489 §14.8), and with which words. */
  readonly stunCode: number;
  readonly reason: string;
  /** The limit that was spent before: its session waits for the allocation in vain. */
  readonly spent?: SpentLimit;
}

type AllocationEvent = {
  readonly atMs: number;
  readonly allocationId: string;
  readonly grant: Grant;
} & (
  | {
      readonly type: 'allocation.started';
      readonly clientIp: string;
      readonly clientAddress: string;
      readonly relayedAddress: string;
      /** The second one of a dual allocation. */
      readonly relayedAddressOtherFamily?: string;
      readonly addressFamily: AddressFamily;
    }
  | { readonly type: 'media.started' }
  /** It carries something else: what follows is counted as that (MET-4). */
  | {
      readonly type: 'allocation.changed';
      readonly modality: ObservedMedia;
      readonly previousModality: Modality;
      readonly segment: number;
    }
  /** It carries what its credential did not declare (NDS). Told once of an allocation. */
  | { readonly type: 'media.undeclared'; readonly declared: Modality; readonly observed: ObservedMedia }
  | {
      readonly type: 'limit.reached';
      readonly counterId: string;
      readonly kind: LimitKind;
      readonly outcome: LimitOutcome;
    }
  | {
      readonly type: 'allocation.ended';
      readonly startedAtMs: number;
      readonly reason: EndReason;
      /** The limit that ended it. */
      readonly spent?: SpentLimit;
      /** For a person. */
      readonly detail: string;
      readonly totals: FlowTotals;
    }
);

/** One use of a credential by one client. */
export interface CountedUse extends UseClaim {
  readonly counterId: string;
  readonly usesMax: number;
  readonly grant: Grant;
}

/** What the relay needs from the platform. None of it waits on the packet path. */
export interface RelayPlatform {
  /** Whether a username names a key that is known here: questions about any other are rationed by source. */
  isFamiliar(username: string): boolean;
  /** Whom an address counts as without a credential, if anybody (ACC-9). From memory: it is asked for each unsigned request. */
  listed(ip: IpBytes): ListedAddress | undefined;
  /**
   * Says what a username may do. Asked once for each username and minute at most. To throw is to be away:
   * the client gets 500 and may try again.
   */
  resolveCredential(username: string): Promise<Resolution>;
  /** Says what a username may do by now, of which allocations live. To throw is to be away: it is asked again. */
  reviewCredential(username: string): Promise<Review>;
  /**
   * Counts one use of a credential at the prefix where its limit stands. One client's allocations within 30
   * seconds, and their restarts, are one use (ACC-7), so the same client may be asked about again.
   */
  countUse(use: CountedUse): Promise<UseAnswer>;
  /** Takes a finished record. It replaces the open record of the same key. */
  recordUsage(record: UsageRecord): void;
  /**
   * Takes what has been used since the last finished record, at each tick. After a crash the last of these
   * stands in for the record that never came, so that at most one tick is lost (MET-2).
   */
  checkpointUsage(records: readonly OpenUsage[]): void;
  reportEvent(event: RelayEvent): void;
}

/** A structured log; pino is one. Never given a secret, a password or a nonce (R11). */
export interface RelayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
