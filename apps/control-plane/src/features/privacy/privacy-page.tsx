'use client';

import type { ReactNode } from 'react';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { DataPlaces } from './data-places.tsx';
import { Erasures } from './erasures.tsx';
import { Exports } from './exports.tsx';
import { Retention } from './retention.tsx';

/** What is kept of persons and for how long, what can be taken along, and what is erased (PRD-4). */
export function PrivacyPage(): ReactNode {
  const accountId = useAccountId();
  const maySeeExports = useMay('exports.list');
  const maySeeErasures = useMay('erasures.list');
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="What is kept of people, for how long and where, and how it leaves."
        examples={[
          exampleOf({
            operation: 'retention.get',
            input: { accountId },
            cli: `privacy retention --account ${accountId}`,
          }),
          exampleOf({
            operation: 'dataPlaces.get',
            input: { accountId },
            cli: `privacy places --account ${accountId}`,
          }),
          exampleOf({
            operation: 'exports.create',
            input: { accountId },
            cli: `privacy export --account ${accountId} --to account.tar.gz`,
          }),
          exampleOf({
            operation: 'erasures.create',
            input: { accountId, person: 'user:bob' },
            cli: `privacy erase user:bob --account ${accountId}`,
          }),
        ]}
      />
      <AccountTabs />
      <div className="grid gap-10">
        <Retention />
        <DataPlaces />
        {maySeeExports ? <Exports /> : null}
        {maySeeErasures ? <Erasures /> : null}
      </div>
    </>
  );
}
