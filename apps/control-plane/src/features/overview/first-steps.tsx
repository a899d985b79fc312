'use client';

import { LiveDot } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { classNames } from '@patchbay/ui/class-names';
import { CodePanel } from '@patchbay/ui/code-panel';
import { Circle, CircleCheck } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { CreateAccount } from '../accounts/create-account.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ownSampleUrl, tryIt } from '../as-code/try-it.ts';
import { NewKeyButton } from '../keys/create-key.tsx';
import { OpenSample } from '../sample/open-sample.tsx';
import { type SampleWay, useSampleWay } from '../sample/sample.tsx';
import { useAccountId } from '../shell/account.ts';
import { useShellVariables } from '../shell/endpoints.tsx';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';

export interface Steps {
  readonly hasKey: boolean;
  readonly hasSession: boolean;
  readonly hasChild: boolean;
  readonly hasChildPrice: boolean;
}

interface Step {
  readonly isDone: boolean;
  /** Whether whoever looks may take it: what they may not is for others to do. */
  readonly isTheirs: boolean;
  readonly title: string;
  readonly why: ReactNode;
  readonly action?: ReactNode;
  /** Can be done before the steps above it. */
  readonly isFree?: boolean;
  /** Stands below it until it is done, where there is room. */
  readonly more?: ReactNode;
}

export interface FirstStepsProps {
  readonly steps: Steps;
  /** The window of a new key is the page's: this list changes with the key, and its secret must not go with the list. */
  readonly onNewKey: () => void;
  /** With the code of the next step: what a page without sessions is for. */
  readonly isWide?: boolean;
}

/** The way from an empty account to a priced call; it goes when all of it is done. */
export function FirstSteps({ steps, onNewKey, isWide = false }: FirstStepsProps): ReactNode {
  const accountId = useAccountId();
  const rights = useFirstRights();
  const all: readonly Step[] = [
    {
      isDone: steps.hasKey,
      isTheirs: rights.mayMakeKeys,
      title: 'Create an API key',
      why: 'Your server mints credentials with it. Its secret is shown once, with all that a shell needs to use it.',
      action: <NewKeyButton onClick={onNewKey} />,
    },
    {
      isDone: steps.hasSession,
      isTheirs: rights.mayMakeKeys,
      title: 'Make the first call',
      ...firstCall(useSampleWay()?.kind),
      more: <FirstCallCode isAwaited={steps.hasKey} />,
    },
    {
      isDone: steps.hasChild,
      isTheirs: rights.mayMakeAccounts,
      title: 'Create a sub-account',
      why: 'One for each customer of yours: own keys, own usage, own statement.',
      action: <CreateAccount isQuiet />,
    },
    {
      isDone: steps.hasChildPrice,
      isTheirs: rights.maySetPrices,
      title: 'Set what sub-accounts pay',
      why: 'The difference to what you pay is your margin.',
      action: <GoButton href={pagePath(accountId, 'prices')}>Prices</GoButton>,
    },
  ];
  const items = all.filter(({ isTheirs }) => isTheirs);
  if (items.every(({ isDone }) => isDone)) return null;
  const next = items.findIndex(({ isDone }) => !isDone);
  const done = items.filter(({ isDone }) => isDone).length;
  return (
    <section aria-labelledby="first-steps">
      <h2 id="first-steps" className="mb-2 flex items-baseline justify-between gap-4 font-semibold">
        First steps
        <span className="font-normal text-ink-faint">
          {done} of {items.length} done
        </span>
      </h2>
      <ol className="divide-y divide-line border-y">
        {items.map((step, index) => (
          <StepRow key={step.title} step={step} isNext={index === next} isWide={isWide} />
        ))}
      </ol>
    </section>
  );
}

/** What of the first steps whoever looks may take. */
function useFirstRights() {
  return {
    mayMakeKeys: useMay('keys.create'),
    mayMakeAccounts: useMay('accounts.create'),
    maySetPrices: useMay('prices.setForChildren'),
  };
}

/** Whether any of the first steps is for whoever looks: to everybody else an empty account is shown as it is. */
export const useMayBegin = (): boolean => Object.values(useFirstRights()).includes(true);

function firstCall(way: SampleWay['kind'] | undefined): Pick<Step, 'why' | 'action' | 'isFree'> {
  if (way === undefined)
    return {
      why: (
        <>
          In a clone of the repository, in the shell that has your key, start the sample app and open{' '}
          <a href={ownSampleUrl} className="text-ink underline underline-offset-2">
            {ownSampleUrl}
          </a>{' '}
          in two windows. The call shows here while it runs.
        </>
      ),
    };
  return { why: samplesOf[way], action: <OpenSample size="small" />, isFree: true };
}

const samplesOf: Readonly<Record<SampleWay['kind'], string>> = {
  address:
    'The sample app runs beside this dashboard, with the key of this account. Open it, and the link that it gives in a second window: the call shows here while it runs.',
  pass: 'The sample app runs beside this dashboard. Opened from here, its calls are those of this account, for half an hour. Open the link that it gives in a second window: the call shows here while it runs.',
};

function StepRow(props: {
  readonly step: Step;
  readonly isNext: boolean;
  readonly isWide: boolean;
}): ReactNode {
  const { step, isNext, isWide } = props;
  const { isDone, title, why, action } = step;
  const more = isWide && !isDone ? step.more : undefined;
  const isFree = isWide && !isDone && step.isFree === true;
  const isTold = isNext || isFree || more !== undefined;
  return (
    <li
      className={classNames('flex items-start gap-2.5 py-2', isNext && isWide && 'py-3')}
      aria-current={isNext ? 'step' : undefined}
    >
      {isDone ? (
        <CircleCheck className="mt-0.5 size-4 shrink-0 text-live" aria-label="Done" />
      ) : (
        <Circle
          className={classNames('mt-0.5 size-4 shrink-0', isNext ? 'text-accent' : 'text-ink-faint')}
          aria-label="To do"
        />
      )}
      <div className="grid min-w-0 flex-1 gap-3">
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
          <div className="min-w-0 flex-1 basis-44">
            <p
              className={classNames(
                'font-medium',
                isDone && 'font-normal text-ink-faint',
                !isDone && !isNext && 'font-normal text-ink-soft',
              )}
            >
              {title}
            </p>
            {isTold ? <p className="max-w-prose text-pretty text-ink-soft">{why}</p> : null}
          </div>
          {isNext || isFree ? action : null}
        </div>
        {more}
      </div>
    </li>
  );
}

/** The first call in each tongue, with the account filled in, and what is waited for. */
function FirstCallCode({ isAwaited }: { readonly isAwaited: boolean }): ReactNode {
  const hasSample = useSampleWay() !== undefined;
  const accountId = useAccountId();
  const variables = useShellVariables(accountId)('the secret of your key');
  const mint = exampleOf({
    operation: 'networkDiscovery.createIceServers',
    input: { accountId, identity: 'bob', ttlSeconds: 600 },
  });
  const [sdk, curl] = mint.snippets;
  return (
    <>
      <CodePanel
        title="In the shell that has your key"
        snippets={[
          ...(hasSample ? [] : [{ name: 'Sample app', code: tryIt.sample }]),
          { name: 'CLI', code: tryIt.cli },
          { name: 'Server', code: tryIt.server },
          ...(sdk === undefined ? [] : [sdk]),
          ...(curl === undefined ? [] : [curl]),
          { name: 'Variables', code: variables },
        ]}
      />
      {isAwaited ? (
        <p className="flex items-center gap-2 text-ink-faint" role="status">
          <LiveDot />
          Waiting for the first session of this account …
        </p>
      ) : null}
    </>
  );
}

function GoButton({ href, children }: { readonly href: string; readonly children: ReactNode }): ReactNode {
  return (
    <Button asChild size="small">
      <Link href={href}>{children}</Link>
    </Button>
  );
}
