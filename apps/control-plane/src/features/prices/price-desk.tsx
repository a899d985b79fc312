'use client';

import { Select } from '@patchbay/ui/select';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { IfMay } from '../shell/if-may.tsx';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { plannedTimes, profileAt } from './planned-prices.ts';
import { previewOf, profileWith } from './preview.ts';
import { type EffectivePrice, type ProfilePrice, pricesNow } from './price-draft.ts';
import { PriceEditor } from './price-editor.tsx';
import { PriceSimulation } from './price-simulation.tsx';
import { draftsFor, type EditedService, keepDrafts, usePriceDrafts } from './use-price-drafts.ts';
import { WhoPaysWhom } from './who-pays-whom.tsx';

export interface PriceDeskProps {
  readonly account: { readonly id: string; readonly name: string; readonly currency: string };
  readonly profile: readonly ProfilePrice[];
  readonly paid: readonly EffectivePrice[];
  /** Absent: the prices for all children. */
  readonly childId: string | undefined;
  readonly accounts: Outputs['accounts']['list']['items'];
}

/** The editor of a profile, and below it who would pay whom if it were saved as it stands. */
export function PriceDesk({ account, profile, paid, childId, accounts }: PriceDeskProps): ReactNode {
  const trpc = useTRPC();
  const nowMs = useNow(60_000);
  const target = `${account.id} ${childId ?? 'all'}`;
  const edited = usePriceDrafts(target);
  const explain = useQuery(trpc.prices.explain.queryOptions({ accountId: account.id }));
  const { id: setByAccountId, currency } = account;
  const children = accounts.map(({ id }) => id);
  const [chosen, setChosen] = useState('');
  const planned = plannedTimes(profile, { nowMs });
  const shownAt = planned.includes(chosen) ? chosen : '';
  const atMs = shownAt === '' ? nowMs : Date.parse(shownAt);
  const then = profileAt(profile, { nowMs, atMs });
  const saved = [undefined, ...children].flatMap((id) => pricesNow(then, id, atMs));
  const current = [undefined, ...children].flatMap((id) => pricesNow(profile, id, nowMs));
  const typed = Object.fromEntries(Object.entries(edited).map(([service, { drafts }]) => [service, drafts]));
  // Without a choice, somebody whom the prices for all are for: the first who has none of its own.
  const example =
    accounts.find(({ id }) => id === childId) ??
    accounts.find(({ id }) => !saved.some((price) => price.childId === id));
  const items = previewOf({
    buyer: example === undefined ? { name: 'A child' } : { id: example.id, name: example.name },
    seller: account,
    profile: profileWith(saved, typed, { childId, currency, setByAccountId }),
    above: explain.data?.items ?? [],
  });
  const edit = (service: string, next: EditedService | undefined) => {
    const { [service]: _, ...others } = draftsFor(target);
    keepDrafts(target, next === undefined ? others : { ...others, [service]: next });
  };
  return (
    <>
      <PriceEditor
        childId={childId}
        profile={profile.filter((price) => price.childId === childId)}
        nowMs={nowMs}
        defaults={childId === undefined ? [] : current.filter((price) => price.childId === undefined)}
        paid={paid}
        currency={currency}
        edited={edited}
        onEdit={edit}
      />
      {accounts.length > 0 ? null : (
        <p className="mt-3 text-ink-faint">
          There is no child yet who would pay this.{' '}
          <IfMay to="accounts.create">
            <Link href={pagePath(account.id, 'accounts')} className="text-ink underline underline-offset-2">
              Create a sub-account
            </Link>
          </IfMay>
        </p>
      )}
      <div className="mt-10">
        {explain.error === null ? null : <ProblemNote error={explain.error} />}
        {planned.length === 0 ? null : (
          <p className="mb-3 flex flex-wrap items-center gap-2 text-ink-soft">
            As it holds
            <Select
              label="As it holds at"
              value={shownAt}
              options={[
                { value: '', label: 'now' },
                ...planned.map((time) => ({ value: time, label: `from ${showMoment(time)} on` })),
              ]}
              onChange={setChosen}
            />
          </p>
        )}
        {explain.isSuccess ? (
          <WhoPaysWhom items={items} currency={currency} isPreview={Object.keys(edited).length > 0} />
        ) : null}
        {Object.keys(edited).length === 0 ? null : (
          <PriceSimulation
            accountId={account.id}
            childId={childId}
            currency={currency}
            edited={typed}
            nowMs={nowMs}
          />
        )}
      </div>
    </>
  );
}
