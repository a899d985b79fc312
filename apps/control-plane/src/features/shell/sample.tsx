'use client';

import { createContext, type ReactNode, useContext } from 'react';
import { useAccount } from './account.ts';

export interface Sample {
  /** Where the sample page of this start is. */
  readonly url: string;
  /** The account whose key its server mints with. */
  readonly accountId: string;
}

const Context = createContext<Sample | undefined>(undefined);

export function SampleProvider(props: {
  readonly sample: Sample | undefined;
  readonly children: ReactNode;
}): ReactNode {
  return <Context value={props.sample}>{props.children}</Context>;
}

/** The address of the sample page, where its calls would show: at its own account, and at the platform above all. */
export function useSampleUrl(): string | undefined {
  const sample = useContext(Context);
  const { data: account } = useAccount();
  if (sample === undefined || account === undefined) return undefined;
  return account.id === sample.accountId || account.depth === 0 ? sample.url : undefined;
}
