'use client';

import { Button, type ButtonProps } from '@patchbay/ui/button';
import { useToast } from '@patchbay/ui/toast';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { type SampleWay, useSampleWay } from './sample.tsx';
import { PASS_SECONDS } from './sample-pass.ts';
import { useOpenAsAccount } from './use-open-as-account.ts';

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
  const { accountId, accountName, url: sampleUrl } = way;
  const toast = useToast();
  const opening = useOpenAsAccount();
  const open = () => {
    // Opened while the click is one: what opens after an answer, browsers take for a pop-up.
    const opened = window.open('about:blank', '_blank');
    if (opened === null) {
      toast({ tone: 'fail', title: 'The browser opened no window.', detail: 'Allow pop-ups of this page.' });
      return;
    }
    opened.opener = null;
    opening.mutate({ accountId, accountName, sampleUrl, opened });
  };
  return (
    <Button
      {...look}
      isPending={opening.isPending}
      onClick={open}
      aria-label={labels.pass}
      title={`${accountName} pays for its calls, for ${PASS_SECONDS / 60} minutes`}
    >
      {children}
    </Button>
  );
}
