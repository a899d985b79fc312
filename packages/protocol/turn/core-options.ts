import type { IpBytes } from '../stun/ip-address.ts';
import type { AddressFamily } from './address-family.ts';
import { bandwidthClassRates } from './bandwidth-class.ts';
import type { ListedAddress } from './grant.ts';
import type { PeerPolicy } from './peer-policy.ts';

export interface TurnCoreOptions {
  /** One realm for each listener: the first 401 comes before the username. */
  readonly realm: string;
  /** At least 16 cryptographic random bytes of this process. */
  readonly nonceSecret: Uint8Array;
  readonly policy: PeerPolicy;
  /** Families that relayed addresses exist for: at least one. */
  readonly families: readonly AddressFamily[];
  /** A new id for each allocation, unique for all time. */
  readonly newAllocationId: () => string;
  /**
   * Whether the platform answers about a username from memory. Such questions cost nobody else anything; all others are
   * rationed by source. Nobody is familiar when it is not given.
   */
  readonly isFamiliar?: (username: string) => boolean;
  /**
   * Whom an address counts as without a credential: what RFC 8656 §5 leaves to an agreement of client and server. Nobody
   * is listed when it is not given.
   */
  readonly listed?: (ip: IpBytes) => ListedAddress | undefined;
  /**
   * Both off by default: SHA-256 makes a 401 as large as three bare Allocates, and a USERHASH can only be
   * matched with a username already resolved.
   */
  readonly isSha256Offered?: boolean;
  readonly isUserhashOffered?: boolean;
  /**
   * Accepts channels 0x5000 to 0x7FFF as well, which RFC 8656 §12 reserves: coturn's turnutils_uclient draws
   * from them, and on a port without other protocols nothing else begins so (RFC 7983 §7).
   */
  readonly areLegacyChannelsAccepted?: boolean;
  /** Takes ADDITIONAL-ADDRESS-FAMILY under the number that coturn 4.6 has for it, as turnutils_uclient sends it. */
  readonly isCoturnFamilyTypeAccepted?: boolean;
  /** The two letters of the country that an address is in. Nobody is in any where it is not given. */
  readonly countryOf?: (ip: IpBytes) => string;
  readonly bounds?: Partial<TurnCoreBounds>;
}

/** Every table and rate of the core. Reached bounds answer 486 or 508, or drop; they never grow. */
export interface TurnCoreBounds {
  readonly allocationCountMax: number;
  /** Of a credential as it was minted, with all that was narrowed from it. */
  readonly allocationsPerCredentialMax: number;
  /** Of one account: no tenant fills the relay for the others. */
  readonly allocationsPerAccountMax: number;
  readonly permissionsPerAllocationMax: number;
  readonly channelsPerAllocationMax: number;
  /** New peer addresses of one allocation; above it requests are dropped, as a scan would need them (R8). */
  readonly newPeersPerSecond: number;
  readonly newPeersBurst: number;
  /**
   * Unauthenticated answers to one source (R6). A large office is one source, and whoever writes its address on his own
   * datagrams uses up its share: so the share is what 2,000 browsers need that begin at once with two allocations each,
   * and each second what 500 more do. A challenge of 72 bytes answers one of 28, so reflecting it brings a victim at most
   * 0.6 Mbit/s from a relay, for a third of that sent.
   */
  readonly challengesPerSecond: number;
  readonly challengeBurst: number;
  /** Bindings answered to one address: many clients may stand behind it, and the answer is small. */
  readonly discoveriesPerSecond: number;
  readonly discoveryBurst: number;
  readonly nonceLifetimeMs: number;
  /** Questions to the platform that one source may make it look up: invented keys are such. */
  readonly strangeQuestionsPerSecond: number;
  readonly strangeQuestionBurst: number;
  /** The same for credentials that the platform answers from memory: many honest clients may stand behind a source. */
  readonly familiarQuestionsPerSecond: number;
  readonly familiarQuestionBurst: number;
  /** Questions open at once, of all sources. */
  readonly questionCountMax: number;
  /** Those of them that the platform has to look up: the others always find room. */
  readonly strangeQuestionCountMax: number;
  readonly credentialCountMax: number;
  /** How long a resolved credential serves without asking again. */
  readonly credentialKeepMs: number;
  /** The same for a refusal: short, because what was refused may be allowed soon. */
  readonly refusalKeepMs: number;
  readonly refusalCountMax: number;
  /** Requests that wait for one credential. */
  readonly parkedPerCredentialMax: number;
  /** The same of all credentials, in datagrams and in bytes. */
  readonly parkedCountMax: number;
  readonly parkedBytesMax: number;
  /** A longer request of somebody unknown is dropped: an Allocate with the longest attributes takes less. */
  readonly parkedDatagramBytesMax: number;
  /** How long a pending Allocate waits for its uses to be counted and its relayed address. */
  readonly answerWaitMs: number;
  readonly responseCountMax: number;
  /** Payload both ways together after the outcome 'throttle'. */
  readonly throttledBitsPerSecond: number;
  /** The same after 'downgrade': enough for sound, too little for pictures. */
  readonly downgradedBitsPerSecond: number;
}

export const defaultBounds: TurnCoreBounds = {
  allocationCountMax: 10_000,
  allocationsPerCredentialMax: 256,
  allocationsPerAccountMax: 2_500,
  permissionsPerAllocationMax: 100,
  channelsPerAllocationMax: 100,
  newPeersPerSecond: 5,
  newPeersBurst: 64,
  challengesPerSecond: 1_000,
  challengeBurst: 4_000,
  discoveriesPerSecond: 200,
  discoveryBurst: 1_000,
  nonceLifetimeMs: 600_000,
  strangeQuestionsPerSecond: 5,
  strangeQuestionBurst: 50,
  familiarQuestionsPerSecond: 200,
  familiarQuestionBurst: 2_000,
  questionCountMax: 4_096,
  strangeQuestionCountMax: 128,
  credentialCountMax: 20_000,
  credentialKeepMs: 60_000,
  refusalKeepMs: 2_000,
  refusalCountMax: 5_000,
  parkedPerCredentialMax: 64,
  parkedCountMax: 8_192,
  parkedBytesMax: 4 << 20,
  parkedDatagramBytesMax: 2_048,
  answerWaitMs: 10_000,
  responseCountMax: 20_000,
  throttledBitsPerSecond: 64_000,
  downgradedBitsPerSecond: bandwidthClassRates.audio.bitsPerSecond,
};
