'use client';

import { Identifier } from '@patchbay/ui/copy-button';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { AccountStateBadge } from '../accounts/account-state-badge.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangesLink } from '../audit/changes-link.tsx';
import { MoveAccount } from '../move/move-account.tsx';
import { useAccount, useAccountId, useSeesOrganisation } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { StartView } from '../view/start-view.tsx';
import { SettingsForm } from './settings-form.tsx';
import { StoppedAccount } from './stopped-account.tsx';

/** What an account is called, where its days begin, and what about it is fixed. */
export function SettingsPage(): ReactNode {
  const accountId = useAccountId();
  const { data: account, error } = useAccount();
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of this account alone."
        examples={[
          exampleOf({
            operation: 'accounts.update',
            input: { accountId, name: 'Acme Clinics', timeZone: 'Europe/Berlin' },
          }),
          exampleOf({
            operation: 'accounts.get',
            input: { accountId },
            cli: `account show ${accountId}`,
          }),
          exampleOf({
            operation: 'accounts.previewMove',
            input: { accountId, parentId: account?.parentId ?? accountId },
            cli: `account move ${accountId} --to ${account?.parentId ?? accountId} --preview`,
          }),
        ]}
      />
      <AccountTabs />
      {account === undefined && error === null ? <SettingsSkeleton /> : null}
      {account === undefined ? null : (
        <div className="grid gap-x-16 gap-y-10 md:grid-cols-[minmax(0,26rem)_minmax(0,22rem)]">
          {/* Made anew for another account: the fields hold what somebody typed. */}
          <div className="grid min-w-0 grid-cols-1 content-start gap-8">
            <StoppedAccount account={account} />
            <SettingsForm key={account.id} account={account} />
            <div className="flex flex-wrap gap-2 empty:hidden">
              <MoveAccount account={account} />
              <StartView account={account} />
              <ChangesLink target={account.id} />
            </div>
          </div>
          <Facts>
            <Fact term="Account id">
              <Identifier id={account.id} isShort />
            </Fact>
            <Fact term="State">
              <AccountStateBadge account={account} />
            </Fact>
            <Fact term="Currency">{account.currency}</Fact>
            <OrganisationFact />
            <Fact term="Created">{showDay(account.createdAt)}</Fact>
            <Fact term="Sub-accounts">{account.childCount}</Fact>
          </Facts>
        </div>
      )}
    </>
  );
}

/** Told to those alone who reach its top account. */
function OrganisationFact(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const isSeen = useSeesOrganisation();
  const { data: organisation } = useQuery(
    trpc.organisation.get.queryOptions({ accountId }, { enabled: isSeen === true }),
  );
  if (organisation === undefined) return null;
  return (
    <Fact term="Organisation">
      <Link href={pagePath(accountId, 'organisation')} className="hover:underline">
        {organisation.name}
      </Link>
    </Fact>
  );
}

function SettingsSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="grid max-w-[26rem] gap-6">
      {['w-16', 'w-20', 'w-20'].map((width, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are alike and never move.
        <div key={index} className="grid gap-2">
          <Skeleton className={`h-3 ${width}`} />
          <Skeleton className="h-8" />
        </div>
      ))}
    </div>
  );
}
