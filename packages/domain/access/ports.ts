import type { PolicyPorts } from '../policy/ports.ts';
import type { Scoped } from '../tenancy/ports.ts';
import type { AddressStanding } from './authenticating.ts';
import type { declaredUses } from './definition.ts';

export type DeclaredUse = (typeof declaredUses)[number];

export interface AllowListEntry {
  /** An address or a network, as it was written. */
  readonly network: string;
  readonly label: string;
  /** What comes from it without a credential counts as the account (ACC-9). Of credentials alone. */
  readonly authenticates: boolean;
}

export interface AllowLists {
  readonly keys: readonly AllowListEntry[];
  readonly credentials: readonly AllowListEntry[];
}

/** The lists that one set for an account: the account itself, or one above it. */
export interface SaidAllowLists extends AllowLists {
  /** The account above whose word they are. Absent: the account's own. */
  readonly setById?: string | undefined;
}

export type RefusedNetworks =
  | { readonly reason: 'taken'; readonly network: string }
  | { readonly reason: 'too_many' };

/** What was declared when a service was enabled last. */
export interface DeclaredVolume {
  readonly uses: readonly DeclaredUse[];
  readonly sessionsPerDay?: number | undefined;
  readonly minutesPerSession?: number | undefined;
}

/** What was said last of a service of an account, by itself or by one above it. */
export interface SaidServiceAccess extends DeclaredVolume {
  readonly service: string;
  /** The account above whose word it is. Absent: the account's own. */
  readonly setById?: string | undefined;
  readonly state: 'enabled' | 'disabled';
  readonly changedAt: Date;
}

/** `accountId` is the scope of every port that has it: nothing outside it, and what is below it, is seen or written. */
export interface AccessPorts extends Pick<PolicyPorts, 'caller'> {
  readonly allowLists: {
    /** By the account itself and by all above it: each that said something. */
    list(account: Scoped): Promise<readonly SaidAllowLists[]>;
    /**
     * Answers what they were until now. What authenticates is the account's own, whoever sets it: it is replaced as well, and answered
     * with the rest. Nothing is changed where one of the networks that are to authenticate is in one of another account, or where the
     * tree of accounts would have too many. 'not_above': whose word it would be does not stand above the account, or no longer.
     */
    replace(change: Scoped & SaidAllowLists): Promise<AllowLists | RefusedNetworks | 'not_above'>;
  };
  /** What may be said of an address on this platform. */
  readonly addresses: { standingOf(address: string): AddressStanding };
  readonly serviceAccess: {
    /** By the account itself and by all above it. */
    list(account: Scoped): Promise<readonly SaidServiceAccess[]>;
    /**
     * With no `declared`, what was declared before stays. Answers what was there until now, and which words that the service is off it
     * took back: those of `lifts`, accounts below the speaker, and of the account itself where that is among them. 'not_above': whose word
     * it would be does not stand above the account, or no longer.
     */
    put(
      change: Scoped &
        Pick<SaidServiceAccess, 'service' | 'setById' | 'state'> & {
          readonly declared?: DeclaredVolume | undefined;
          readonly lifts?: readonly string[];
        },
    ): Promise<ServiceAccessChange | 'not_above'>;
  };
  readonly policies: Pick<PolicyPorts['policies'], 'chain'>;
  /** Of all services there are. */
  readonly services: readonly { readonly name: string; readonly title: string }[];
}

export interface ServiceAccessChange {
  readonly before: SaidServiceAccess | undefined;
  readonly after: SaidServiceAccess;
  readonly lifted: readonly SaidServiceAccess[];
}
