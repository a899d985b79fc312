import type { AccountState } from '../tenancy/account-state.ts';
import type { Page, PageOf, Scoped, TenancyPorts } from '../tenancy/ports.ts';
import type { Identifier, Namespace } from './identifier.ts';
import type { Direction, TransferState } from './transfer.ts';

export interface EndpointRecord {
  readonly id: string;
  readonly accountId: string;
  readonly namespace: Namespace;
  readonly identifier: string;
  readonly label: string;
  readonly applicationId: string | undefined;
  readonly allocatedAt: Date;
  /** It is released, and rests until then. */
  readonly restsUntil: Date | undefined;
}

export interface TransferRecord {
  readonly id: string;
  readonly endpointId: string;
  readonly identifier: string;
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly note: string;
  readonly state: TransferState;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** One of an account's own. */
interface EndpointKey extends Scoped {
  readonly endpointId: string;
}

/** What happened to an account's endpoint at the hand of another: for its own audit log, and its events. */
export interface Notice {
  readonly accountId: string;
  /** Who did it, as far as the account may know. */
  readonly actor: { readonly id: string; readonly name: string };
  readonly action: string;
  readonly requestId: string;
  readonly target: string;
  readonly after: unknown;
  readonly event: { readonly type: string; readonly data: unknown };
  readonly atMs: number;
}

/** `accountId` is the scope of every port that has it: nothing outside it, and what is below it, is seen or written. */
export interface EndpointsPorts {
  readonly endpoints: {
    /** In the order of their ids. One whose rest is over is nobody's any more. */
    list(
      page: PageOf & {
        readonly identifier?: string | undefined;
        readonly namespace?: Namespace | undefined;
        readonly applicationId?: string | undefined;
        readonly state: 'active' | 'resting' | 'all';
        readonly scope: 'own' | 'descendants';
      },
    ): Promise<Page<EndpointRecord>>;
    find(
      endpoint: EndpointKey & { readonly scope: 'own' | 'descendants' },
    ): Promise<EndpointRecord | undefined>;
    /** Of all who ask for the same at once, one gets it. */
    allocate(
      endpoint: Scoped & {
        readonly identifier: Identifier;
        readonly label: string;
        readonly applicationId: string | undefined;
      },
    ): Promise<EndpointRecord | 'taken' | 'too_many' | { readonly restsUntil: Date }>;
    update(
      endpoint: EndpointKey & {
        readonly label?: string | undefined;
        readonly applicationId?: string | null | undefined;
      },
    ): Promise<EndpointRecord | undefined>;
    /**
     * Ends what was set for it, and its offer. With a time it rests until then; without, it is gone. False when it is not
     * there to be released.
     */
    release(endpoint: EndpointKey & { readonly restsUntil: Date | undefined }): Promise<boolean>;
    /** Both accounts are in scope. Its id stays, what its account said of it goes, and an open offer ends. */
    move(
      endpoint: EndpointKey & { readonly fromId: string; readonly toId: string },
    ): Promise<TransferRecord | 'taken' | 'too_many' | 'unknown'>;
  };
  readonly transfers: {
    /** Those of the account itself, the newest first. */
    list(
      page: PageOf & {
        readonly direction?: Direction | undefined;
        readonly state?: TransferState | undefined;
        readonly endpointId?: string | undefined;
        readonly nowMs: number;
      },
    ): Promise<Page<TransferRecord>>;
    find(transfer: Scoped & { readonly transferId: string }): Promise<TransferRecord | undefined>;
    /** 'open': the endpoint is on offer already. */
    offer(
      offer: EndpointKey & {
        readonly fromId: string;
        readonly toId: string;
        readonly note: string;
        readonly expiresAt: Date;
        readonly nowMs: number;
      },
    ): Promise<TransferRecord | 'open' | 'too_many' | 'unknown'>;
    accept(
      transfer: Scoped & { readonly transferId: string },
    ): Promise<'accepted' | 'taken' | 'too_many' | 'ended'>;
    /** False when it is over already. */
    end(
      transfer: Scoped & { readonly transferId: string; readonly state: 'declined' | 'withdrawn' },
    ): Promise<boolean>;
  };
  readonly applications: Pick<TenancyPorts['applications'], 'find'>;
  readonly accounts: Pick<TenancyPorts['accounts'], 'names'> & {
    /** From the platform down, whoever it is; empty when there is no such account. */
    chainOf(accountId: string): Promise<readonly { readonly id: string; readonly state: AccountState }[]>;
  };
  readonly notices: { tell(notice: Notice): Promise<void> };
  readonly settings: {
    /** An account has an endpoint, again perhaps: where something is configured of it, nodes are told at once (POL-5). */
    came(endpoint: EndpointKey): Promise<void>;
  };
}

export const ENDPOINT_COUNT_MAX = 100_000;
/** Offers of one account that are open at a time. */
export const OFFER_COUNT_MAX = 100;
