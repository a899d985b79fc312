import type { SamlRefusal } from './saml-errors.ts';

/**
 * Why a sign-in by a provider came to nothing. `unavailable`: it did not answer as one. `declined`: it says no, such as when
 * somebody thought better of it. `invalid`: what it said does not hold.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: 'unavailable' | 'declined' | 'invalid';
  /** For the owner of the organisation. No secret and no person is in it. */
  readonly detail: string;
  /** Where there is a page that says what to do. */
  readonly code: `sso.${SamlRefusal}` | undefined;
  constructor(
    kind: ProviderError['kind'],
    detail: string,
    { cause, code }: { readonly cause?: unknown; readonly code?: `sso.${SamlRefusal}` } = {},
  ) {
    super(`${kind}: ${detail}`, { cause });
    this.kind = kind;
    this.detail = detail;
    this.code = code;
  }
}

const DETAIL_CHARACTERS_MAX = 200;

/** Of what a provider wrote, as much as may stand on a page. */
export const shownDetail = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, ' ').slice(0, DETAIL_CHARACTERS_MAX);
