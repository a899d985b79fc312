'use client';

import { Button } from '@patchbay/ui/button';
import { classNames } from '@patchbay/ui/class-names';
import { CodePanel } from '@patchbay/ui/code-panel';
import { Circle, CircleCheck } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { exampleOf } from '../as-code/code-example.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useSampleUrl } from '../shell/sample.tsx';

export interface Steps {
  readonly hasKey: boolean;
  readonly hasSession: boolean;
  readonly hasChild: boolean;
  readonly hasChildPrice: boolean;
}

/** The way from an empty account to a priced call; it goes when all of it is done. */
export function FirstSteps(steps: Steps): ReactNode {
  const sampleUrl = useSampleUrl();
  const accountId = useAccountId();
  const items = [
    {
      isDone: steps.hasKey,
      title: 'Create an API key',
      href: pagePath(accountId, 'keys'),
      why: 'Your server mints credentials with it.',
    },
    {
      isDone: steps.hasSession,
      title: 'Make the first call',
      href: sampleUrl ?? pagePath(accountId, 'sessions'),
      why: 'Two windows, or two machines; the call shows here while it runs.',
    },
    {
      isDone: steps.hasChild,
      title: 'Create a sub-account',
      href: pagePath(accountId, 'accounts'),
      why: 'One for each customer of yours: own keys, own usage, own statement.',
    },
    {
      isDone: steps.hasChildPrice,
      title: 'Set what sub-accounts pay',
      href: pagePath(accountId, 'prices'),
      why: 'The difference to what you pay is your margin.',
    },
  ];
  if (items.every(({ isDone }) => isDone)) return null;
  const next = items.findIndex(({ isDone }) => !isDone);
  return (
    <section aria-labelledby="first-steps">
      <h2 id="first-steps" className="mb-2 font-semibold">
        First steps
      </h2>
      <ol className="divide-y divide-line border-y">
        {items.map(({ isDone, title, href, why }, index) => (
          <li key={title} className="flex items-start gap-2.5 py-2">
            {isDone ? (
              <CircleCheck className="mt-0.5 size-4 shrink-0 text-live" aria-label="Done" />
            ) : (
              <Circle className="mt-0.5 size-4 shrink-0 text-ink-faint" aria-label="To do" />
            )}
            <div className="min-w-0 flex-1">
              <p className={classNames('font-medium', isDone && 'text-ink-faint line-through')}>{title}</p>
              {index === next ? <p className="text-ink-soft">{why}</p> : null}
            </div>
            {index === next ? (
              <Button asChild size="small">
                <Link href={href}>Go</Link>
              </Button>
            ) : null}
          </li>
        ))}
      </ol>
      {steps.hasKey && !steps.hasSession ? (
        <div className="mt-3">
          <CodePanel
            {...exampleOf({
              title: 'Mint ICE servers',
              operation: 'networkDiscovery.createIceServers',
              input: { accountId, identity: 'bob', ttlSeconds: 600 },
              cli: `ice --account ${accountId} --ttl 600`,
            })}
          />
        </div>
      ) : null}
    </section>
  );
}
