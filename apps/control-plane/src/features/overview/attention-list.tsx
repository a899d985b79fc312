'use client';

import { classNames } from '@patchbay/ui/class-names';
import { toneText } from '@patchbay/ui/tone';
import { CircleAlert, CircleCheck, HandCoins, TriangleAlert } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import type { Notice } from './attention.ts';

const icons = { wait: TriangleAlert, fail: CircleAlert, money: HandCoins } as const;

/** Each notice leads to the page where it can be acted on. */
export function AttentionList({ notices }: { readonly notices: readonly Notice[] }): ReactNode {
  const accountId = useAccountId();
  return (
    <section aria-labelledby="attention">
      <h2 id="attention" className="mb-2 font-semibold">
        Needs attention
      </h2>
      {notices.length === 0 ? (
        <p className="flex items-center gap-2.5 border-y py-2 text-ink-soft">
          <CircleCheck className="size-4 shrink-0 text-live" aria-hidden />
          Nothing. All is well.
        </p>
      ) : (
        <ul className="divide-y divide-line border-y">
          {notices.map(({ key, tone, text, segment }) => {
            const Icon = icons[tone];
            return (
              <li key={key}>
                <Link
                  href={pagePath(accountId, segment)}
                  className="flex items-start gap-2.5 py-2 hover:bg-surface"
                >
                  <Icon className={classNames('mt-0.5 size-4 shrink-0', toneText[tone])} aria-hidden />
                  {text}
                </Link>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
