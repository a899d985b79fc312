import type { Page, PageOf, RoleRef, Scoped, TenancyPorts } from '../tenancy/ports.ts';

/** What holds of a provider, whatever it speaks. */
interface CommonSettings {
  /** By which it calls itself: the issuer of OpenID Connect, the entity id of SAML. */
  readonly issuer: string;
  readonly newcomerRole: RoleRef | undefined;
  readonly groupRoles: readonly { readonly group: string; readonly role: RoleRef }[];
}

/** OpenID Connect. Its secret is written, and read by nobody but who signs in. */
export interface OidcSettings extends CommonSettings {
  readonly kind: 'oidc';
  readonly clientId: string;
  readonly groupsClaim: string;
  readonly trustsEmail: boolean;
}

/** SAML 2.0. Nothing of it is secret: it signs with keys of which only certificates are here. */
export interface SamlSettings extends CommonSettings {
  readonly kind: 'saml';
  readonly signInUrl: string;
  /** Several, while the provider goes from one key to the next. */
  readonly certificates: readonly ProviderCertificate[];
  /** Where its metadata was fetched. */
  readonly metadataUrl: string | undefined;
  readonly attributes: SamlAttributes;
  /** Takes people who come from the provider without having been sent there. */
  readonly acceptsUnasked: boolean;
  /** Our requests are signed with a key of ours. */
  readonly signsRequests: boolean;
}

/** A key pair of ours, of one connection to a provider of SAML. */
export interface NewSamlKey {
  /** PKCS #8, in DER. */
  readonly privateKey: Uint8Array<ArrayBuffer>;
  /** DER, in base64. */
  readonly certificate: string;
  /** SHA-256 of that, in hexadecimal. */
  readonly fingerprint: string;
  readonly certificateEndsAt: Date;
}

/** What of it is told. */
export interface SamlKeyRecord extends Omit<NewSamlKey, 'privateKey'> {
  readonly id: string;
  readonly createdAt: Date;
  /** Of one that was replaced: until then it signs, and opens what is encrypted to it. */
  readonly endsAt: Date | undefined;
}

/** What an organisation says of its provider. */
export type ProviderSettings = OidcSettings | SamlSettings;

export interface ProviderCertificate {
  /** DER, in base64. */
  readonly certificate: string;
  /** SHA-256 of it, in hexadecimal. */
  readonly fingerprint: string;
  readonly endsAt: string;
}

/** How a provider calls what it says of people, where it is none of the usual names. */
export interface SamlAttributes {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly groups?: string | undefined;
}

interface Kept {
  readonly id: string;
  readonly isRequired: boolean;
  readonly emergencyUserIds: readonly string[];
  readonly changedAt: Date;
  readonly problem: ProviderProblem | undefined;
}

export type ProviderRecord = ProviderSettings & Kept;

/** What went wrong last. */
export interface ProviderProblem {
  /** Of the error that says what to do about it, where there is one. */
  readonly code: string | undefined;
  readonly text: string;
  readonly at: Date;
}

export interface DomainRecord {
  readonly id: string;
  readonly domain: string;
  readonly challenge: string;
  readonly provedAt: Date | undefined;
  readonly missingSince: Date | undefined;
  readonly createdAt: Date;
}

/** What a provider answers when it is asked what it offers. */
export type Probe =
  | {
      readonly isUsable: true;
      readonly authorizationEndpoint: string;
      /** Of OpenID Connect. */
      readonly tokenEndpoint?: string | undefined;
    }
  | { readonly isUsable: false; readonly problem: string };

/** Who a SAML provider is, and where people sign in there. */
export type SamlIdentity = Pick<SamlSettings, 'issuer' | 'signInUrl' | 'certificates'>;

export interface SamlUnread {
  readonly refused: string;
}

/** `accountId` is the top account of an organisation, and the scope of every port that has it. */
export interface SsoPorts {
  readonly providers: {
    find(account: Scoped): Promise<ProviderRecord | undefined>;
    /** With `isNew`, all that was bound to the one before goes, sessions included. With `isOther`, it has to be tried anew. */
    put(
      change: Scoped & {
        readonly settings: ProviderSettings;
        /** Of OpenID Connect. Stays as it is where it is left out. */
        readonly clientSecret?: string | undefined;
        readonly isNew: boolean;
        readonly isOther: boolean;
      },
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
  readonly samlKeys: {
    /** Those that have not ended, the newest first: two at most. */
    list(account: Scoped): Promise<readonly SamlKeyRecord[]>;
    /** It takes a moment, and keeps nothing. */
    make(): Promise<NewSamlKey>;
    /** From now on the newest. The one before ends then. 'two': one was replaced already, and has not ended. */
    put(
      change: Scoped & { readonly key: NewSamlKey; readonly replacedEndsAt: Date },
    ): Promise<SamlKeyRecord | 'two'>;
    /** Ends the one that was replaced now. Undefined: there is none. */
    endReplaced(account: Scoped): Promise<SamlKeyRecord | undefined>;
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
    /** Why no browser is sent to an address of a provider: they go there, and not we. */
    browserRefusalOf(url: string): string | undefined;
  };
  readonly saml: {
    /** What metadata says of a provider (SAML Metadata §2.4.3). */
    readMetadata(xml: string): SamlIdentity | SamlUnread;
    fetchMetadata(url: string): Promise<SamlIdentity | SamlUnread>;
    /** As files and pages of providers have them: PEM, or base64 alone. */
    readCertificates(texts: readonly string[]): readonly ProviderCertificate[] | SamlUnread;
  };
  readonly discovery: {
    probe(account: Scoped): Promise<Probe>;
  };
  /** The address of a page of the dashboard: the platform's own, or at the host of a brand. */
  urlOf(path: string, baseUrl: string | undefined): string;
  readonly tenancy: Pick<TenancyPorts, 'organisations' | 'people' | 'keys' | 'roles' | 'team' | 'catalogue'>;
}
