import type { Page, PageOf, RoleRef, Scoped, TenancyPorts } from '../tenancy/ports.ts';

/** What an organisation says of its provider. Its secret is written, and read by nobody but who signs in. */
export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly newcomerRole: RoleRef | undefined;
  readonly groupsClaim: string;
  readonly groupRoles: readonly { readonly group: string; readonly role: RoleRef }[];
  readonly trustsEmail: boolean;
}

export interface ProviderRecord extends ProviderSettings {
  readonly id: string;
  readonly isRequired: boolean;
  readonly emergencyUserIds: readonly string[];
  readonly changedAt: Date;
  readonly problem: { readonly text: string; readonly at: Date } | undefined;
}

export interface DomainRecord {
  readonly id: string;
  readonly domain: string;
  readonly challenge: string;
  readonly provedAt: Date | undefined;
  readonly createdAt: Date;
}

/** What a provider answers when it is asked what it offers. */
export type Probe =
  | { readonly isUsable: true; readonly authorizationEndpoint: string; readonly tokenEndpoint: string }
  | { readonly isUsable: false; readonly problem: string };

/** `accountId` is the top account of an organisation, and the scope of every port that has it. */
export interface SsoPorts {
  readonly providers: {
    find(account: Scoped): Promise<ProviderRecord | undefined>;
    /** With `isNew`, all that was bound to the one before goes, sessions included. */
    put(
      change: Scoped &
        ProviderSettings & { readonly clientSecret?: string | undefined; readonly isNew: boolean },
    ): Promise<ProviderRecord>;
    /** Answers how many sessions ended, of those whom it binds and whom it did not sign in. */
    update(
      change: Scoped & { readonly isRequired: boolean; readonly emergencyUserIds: readonly string[] },
    ): Promise<number>;
    /** Answers how many sessions ended. */
    remove(account: Scoped): Promise<number>;
    /** When somebody signed in by it last. */
    triedAt(person: Scoped & { readonly issuer: string; readonly userId: string }): Promise<Date | undefined>;
  };
  readonly domains: {
    list(page: PageOf): Promise<Page<DomainRecord>>;
    find(domain: Scoped & { readonly domainId: string }): Promise<DomainRecord | undefined>;
    /** One that is there already is answered as it is. `taken`: another organisation proved it. */
    add(
      domain: Scoped & { readonly domain: string; readonly countMax: number },
    ): Promise<DomainRecord | 'taken' | 'too_many'>;
    prove(domain: Scoped & { readonly domainId: string }): Promise<DomainRecord | 'taken' | undefined>;
    remove(domain: Scoped & { readonly domainId: string }): Promise<boolean>;
  };
  readonly scimTokens: {
    find(
      account: Scoped,
    ): Promise<{ readonly createdAt: Date; readonly lastUsedAt: Date | undefined } | undefined>;
    /** The text of a new one, in place of one before it: here and nowhere else. */
    make(account: Scoped): Promise<string>;
    remove(account: Scoped): Promise<boolean>;
  };
  readonly records: {
    /** The texts of the TXT records at a name. None where there is no such name, or nobody answers. */
    find(name: string, signal: AbortSignal): Promise<readonly string[]>;
  };
  readonly addresses: {
    /** Why nothing is sent to an issuer, as it is written. */
    refusalOf(issuer: string): string | undefined;
  };
  readonly discovery: {
    probe(account: Scoped): Promise<Probe>;
  };
  /** The address of a page of the dashboard. */
  urlOf(path: string): string;
  readonly tenancy: Pick<TenancyPorts, 'organisations' | 'people' | 'keys' | 'roles' | 'team' | 'catalogue'>;
}
