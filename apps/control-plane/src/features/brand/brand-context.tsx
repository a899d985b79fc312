'use client';

import { namelessBrand, type ShownBrand } from '@patchbay/domain/branding/brand';
import { createContext, type ReactNode, useContext } from 'react';
import { BrandStyle } from './brand-style.tsx';

const Context = createContext<ShownBrand>(namelessBrand);

/** Everything below is in this brand: its name, its mark and its colours. */
export function BrandProvider({
  brand,
  children,
}: {
  readonly brand: ShownBrand;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Context value={brand}>
      <BrandStyle brand={brand} />
      {children}
    </Context>
  );
}

export const useBrand = (): ShownBrand => useContext(Context);
