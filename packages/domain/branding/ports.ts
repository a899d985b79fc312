import type { Scoped } from '../tenancy/ports.ts';
import type { Brand, BrandInEffect, Logo, Logos, LogoTheme } from './brand.ts';

export interface OwnBrand {
  readonly brand: Brand;
  readonly logos: Logos;
}

export interface HostRecord {
  readonly id: string;
  readonly host: string;
  /** What its TXT record has to say. */
  readonly token: string;
  readonly createdAt: Date;
  readonly provedAt: Date | undefined;
}

/** What became of a look at the records of a host. */
export type Proof =
  | {
      readonly outcome: 'proved';
      readonly host: HostRecord;
      /** Who held it until now, without a record that says so. */
      readonly lostBy: string | undefined;
    }
  | { readonly outcome: 'unknown' | 'missing' | 'taken' };

/** `accountId` is the scope of every port that has it: nothing outside it, and what is below it, is seen or written. */
export interface BrandingPorts {
  readonly brands: {
    find(account: Scoped): Promise<OwnBrand | undefined>;
    /** Answers what it was until now. */
    put(change: Scoped & { readonly brand: Brand }): Promise<Brand | undefined>;
    /** With its logos. Answers what it was. */
    remove(account: Scoped): Promise<Brand | undefined>;
    /** That of the nearest account strictly above. */
    above(account: Scoped): Promise<BrandInEffect | undefined>;
  };
  readonly logos: {
    /** Undefined: the account has no brand. Answers the one before it. */
    put(
      change: Scoped & { readonly theme: LogoTheme; readonly logo: Logo; readonly bytes: Uint8Array },
    ): Promise<{ readonly before: Logo | undefined } | undefined>;
    remove(logo: Scoped & { readonly theme: LogoTheme }): Promise<Logo | undefined>;
  };
  readonly hosts: {
    list(account: Scoped): Promise<readonly HostRecord[]>;
    find(host: Scoped & { readonly hostId: string }): Promise<HostRecord | undefined>;
    /** One that is there stays as it is. Undefined: there are as many as there may be. */
    add(
      host: Scoped & { readonly host: string; readonly token: string; readonly countMax: number },
    ): Promise<{ readonly host: HostRecord; readonly isNew: boolean } | undefined>;
    /** Of many accounts that prove one host at once, one has it. */
    prove(proof: Scoped & { readonly hostId: string; readonly found: readonly string[] }): Promise<Proof>;
    remove(host: Scoped & { readonly hostId: string }): Promise<HostRecord | undefined>;
  };
  readonly names: {
    /** The values of the TXT records at a name. Empty: there are none, or nobody answers for it. */
    textsAt(name: string): Promise<readonly string[]>;
  };
  readonly digestOf: (bytes: Uint8Array) => string;
  readonly newToken: () => string;
  /** The platform's own host. */
  readonly platformHost: string;
}
