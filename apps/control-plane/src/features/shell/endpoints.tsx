'use client';

import { createContext, type ReactNode, useContext } from 'react';

/** Where programs of a customer reach this platform: what the SDKs and the command line read from their environment. */
export interface Endpoints {
  readonly url: string;
  readonly signalUrl?: string | undefined;
  readonly turnUrl?: string | undefined;
  /** Whether an address has to be proved before its owner changes anything. */
  readonly isProofAsked?: boolean;
  /** Whether mails lie on a page of this very host. */
  readonly isOutboxOpen?: boolean;
}

const Context = createContext<Endpoints>({ url: '' });

export function EndpointsProvider(props: {
  readonly endpoints: Endpoints;
  readonly children: ReactNode;
}): ReactNode {
  return <Context value={props.endpoints}>{props.children}</Context>;
}

export const useEndpoints = (): Endpoints => useContext(Context);

/** The environment of a program that acts for an account, as lines for a shell. */
export function useShellVariables(accountId: string): (secret: string) => string {
  const { url, signalUrl, turnUrl } = useContext(Context);
  return (secret) =>
    [
      ['PATCHBAY_URL', url],
      ['PATCHBAY_SIGNAL_URL', signalUrl],
      ['PATCHBAY_TURN_URL', turnUrl],
      ['PATCHBAY_ACCOUNT', accountId],
      ['PATCHBAY_KEY', secret],
    ]
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => `export ${name}='${value}'`)
      .join('\n');
}
