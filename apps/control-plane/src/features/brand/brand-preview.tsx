import { logoPath, type ShownBrand } from '@patchbay/domain/branding/brand';
import type { CSSProperties, ReactNode } from 'react';
import { initialOf } from './brand-icon.ts';

type Theme = 'light' | 'dark';

/** A sign-in page, a mail and the head of a statement, side by side as those below would see them. */
export function BrandPreview({ brand }: { readonly brand: ShownBrand }): ReactNode {
  return (
    <section aria-labelledby="preview" className="grid content-start gap-3">
      <h2 id="preview" className="font-semibold">
        What your customers see
      </h2>
      <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-1 2xl:grid-cols-2">
        {(['light', 'dark'] as const).map((theme) => (
          <ThemePreview key={theme} brand={brand} theme={theme} />
        ))}
      </div>
      <MailPreview brand={brand} />
    </section>
  );
}

/** The accent of the brand, in a part of the page that has a theme of its own. */
function themed({ tones }: ShownBrand, theme: Theme): CSSProperties {
  const set = tones?.[theme];
  return {
    background: 'var(--canvas)',
    color: 'var(--ink)',
    ...(set === undefined
      ? {}
      : { '--accent': set.accent, '--accent-strong': set.accentStrong, '--accent-ink': set.accentInk }),
  } as CSSProperties;
}

interface PreviewProps {
  readonly brand: ShownBrand;
  readonly theme: Theme;
}

function ThemePreview({ brand, theme }: PreviewProps): ReactNode {
  return (
    <figure className="grid gap-1">
      <div
        data-theme={theme}
        style={themed(brand, theme)}
        className="grid gap-4 rounded-md border p-4"
        aria-label={`Preview, ${theme}`}
        role="img"
      >
        <div className="flex items-center gap-2 font-semibold">
          <PreviewMark brand={brand} theme={theme} />
        </div>
        <div className="text-lg font-semibold tracking-tight">Sign in</div>
        <div className="grid gap-1">
          <span className="font-medium">E-mail</span>
          <span className="h-8 rounded-md border border-line-strong" />
        </div>
        <span className="inline-flex h-9 items-center justify-center rounded-md bg-accent font-medium text-accent-ink">
          Sign in
        </span>
        <span className="text-ink-soft">
          New here? <span className="font-medium text-accent">Sign up</span>
        </span>
        <div className="flex items-baseline justify-between gap-4 border-t pt-3">
          <span className="font-semibold">Statement, November</span>
          <span className="text-sm text-ink-faint">from {brand.name}</span>
        </div>
      </div>
      <figcaption className="text-sm text-ink-faint">{theme === 'light' ? 'Light' : 'Dark'}</figcaption>
    </figure>
  );
}

function PreviewMark({ brand, theme }: PreviewProps): ReactNode {
  const logo = brand.logos[theme] ?? brand.logos.light ?? brand.logos.dark;
  if (logo !== undefined) {
    const isPlated = theme === 'dark' && brand.logos.dark === undefined;
    return (
      // biome-ignore lint/performance/noImgElement: it is at its final size, and at an address that never changes.
      <img
        src={logoPath(logo.digest)}
        alt=""
        className={
          isPlated ? 'h-8 max-w-40 rounded-sm bg-[white] object-contain p-0.5' : 'h-8 max-w-40 object-contain'
        }
      />
    );
  }
  return (
    <>
      <span className="flex size-5 shrink-0 items-center justify-center rounded-sm bg-accent text-sm font-semibold text-accent-ink">
        {initialOf(brand.name)}
      </span>
      {brand.name}
    </>
  );
}

function MailPreview({ brand }: { readonly brand: ShownBrand }): ReactNode {
  return (
    <figure className="grid gap-1">
      <div
        data-theme="light"
        style={themed(brand, 'light')}
        className="grid gap-3 rounded-md border p-4"
        aria-label="Preview of a mail"
        role="img"
      >
        <div className="flex items-center gap-2 font-semibold">
          <PreviewMark brand={brand} theme="light" />
        </div>
        <p>Hello Ada,</p>
        <p>Please confirm that this address is yours. The link works once, for 24 hours.</p>
        <span className="inline-flex h-9 w-fit items-center rounded-md bg-accent px-4 font-medium text-accent-ink">
          Confirm the address
        </span>
        <p className="border-t pt-3 text-sm text-ink-soft">
          {[
            brand.name,
            ...(brand.supportUrl === undefined ? [] : ['Help']),
            ...(brand.supportEmail === undefined ? [] : ['Write to us']),
            ...(brand.termsUrl === undefined ? [] : ['Terms']),
            ...(brand.privacyUrl === undefined ? [] : ['Privacy']),
          ].join(' · ')}
        </p>
      </div>
      <figcaption className="text-sm text-ink-faint">Mail</figcaption>
    </figure>
  );
}
