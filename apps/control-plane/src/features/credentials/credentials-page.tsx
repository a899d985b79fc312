'use client';

import { services } from '@patchbay/services/registry.generated';
import { Callout } from '@patchbay/ui/callout';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf, exampleOfAny } from '../as-code/code-example.ts';
import { OpenSample } from '../sample/open-sample.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { listRequest } from '../shell/list-request.ts';
import { LookOnly } from '../shell/look-only.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useMay, useRights } from '../shell/use-may.ts';
import { MintForm } from './mint-form.tsx';
import { mintings } from './minting.ts';
import { RevokeCredential } from './revoke-credential.tsx';

/** Ephemeral credentials (ACC-7): mint one to try, with its limits, and end one that somebody has. */
export function CredentialsPage(): ReactNode {
  const accountId = useAccountId();
  const router = useRouter();
  const pathname = usePathname();
  const parameters = useSearchParams();
  const asked = parameters.get('try');
  const applicationId = parameters.get('application') ?? '';
  const rights = useRights();
  const mayRevoke = useMay('credentials.revoke');
  // Each by itself: a role may mint for one service, and not for another.
  const mine = mintings.filter(({ service, operation }) => rights(`${service}.${operation}`) !== false);
  const minting = mine.find(({ service }) => services[service].name === asked) ?? mine[0];
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of this account. Your server mints the same offline, without asking us."
        examples={[
          ...mintings.map(({ service, operation, example }) =>
            exampleOfAny({
              operation: `${service}.${operation}`,
              input: { accountId, ...example },
              ...(operation === 'createIceServers'
                ? { cli: `ice --account ${accountId} --identity bob --ttl 600` }
                : {}),
            }),
          ),
          exampleOf({
            operation: 'credentials.revoke',
            input: { accountId, username: 'the username of the credential' },
          }),
        ]}
        actions={<OpenSample isBrief />}
      />
      <AccountTabs />
      <div className="grid grid-cols-1 gap-x-16 gap-y-10 xl:grid-cols-[minmax(0,40rem)_minmax(0,1fr)]">
        <section aria-labelledby="mint" className="grid min-w-0 content-start gap-4">
          <h2 id="mint" className="font-semibold">
            Mint one to try
          </h2>
          {minting === undefined ? (
            <LookOnly />
          ) : (
            <>
              <KeyNote />
              <Labelled label="For">
                <Select
                  label="For"
                  value={services[minting.service].name}
                  options={mine.map(({ service, title }) => ({
                    value: services[service].name,
                    label: title,
                  }))}
                  onChange={(name) => {
                    const next = new URLSearchParams(parameters);
                    next.set('try', name);
                    router.replace(`${pathname}?${next}`, { scroll: false });
                  }}
                />
              </Labelled>
              <MintForm
                key={`${accountId} ${minting.service} ${minting.operation}`}
                minting={minting}
                applicationId={applicationId}
              />
            </>
          )}
        </section>
        <section aria-labelledby="revoke" className="grid min-w-0 content-start gap-4 max-xl:max-w-2xl">
          <h2 id="revoke" className="font-semibold">
            {mayRevoke ? 'Revoke one' : 'Read one'}
          </h2>
          <RevokeCredential />
        </section>
      </div>
    </>
  );
}

/** Which key mints, and what to do where none can. */
function KeyNote(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const keys = useQuery(trpc.keys.list.queryOptions(listRequest(accountId)));
  const own = keys.data?.items.filter(
    ({ mode, scopes, revokedAt, expiresAt }) =>
      mode === 'live' && revokedAt === undefined && expiresAt === undefined && scopes.includes('*'),
  );
  if (keys.data === undefined || account === undefined) return null;
  if (account.isPlatform) {
    return (
      <Callout tone="wait" title="The platform’s own account mints for nobody.">
        Choose an account below it: credentials are of the account whose use they are.
      </Callout>
    );
  }
  const newest = own?.at(-1);
  if (newest !== undefined || keys.data.nextCursor !== undefined) {
    const isNewestKnown = newest !== undefined && keys.data.nextCursor === undefined;
    return (
      <p className="text-pretty text-ink-soft">
        Minted with {isNewestKnown ? `the key “${newest.name}”` : 'the newest live key of full scope'}, as a
        server would that has it. Test keys are never used here: what they mint, relays and signaling refuse.
      </p>
    );
  }
  return (
    <Callout
      tone={account.ancestors.length === 0 ? 'wait' : 'info'}
      title="No key of this account can mint."
      action={
        <Link href={pagePath(accountId, 'keys')} className="underline underline-offset-2">
          Keys
        </Link>
      }
    >
      It takes a live key that may do everything and does not expire; a test key mints nothing that relays or
      signaling take. The nearest account above that has such a key mints in its place, for this account.
    </Callout>
  );
}
