import type { IpBytes } from '../stun/ip-address.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { AddressFamily } from './address-family.ts';
import type { BandwidthClass } from './bandwidth-class.ts';
import type { UseClaim } from './client-uses.ts';
import type { ClientPath, FlowLimits, RelayedAddresses } from './data-path.ts';
import type { Grant, Limit, LimitKind, LimitOutcome } from './grant.ts';
import type { PortWish } from './reservation.ts';

/** Why an allocation ended. */
export type EndReason =
  | 'released'
  | 'expired'
  | 'credential-ended'
  | 'limit-bytes'
  | 'limit-seconds'
  | 'revoked'
  | 'policy-refused'
  /** What policies let an account use is used up, or its balance. */
  | 'limit-exceeded'
  | 'balance-used-up'
  | 'account-suspended'
  | 'account-closed'
  | 'session-ended'
  | 'relay-stopped';

/** Why a datagram for the core got no answer. Each is a label of a metric. */
export type DropReason =
  | 'malformed'
  | 'not-a-request'
  | 'unknown-method'
  | 'fingerprint'
  | 'challenge-limit'
  | 'amplification'
  | 'in-progress'
  | 'resolving'
  | 'busy'
  | 'question-limit'
  | 'oversize'
  | 'peer-rate';

/** Which limit of a credential is used up, and whether in one session or in all of them. */
export type SpentLimit = Pick<Limit, 'kind' | 'counts' | 'max'>;

export interface AllocationFacts {
  readonly allocationId: string;
  readonly client: ClientPath;
  /** That it is counted under: of a dual allocation the first. */
  readonly family: AddressFamily;
  /** Two of a dual allocation. */
  readonly relayed: RelayedAddresses;
  readonly grant: Grant;
  readonly bandwidthClass: BandwidthClass | undefined;
}

/** What the shell is to do, in order. */
export type Action =
  | { readonly type: 'send'; readonly client: ClientPath; readonly bytes: Uint8Array }
  | { readonly type: 'drop'; readonly reason: DropReason }
  /** Ask the platform; answer with `resolved`. Asked once for a username, however many requests wait. */
  | { readonly type: 'resolveCredential'; readonly username: string }
  /** Ask the platform to count one use; answer with `useCounted`. */
  | ({
      readonly type: 'countUse';
      readonly allocationId: string;
      readonly counterId: string;
      readonly usesMax: number;
      readonly grant: Grant;
    } & UseClaim)
  /** Open a relayed address of each family, or of those that can be had; answer with `relayOpened`. */
  | {
      readonly type: 'openRelay';
      readonly allocationId: string;
      readonly client: ClientPath;
      readonly families: readonly AddressFamily[];
      readonly port: PortWish;
    }
  /** Give up a kept port that nobody came for. */
  | { readonly type: 'releaseReservation'; readonly token: Uint8Array }
  | { readonly type: 'limit'; readonly allocationId: string; readonly limits: FlowLimits }
  | {
      readonly type: 'permit';
      readonly allocationId: string;
      readonly peer: { readonly ip: IpBytes; readonly isOwnRelay: boolean };
      readonly untilMs: number;
    }
  | {
      readonly type: 'bindChannel';
      readonly allocationId: string;
      readonly channel: number;
      readonly peer: TransportAddress;
      readonly untilMs: number;
    }
  /** Close one relayed address of a dual allocation: it lives on with the other. */
  | { readonly type: 'closeFamily'; readonly allocationId: string; readonly family: AddressFamily }
  /** Close relayed addresses that belong to no allocation any more. */
  | { readonly type: 'closeRelay'; readonly allocationId: string }
  /** A Binding answered or an Allocate decided; the grant is absent where nobody was authenticated. */
  | {
      readonly type: 'attempted';
      readonly kind: 'discovery' | 'relay';
      readonly outcome: 'succeeded' | 'refused';
      readonly code?: number;
      /** Of a refusal, in words: the client was answered with them. */
      readonly reason?: string;
      /** The limit that was spent before: why a client that was let in before is refused now. */
      readonly spent?: SpentLimit;
      readonly grant?: Grant;
      /** Who asked for an allocation. */
      readonly client?: ClientPath;
      readonly family: AddressFamily;
    }
  | ({ readonly type: 'allocated'; readonly atMs: number } & AllocationFacts)
  /** The bandwidth class changed: what follows is another segment (MET-4). */
  | {
      readonly type: 'classChanged';
      readonly allocationId: string;
      readonly bandwidthClass: BandwidthClass;
      readonly atMs: number;
    }
  | {
      readonly type: 'limitReached';
      readonly allocationId: string;
      readonly counterId: string;
      readonly kind: LimitKind;
      readonly outcome: LimitOutcome;
    }
  | { readonly type: 'mediaStarted'; readonly allocationId: string }
  /** Close the relayed addresses and write the last usage record. Totals come from the data path. */
  | {
      readonly type: 'ended';
      readonly allocationId: string;
      readonly reason: EndReason;
      /** The limit that ended it. */
      readonly spent?: SpentLimit;
      /** Words for a person: the reason of a revocation, say. */
      readonly detail: string;
      readonly atMs: number;
    };
