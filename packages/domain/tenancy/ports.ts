import type { Role } from './access.ts';
import type { AccountState } from './account-state.ts';
import type { MailText } from './mails.ts';
import type { Grant } from './reach.ts';
import type { CataloguedOperation } from './scopes.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
}

/** `accountId` is the scope of every port that has it: nothing outside it, and what is below it, is seen. */
export interface Scoped {
  readonly accountId: string;
}

export interface PageOf extends Scoped {
  /** The id after which the page begins. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface AccountRecord {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly externalId: string | undefined;
  readonly state: AccountState;
  readonly effectiveState: AccountState;
  readonly currency: string;
  readonly timeZone: string;
  readonly depth: number;
  readonly childCount: number;
  readonly createdAt: Date;
}

export interface AccountChange {
  readonly name?: string | undefined;
  readonly externalId?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly state?: AccountState | undefined;
}

export interface ApplicationRecord {
  readonly id: string;
  readonly name: string;
  readonly instanceTypes: readonly string[];
  readonly createdAt: Date;
}

export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly display: string;
  readonly mode: 'live' | 'test';
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly lastUsedAt: Date | undefined;
  readonly revokedAt: Date | undefined;
  readonly replacedBy: string | undefined;
}

export interface MemberRecord {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly state: 'invited' | 'active';
  readonly accountId: string;
}

export interface OrganisationRecord {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly accountCount: number;
  readonly personCount: number;
  readonly createdAt: Date;
}

export interface PersonRecord {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly {
    readonly accountId: string;
    readonly accountName: string;
    readonly role: Role;
    readonly state: 'invited' | 'active';
  }[];
}

/** Of the two links that take an invitation. */
export interface InvitationTokens {
  /** For whoever invites, to hand on. Whoever has it says nothing about the address. */
  readonly shown: string;
  /** For the mail alone: whoever has it has the address. */
  readonly mailed: string;
}

/** What a username says of its credential. */
export interface ReadCredential {
  /** The key that minted it. */
  readonly keyId: string;
  /** Its most narrowed level. */
  readonly prefixId: string;
  /** When it ends by itself; absent when it says no end, and so is admitted nowhere. */
  readonly expiresAt?: Date;
}

/** Mails are kept in the transaction of their cause, and sent after it. */
export interface Mails {
  /** The address of a page of the dashboard. */
  urlOf(path: string): string;
  /** In the name of an account; without one, of the platform. */
  send(mail: MailText & { readonly accountId?: string; readonly to: string }): Promise<void>;
}

/** What tenancy needs from the world. */
export interface TenancyPorts {
  /** Every operation that a key can be made for: what strangers do, such as signing up, is none. */
  readonly catalogue: readonly CataloguedOperation[];
  readonly mails: Mails;
  readonly people: {
    /** Those that the platform has prices in, the one to suggest first; its own where it asks no price at all. */
    offeredCurrencies(): Promise<readonly string[]>;
    /** Takes its time, so outside of a transaction. Refuses as unavailable while too many wait for theirs. */
    hashPassword(password: string): Promise<string>;
    signUp(person: {
      readonly email: string;
      readonly passwordHash: string;
      readonly name: string;
      readonly organisationName: string;
      readonly currency: string;
      readonly timeZone: string;
    }): Promise<
      | { readonly outcome: 'signed_up'; readonly userId: string; readonly accountId: string }
      | { readonly outcome: 'email_taken' }
      | { readonly outcome: 'closed' }
    >;
    /** Of a link that proves the address. Undefined: there were too many within the hour. */
    makeVerification(user: { readonly userId: string; readonly email: string }): Promise<string | undefined>;
    isVerified(userId: string): Promise<boolean>;
    profileOf(userId: string): Promise<{ readonly name: string; readonly email: string } | undefined>;
    /** Every role that counts for a user (`countingRole`), highest accounts first. */
    grantsOf(userId: string): Promise<readonly (Grant & { readonly accountName: string })[]>;
    /** Those at whose top account the user took a role. */
    organisationsOf(
      userId: string,
    ): Promise<readonly { readonly id: string; readonly name: string; readonly accountId: string }[]>;
  };
  /** `accountId` is the organisation's top account. Undefined for an account that belongs to none. */
  readonly organisations: {
    find(organisation: Scoped): Promise<OrganisationRecord | undefined>;
    rename(organisation: Scoped & { readonly name: string }): Promise<OrganisationRecord | undefined>;
    /** In the order of their ids. */
    people(page: PageOf): Promise<Page<PersonRecord>>;
  };
  readonly accounts: {
    find(account: Scoped): Promise<AccountRecord | undefined>;
    /** In the order of `ids`, as far as they are in scope. */
    names(
      accounts: Scoped & { readonly ids: readonly string[] },
    ): Promise<readonly { readonly id: string; readonly name: string }[]>;
    list(
      page: PageOf & { readonly depth: 'children' | 'descendants'; readonly externalId?: string | undefined },
    ): Promise<Page<AccountRecord>>;
    /** Below `accountId`. Undefined when the external id is taken. */
    create(
      account: Scoped & {
        readonly name: string;
        readonly externalId?: string | undefined;
        readonly timeZone: string;
      },
    ): Promise<AccountRecord | undefined>;
    update(
      account: Scoped & { readonly change: AccountChange },
    ): Promise<AccountRecord | 'external_id_taken'>;
  };
  readonly applications: {
    list(page: PageOf): Promise<Page<ApplicationRecord>>;
    find(application: Scoped & { readonly applicationId: string }): Promise<ApplicationRecord | undefined>;
    create(
      application: Scoped & { readonly name: string; readonly instanceTypes: readonly string[] },
    ): Promise<ApplicationRecord>;
    update(
      application: Scoped & {
        readonly applicationId: string;
        readonly name?: string | undefined;
        readonly instanceTypes?: readonly string[] | undefined;
      },
    ): Promise<ApplicationRecord | undefined>;
    /** False when there is none. */
    remove(application: Scoped & { readonly applicationId: string }): Promise<boolean>;
  };
  readonly keys: {
    list(page: PageOf): Promise<Page<KeyRecord>>;
    find(key: Scoped & { readonly keyId: string }): Promise<KeyRecord | undefined>;
    /** The secret is returned here and nowhere else. */
    create(
      key: Scoped & {
        readonly name: string;
        readonly mode: 'live' | 'test';
        readonly scopes: readonly string[];
        readonly expiresAt?: Date | undefined;
        readonly createdBy: string;
      },
    ): Promise<{ readonly key: KeyRecord; readonly secret: string }>;
    /**
     * Makes a key like an old one, which ends at its own time or at `endsAt`, whichever is first. Undefined: the old one
     * is revoked, over, or was rotated already; of many at once one is the first.
     */
    rotate(
      key: Scoped & { readonly keyId: string; readonly endsAt: Date; readonly createdBy: string },
    ): Promise<
      { readonly key: KeyRecord; readonly secret: string; readonly replaced: KeyRecord } | undefined
    >;
    /** A key that is revoked already stays as it is. Undefined when there is none. */
    revoke(key: Scoped & { readonly keyId: string }): Promise<KeyRecord | undefined>;
  };
  readonly credentials: {
    /** Undefined for a text that is no credential's username. */
    read(username: string): ReadCredential | undefined;
    /** `unknown`: no key of this account, or of one below it, has this id. Of many at once one is the first. */
    revoke(credential: Scoped & ReadCredential): Promise<'revoked' | 'was_revoked' | 'unknown'>;
  };
  readonly team: {
    /** Roles given at these accounts, which are all in scope, in the order of user and account. */
    list(page: PageOf & { readonly at: readonly string[] }): Promise<Page<MemberRecord>>;
    find(member: Scoped & { readonly userId: string }): Promise<MemberRecord | undefined>;
    findByEmail(member: Scoped & { readonly email: string }): Promise<MemberRecord | undefined>;
    /**
     * Gives a role, in place of one given here before. While it was not taken, each call makes new links to take it.
     * `ownersAt`: the accounts of which at least one keeps an owner; the first is the scope.
     */
    put(
      member: Scoped & {
        readonly email: string;
        readonly name: string;
        readonly role: Role;
        readonly ownersAt: readonly string[];
      },
    ): Promise<
      { readonly member: MemberRecord; readonly invitation: InvitationTokens | undefined } | 'last_owner'
    >;
    remove(
      member: Scoped & { readonly userId: string; readonly ownersAt: readonly string[] },
    ): Promise<'removed' | 'last_owner' | 'unknown'>;
  };
}
