'use client';

import { setNonce } from 'get-nonce';
import { createContext, type ReactNode, useContext, useState } from 'react';

const Context = createContext<string | undefined>(undefined);

/**
 * The nonce of the answer that the page came with: style elements that are put into it later carry it, or its policy refuses
 * them (C42). A page that is read anew keeps its first, for the policy that a document came with stays.
 */
export function PageNonce({
  nonce,
  children,
}: {
  readonly nonce: string | undefined;
  readonly children: ReactNode;
}): ReactNode {
  const [first] = useState(() => {
    // For what keeps the page from scrolling behind a dialog. On the server it would be that of another's page.
    if (nonce !== undefined && typeof document !== 'undefined') setNonce(nonce);
    return nonce;
  });
  return <Context value={first}>{children}</Context>;
}

export const usePageNonce = (): string | undefined => useContext(Context);
