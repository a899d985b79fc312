'use client';

import { createContext, type ReactNode, useContext } from 'react';
import { useAccount } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';

export interface Sample {
  /** Where the sample page of this start is. */
  readonly url: string;
  /** Whether its server mints with a key of the account that is looked at. Whose key it is else is nobody's to know. */
  readonly isOfAccount: boolean;
}

/** How the sample page is opened so that its calls show at the account that is looked at. */
export type SampleWay =
  /** As it stands: its own key is of this account, or of one below. */
  | { readonly kind: 'address'; readonly url: string }
  /** With a pass, so that its calls are those of this account. */
  | { readonly kind: 'pass'; readonly url: string; readonly accountId: string; readonly accountName: string };

const Context = createContext<Sample | undefined>(undefined);

export function SampleProvider(props: {
  readonly sample: Sample | undefined;
  readonly children: ReactNode;
}): ReactNode {
  return <Context value={props.sample}>{props.children}</Context>;
}

/** Undefined where no sample runs, and for whoever may not make calls in the name of the account. */
export function useSampleWay(): SampleWay | undefined {
  const sample = useContext(Context);
  const { data: account } = useAccount();
  const mayMint = useMay('signaling.createToken');
  if (sample === undefined || account === undefined) return undefined;
  const { url } = sample;
  // The platform's own account mints for nobody, and sees all calls.
  if (sample.isOfAccount || account.isPlatform) return { kind: 'address', url };
  if (!mayMint || account.effectiveState !== 'active') return undefined;
  return { kind: 'pass', url, accountId: account.id, accountName: account.name };
}
