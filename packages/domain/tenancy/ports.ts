import type { CataloguedOperation, HeldRole, Role } from './access.ts';
import type { AccountState, Suspension } from './account-state.ts';
import type { Said } from './held-moves.ts';
import type { Letter } from './mails.ts';
import type { MoveEffects } from './move-preview.ts';
import type { Grant } from './reach.ts';

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
  /** Those that stand, whoever's they are: while there are any, it is not active. */
  readonly suspensions: readonly Suspension[];
  readonly currency: string;
  readonly timeZone: string;
  readonly depth: number;
  readonly childCount: number;
  readonly createdAt: Date;
  /** Of the tree in which test keys work, on books of its own (PRD-1). */
  readonly isTest: boolean;
  /** Of a twin: whose it is. */
  readonly liveAccountId: string | undefined;
  /** Its twin, once there is one. */
  readonly testAccountId: string | undefined;
}

export interface AccountChange {
  readonly name?: string | undefined;
  /** Null takes it away. */
  readonly externalId?: string | null | undefined;
  readonly timeZone?: string | undefined;
  /** For good. Whether it is suspended follows from its suspensions. */
  readonly isClosed?: boolean | undefined;
  /** Those that stand from now on, in place of all that stood. */
  readonly suspensions?: readonly Suspension[] | undefined;
}

export interface ApplicationRecord {
  readonly id: string;
  readonly name: string;
  readonly instanceTypes: readonly string[];
  readonly createdAt: Date;
}

export interface KeyRecord {
  readonly id: string;
  readonly accountId: string;
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
  readonly role: RoleRef;
  readonly roleName: string;
  readonly state: 'invited' | 'active';
  readonly accountId: string;
}

/** A built-in role, or the id of one that an account defined. */
export type RoleRef = Role | `rol_${string}`;

/** A role that an account defined, for its own team. */
export interface RoleRecord {
  readonly id: `rol_${string}`;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Those included who are invited. */
  readonly memberCount: number;
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
    readonly role: RoleRef;
    readonly roleName: string;
    readonly state: 'invited' | 'active';
  }[];
}

/** A role that somebody took, with the names that go with it. */
export type NamedGrant = Grant & {
  readonly accountName: string;
  readonly roleRef: RoleRef;
  readonly roleName: string;
  /** Derived: it was given at the live account. */
  readonly isTest: boolean;
};
/** Of the two links that take an invitation. */
export interface InvitationTokens {
  /** For whoever invites, to hand on. Whoever has it says nothing about the address. */
  readonly shown: string;
  /** For the mail alone: whoever has it has the address. Absent: the person was mailed as often as may be in a day. */
  readonly mailed?: string;
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

/** A move that was made: rights and policies hold from its transaction on, and usage counts from `startsAt`, by the time of its books. */
export interface MadeMove {
  readonly startsAt: Date;
  readonly oldParentId: string;
  /** Accounts that are active now, for those who kept them suspended are not above any more. */
  readonly resumedIds: readonly string[];
  /** What accounts had said that are not above any more, of each at most 100. It fell away. */
  readonly fallen: readonly Said[];
}

export interface MoveQuestion extends Scoped {
  readonly movedId: string;
  /** Both chains run from the platform down to the account that moves. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The accounts of both that whoever asks sees: of the others nothing is told. */
  readonly visibleIds: readonly string[];
  /** The highest account at which whoever asks may make the move. */
  readonly moverId: string;
  readonly atMs: number;
}

/** Mails are kept in the transaction of their cause, and sent after it. */
export interface Mails {
  /** In the name of an account; without one, of the platform. It looks, and its links lead, as its reader knows it. */
  send(
    mail: Letter & { readonly accountId?: string; readonly to: string; readonly reader: MailReader },
  ): Promise<void>;
}

/**
 * Whose brand a mail has: that above all accounts of a user, that above an account whose team it goes to, or that of an account
 * which writes to its own customers.
 */
export type MailReader =
  | { readonly userId: string }
  | { readonly accountId: string }
  | { readonly customerOf: string };

/** What tenancy needs from the world. */
export interface TenancyPorts {
  /** Every operation that a key can be made for: what strangers do, such as signing up, is none. */
  readonly catalogue: readonly CataloguedOperation[];
  readonly mails: Mails;
  readonly people: {
    /** Those that the platform has prices in, the one to suggest first; its own where it asks no price at all. */
    /** With `below`, at an account whose brand a stranger has met: none where it takes no sign-ups. */
    offeredCurrencies(below?: string): Promise<readonly string[]>;
    /** Takes its time, so outside of a transaction. Refuses as unavailable while too many wait for theirs. */
    hashPassword(password: string): Promise<string>;
    signUp(person: {
      readonly email: string;
      readonly passwordHash: string;
      readonly name: string;
      readonly organisationName: string;
      readonly currency: string;
      readonly timeZone: string;
      /** The account to be below; the platform's where it is absent. */
      readonly below?: string | undefined;
    }): Promise<
      | {
          readonly outcome: 'signed_up';
          readonly userId: string;
          readonly accountId: string;
          /** The account that it is below. */
          readonly parentId: string;
        }
      | { readonly outcome: 'email_taken' }
      | { readonly outcome: 'closed' }
    >;
    /** Of a link that proves the address. Undefined: there were too many within the hour. */
    makeVerification(user: { readonly userId: string; readonly email: string }): Promise<string | undefined>;
    isVerified(userId: string): Promise<boolean>;
    profileOf(userId: string): Promise<{ readonly name: string; readonly email: string } | undefined>;
    /**
     * Every role that counts for a user (`countingRole`), highest accounts first. With `viewing`, those that hold there from
     * above, as if they were given at that account.
     */
    grantsOf(userId: string, viewing?: string, within?: string): Promise<readonly NamedGrant[]>;
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
    /** As it is, and stays until the end of the unit of work but for what this one changes: of two at once, one is first. */
    findToChange(account: Scoped): Promise<AccountRecord | undefined>;
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
    /** The id of the account's twin for tests, which is made if there is none; of a test account, its own. */
    testTwin(account: Scoped): Promise<string>;
    update(
      account: Scoped & { readonly change: AccountChange },
    ): Promise<AccountRecord | 'external_id_taken'>;
  };
  readonly views: {
    /** Opens a session of its own, and answers its id. */
    start(
      view: Scoped & { readonly userId: string; readonly reason: string; readonly untilMs: number },
    ): Promise<string>;
    /** False for one that is over, or somebody else's. */
    end(view: { readonly viewId: string; readonly userId: string }): Promise<boolean>;
  };
  readonly moves: {
    /** From the scope's account down to one below it, or to itself. Undefined where it is not in scope. */
    chainWithin(place: Scoped & { readonly descendantId: string }): Promise<readonly string[] | undefined>;
    /** By how much the clock of an account's books is ahead, in milliseconds (PRD-1): 0 for whatever is live. */
    aheadMsOf(accountId: string): Promise<number>;
    /** What would be different, had the account moved. */
    effects(question: MoveQuestion): Promise<MoveEffects>;
    /**
     * 'held_above': it would be out of reach of what was said above `moverId` (`isMoveHeld`). 'other_collector': another than
     * now would ask it for money there (decision 0017).
     */
    move(
      move: Scoped & { readonly movedId: string; readonly parentId: string; readonly moverId: string },
    ): Promise<
      | MadeMove
      | 'held_above'
      | 'unknown'
      | 'cycle'
      | 'other_tree'
      | 'there_already'
      | 'external_id_taken'
      | 'other_collector'
    >;
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
    /** Undefined when there is none. */
    rename(key: Scoped & { readonly keyId: string; readonly name: string }): Promise<KeyRecord | undefined>;
    /** A key that is revoked already stays as it is. Undefined when there is none. */
    revoke(key: Scoped & { readonly keyId: string }): Promise<KeyRecord | undefined>;
  };
  readonly credentials: {
    /** Undefined for a text that is no credential's username. */
    read(username: string): ReadCredential | undefined;
    /** `unknown`: no key of this account, or of one below it, has this id. Of many at once one is the first. */
    revoke(credential: Scoped & ReadCredential): Promise<'revoked' | 'was_revoked' | 'unknown'>;
  };
  readonly roles: {
    /** Those that the account defined, in the order of their ids. */
    list(page: PageOf): Promise<Page<RoleRecord>>;
    /** How many hold each of the built-in ones at the account itself. */
    memberCounts(account: Scoped): Promise<ReadonlyMap<Role, number>>;
    /** Within a unit of work the role stays as it is until the end of that. */
    find(role: Scoped & { readonly roleId: string }): Promise<RoleRecord | undefined>;
    create(
      role: Scoped & { readonly name: string; readonly scopes: readonly string[]; readonly countMax: number },
    ): Promise<RoleRecord | 'name_taken' | 'too_many'>;
    update(
      role: Scoped & { readonly roleId: string; readonly name: string; readonly scopes: readonly string[] },
    ): Promise<RoleRecord | 'name_taken'>;
    /** Takes it from everybody who holds it, and answers who did. */
    remove(role: Scoped & { readonly roleId: string }): Promise<readonly string[]>;
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
        readonly role: RoleRef;
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
