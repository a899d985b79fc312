'use client';

import { type LogoTheme, logoPath, logoThemes } from '@patchbay/domain/branding/brand';
import { LOGO_SIDE_PIXELS_MAX, LOGO_SIZE_BYTES_MAX } from '@patchbay/domain/branding/logo-image';
import { Button } from '@patchbay/ui/button';
import { useMutation } from '@tanstack/react-query';
import { Upload } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { useMay } from '../shell/use-may.ts';
import type { OwnBrand } from './brand-draft.ts';

const titles: Readonly<Record<LogoTheme, string>> = { light: 'On light pages', dark: 'On dark pages' };

/** A picture for each theme. One alone serves for both. */
export function BrandLogos({ logos }: { readonly logos: OwnBrand['logos'] }): ReactNode {
  const maySet = useMay('brand.setLogo');
  return (
    <section aria-labelledby="logos" className="grid gap-3">
      <h2 id="logos" className="font-semibold">
        Logo
      </h2>
      <div className="grid gap-4 sm:grid-cols-2">
        {logoThemes.map((theme) => (
          <LogoField key={theme} theme={theme} logo={logos[theme]} />
        ))}
      </div>
      {maySet ? (
        <p className="text-sm text-ink-faint">
          PNG or WebP, up to {LOGO_SIDE_PIXELS_MAX} pixels a side and{' '}
          {Math.floor(LOGO_SIZE_BYTES_MAX / 1_024)} KB.
        </p>
      ) : null}
    </section>
  );
}

interface LogoFieldProps {
  readonly theme: LogoTheme;
  readonly logo: OwnBrand['logos'][LogoTheme];
}

function LogoField({ theme, logo }: LogoFieldProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const input = useRef<HTMLInputElement>(null);
  const [isTooLarge, setTooLarge] = useState(false);
  const set = useMutation(trpc.brand.setLogo.mutationOptions());
  const remove = useMutation(trpc.brand.removeLogo.mutationOptions());
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    setTooLarge(file.size > LOGO_SIZE_BYTES_MAX);
    if (file.size > LOGO_SIZE_BYTES_MAX) return;
    set.mutate({ accountId, theme, data: base64Of(new Uint8Array(await file.arrayBuffer())) });
  };
  const error = set.error ?? remove.error;
  return (
    <div className="grid content-start gap-2">
      <div
        data-theme={theme}
        className="flex h-24 bg-canvas text-ink-faint items-center justify-center rounded-md border p-4"
      >
        {logo === undefined ? (
          <span className="text-sm">{titles[theme]}</span>
        ) : (
          // biome-ignore lint/performance/noImgElement: it is at its final size, and at an address that never changes.
          <img
            src={logoPath(logo.digest)}
            alt={titles[theme]}
            className="max-h-16 max-w-full object-contain"
          />
        )}
      </div>
      <div className="flex flex-wrap items-center gap-2 empty:hidden">
        <IfMay to="brand.setLogo">
          <input
            ref={input}
            type="file"
            accept="image/png,image/webp"
            className="sr-only"
            tabIndex={-1}
            aria-label={titles[theme]}
            onChange={({ target }) => {
              void take(target.files?.[0]);
              target.value = '';
            }}
          />
          <Button size="small" isPending={set.isPending} onClick={() => input.current?.click()}>
            <Upload aria-hidden />
            {logo === undefined ? 'Choose a picture' : 'Choose another'}
          </Button>
        </IfMay>
        {logo === undefined ? null : (
          <IfMay to="brand.removeLogo">
            <Button
              size="small"
              variant="ghost"
              isPending={remove.isPending}
              onClick={() => remove.mutate({ accountId, theme })}
            >
              Take away
            </Button>
          </IfMay>
        )}
      </div>
      {isTooLarge ? <p className="text-sm text-fail">This file is too large.</p> : null}
      {error === null ? null : <ProblemNote error={error} />}
    </div>
  );
}

const base64Of = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
