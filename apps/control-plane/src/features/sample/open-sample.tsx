'use client';

import { Button, type ButtonProps } from '@patchbay/ui/button';
import { useToast } from '@patchbay/ui/toast';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { problemOf, remedyOf } from '../problem/problem.ts';
import { type SampleWay, useSampleWay } from './sample.tsx';
import { PASS_SECONDS, passAddress } from './sample-pass.ts';
import { useSamplePass } from './use-sample-pass.ts';

export interface OpenSampleProps extends Pick<ButtonProps, 'variant' | 'size'> {
  /** Beside the name of a page, where a phone has no room for a sentence. */
  readonly isBrief?: boolean;
}

/** Opens the sample call, so that its calls are those of the account at hand. Draws nothing where it cannot. */
export function OpenSample({ isBrief = false, ...look }: OpenSampleProps): ReactNode {
  const way = useSampleWay();
  if (way === undefined) return null;
  const content = (
    <>
      <span className={isBrief ? 'max-md:hidden' : undefined}>{labels[way.kind]}</span>
      {isBrief ? (
        <span className="md:hidden" aria-hidden>
          Sample
        </span>
      ) : null}
      <ExternalLink aria-hidden />
    </>
  );
  if (way.kind === 'pass')
    return (
      <OpenWithPass way={way} look={look}>
        {content}
      </OpenWithPass>
    );
  return (
    <Button asChild {...look}>
      <a href={way.url} target="_blank" rel="noreferrer" aria-label={labels.address}>
        {content}
      </a>
    </Button>
  );
}

const labels = {
  address: 'Open the sample call',
  pass: 'Open the sample call as this account',
} as const satisfies Readonly<Record<SampleWay['kind'], string>>;

interface OpenWithPassProps {
  readonly way: Extract<SampleWay, { kind: 'pass' }>;
  readonly look: Pick<ButtonProps, 'variant' | 'size'>;
  readonly children: ReactNode;
}

function OpenWithPass({ way, look, children }: OpenWithPassProps): ReactNode {
  const toast = useToast();
  const pass = useSamplePass();
  const open = () => {
    // Opened while the click is one: what opens after an answer, browsers take for a pop-up.
    const opened = window.open('about:blank', '_blank');
    if (opened === null) {
      toast({ tone: 'fail', title: 'The browser opened no window.', detail: 'Allow pop-ups of this page.' });
      return;
    }
    opened.opener = null;
    pass.mutate(
      { id: way.accountId, name: way.accountName },
      {
        onSuccess: (minted) => opened.location.replace(passAddress(way.url, minted)),
        onError: (error) => {
          opened.close();
          const { title, detail, code } = problemOf(error);
          toast({ tone: 'fail', title, detail: remedyOf(code) ?? detail });
        },
      },
    );
  };
  return (
    <Button
      {...look}
      isPending={pass.isPending}
      onClick={open}
      aria-label={labels.pass}
      title={`${way.accountName} pays for its calls, for ${PASS_SECONDS / 60} minutes`}
    >
      {children}
    </Button>
  );
}
