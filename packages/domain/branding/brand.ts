import { type AccentTones, accentTones, type HexColour } from './accent-tones.ts';
import type { LogoImage } from './logo-image.ts';

export const logoThemes = ['light', 'dark'] as const;
export type LogoTheme = (typeof logoThemes)[number];

/** A picture, known by the hash of its bytes: what is at its address never changes. */
export interface Logo extends LogoImage {
  /** SHA-256, as 64 hexadecimal digits. */
  readonly digest: string;
}

export type Logos = { readonly [Theme in LogoTheme]?: Logo | undefined };

/** What an account wrote of how it appears. What is left out has a neutral default, and never that of a level above. */
export interface Brand {
  readonly name: string;
  readonly accent?: HexColour | undefined;
  readonly supportUrl?: string | undefined;
  readonly supportEmail?: string | undefined;
  readonly termsUrl?: string | undefined;
  readonly privacyUrl?: string | undefined;
  readonly senderName?: string | undefined;
  readonly senderAddress?: string | undefined;
  /** Where links in mails lead. Absent: the host that was proved first and has no other use. */
  readonly mainHost?: string | undefined;
  readonly turnHost?: string | undefined;
  /** Whether somebody who signs up at a host of the brand gets an account below it. */
  readonly isSignUpOpen: boolean;
}

/** A brand as others meet it: of the hosts that it names, only those that are proved. */
export interface BrandInEffect
  extends Pick<
    Brand,
    | 'name'
    | 'accent'
    | 'supportUrl'
    | 'supportEmail'
    | 'termsUrl'
    | 'privacyUrl'
    | 'turnHost'
    | 'isSignUpOpen'
  > {
  readonly accountId: string;
  readonly host?: string | undefined;
  readonly sender?: { readonly name: string; readonly address: string } | undefined;
  readonly logos: Logos;
}

/** What pages, mails and documents show. It names no account. */
export interface ShownBrand
  extends Pick<BrandInEffect, 'name' | 'supportUrl' | 'supportEmail' | 'termsUrl' | 'privacyUrl' | 'logos'> {
  /** Absent: those of the platform's own style sheet. */
  readonly tones?: AccentTones | undefined;
  /** The platform's own mark stands beside its name; any other brand without a logo has its initial. */
  readonly isPlatform: boolean;
}

/** What the platform is called where neither it nor anybody else set a brand. */
export const PLATFORM_NAME = 'Patchbay';

export const platformBrand: ShownBrand = { name: PLATFORM_NAME, logos: {}, isPlatform: true };

/** What stands where it is not known whose page it is: it names nobody. */
export const namelessBrand: ShownBrand = { name: 'Dashboard', logos: {}, isPlatform: false };

/** Of a brand that chose none: the platform's own would tell whose platform it is. */
const NEUTRAL_ACCENT = '#44546a';

/** The dashboard at a host, with the scheme and the port that the platform has; without a host, the platform's own. */
export function originAt(platformUrl: string, host: string | undefined): string {
  const url = new URL(platformUrl);
  if (host !== undefined) url.hostname = host;
  return url.origin;
}

/** Where a logo is served. */
export const logoPath = (hash: string): `/brand/logo/${string}` => `/brand/logo/${hash}`;

/** A brand as pages and mails show it, with the tones that its accent comes to. */
export function shownBrandOf(brand: BrandInEffect | undefined): ShownBrand {
  if (brand === undefined) return platformBrand;
  const { name, accent, supportUrl, supportEmail, termsUrl, privacyUrl, logos } = brand;
  const links = { supportUrl, supportEmail, termsUrl, privacyUrl };
  return {
    name,
    ...links,
    logos,
    isPlatform: false,
    tones: accentTones(accent ?? NEUTRAL_ACCENT),
  };
}

/** The logo for a theme: where only one was given, that one. */
export const logoFor = ({ logos }: Pick<ShownBrand, 'logos'>, theme: LogoTheme): Logo | undefined =>
  logos[theme] ?? logos.light ?? logos.dark;
