'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { type BrandDraft, draftOf, previewOf } from './brand-draft.ts';
import { BrandForm } from './brand-form.tsx';
import { BrandHosts } from './brand-hosts.tsx';
import { BrandLogos } from './brand-logos.tsx';
import { BrandPreview } from './brand-preview.tsx';

type Brand = Outputs['brand']['get'];
type Host = Outputs['brandHosts']['list']['items'][number];

/** How the account appears to those below it, with a preview (PRD-2). */
export function BrandPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const brand = useQuery(trpc.brand.get.queryOptions({ accountId }));
  const hosts = useQuery(trpc.brandHosts.list.queryOptions({ accountId }));
  const error = brand.error ?? hosts.error;
  const refetch = () => Promise.all([brand.refetch(), hosts.refetch()]);
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="How this account appears to all below it. What it sees itself is the brand of whoever is above."
        examples={[
          exampleOf({
            operation: 'brand.set',
            input: {
              accountId,
              name: 'Northwind Voice',
              accent: '#0550d0',
              supportUrl: 'https://northwind.example/help',
            },
            cli: `brand set --account ${accountId} --name 'Northwind Voice' --accent '#0550d0'`,
          }),
          exampleOf({
            operation: 'brandHosts.add',
            input: { accountId, host: 'voice.northwind.example' },
            cli: `brand host add voice.northwind.example --account ${accountId}`,
          }),
        ]}
      />
      <AccountTabs />
      {error === null ? null : <ProblemNote error={error} onRetry={() => void refetch()} />}
      {brand.isPending || hosts.isPending ? <TableSkeleton rows={8} /> : null}
      {brand.data === undefined || hosts.data === undefined ? null : (
        <BrandEditor brand={brand.data} hosts={hosts.data.items} />
      )}
    </>
  );
}

/** What is typed, and what it was begun from. */
interface Edited {
  readonly draft: BrandDraft;
  readonly seen: Brand;
}

const isSame = (one: Brand['own'], other: Brand['own']): boolean =>
  JSON.stringify(draftOf(one)) === JSON.stringify(draftOf(other));

function BrandEditor({
  brand,
  hosts,
}: {
  readonly brand: Brand;
  readonly hosts: readonly Host[];
}): ReactNode {
  const { own, shown } = brand;
  const [edited, setEdited] = useState<Edited>();
  // What else the answer says, such as the logos, is changed on this page too while the fields are edited.
  const seen = edited === undefined || isSame(edited.seen.own, own) ? brand : edited.seen;
  const draft = edited?.draft ?? draftOf(own);
  const mayChange = useMay('brand.set');
  const logos = own?.logos ?? {};
  const proved = hosts.filter(({ state }) => state === 'proved').map(({ host }) => host);
  return (
    <div className="grid gap-x-12 gap-y-10 xl:grid-cols-[minmax(0,1fr)_26rem] 2xl:grid-cols-[minmax(0,1fr)_40rem]">
      <div className="grid content-start gap-10">
        {own === undefined ? (
          <Callout title={`Your customers see ${shown.name}`}>
            Give your brand a name, and they see that instead: on the dashboard, in mails, in the
            documentation and at the API. Nothing above you shows to them any more.
          </Callout>
        ) : null}
        {mayChange ? (
          <BrandForm
            draft={draft}
            seen={seen}
            onDraft={(next) => setEdited({ draft: next, seen })}
            onSaved={() => setEdited(undefined)}
            onReload={(current) => setEdited({ draft: draftOf(current.own), seen: current })}
            hosts={proved}
          />
        ) : (
          <ReadOnly />
        )}
        {own === undefined ? null : <BrandLogos logos={logos} />}
        <BrandHosts hosts={hosts} />
        {own === undefined ? null : (
          <IfMay to="brand.remove">
            <TakeBack name={own.name} shownName={shown.name} />
          </IfMay>
        )}
      </div>
      <BrandPreview brand={previewOf(draft, logos)} />
    </div>
  );
}

const ReadOnly = () => (
  <p className="border-y py-3 text-ink-soft">Whoever administers this account can change its brand.</p>
);

function TakeBack({ name, shownName }: { readonly name: string; readonly shownName: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isAsked, setAsked] = useState(false);
  const remove = useMutation(trpc.brand.remove.mutationOptions({ onSuccess: () => setAsked(false) }));
  return (
    <section aria-labelledby="take-back" className="grid justify-items-start gap-2">
      <h2 id="take-back" className="font-semibold">
        Take the brand back
      </h2>
      <p className="text-ink-soft">
        All below you see {shownName} again, and your hosts show nothing. The hosts stay yours.
      </p>
      <Button variant="danger" onClick={() => setAsked(true)}>
        Take it back
      </Button>
      <ConfirmDialog
        isOpen={isAsked}
        onOpenChange={setAsked}
        title={`Take ${name} back?`}
        verb="Take it back"
        name={name}
        isPending={remove.isPending}
        onConfirm={() => remove.mutate({ accountId })}
      >
        <p>Your customers see {shownName} from the next page on. The logos are gone.</p>
        {remove.error === null ? null : <ProblemNote error={remove.error} />}
      </ConfirmDialog>
    </section>
  );
}
