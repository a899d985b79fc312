'use client';

import type { OwnCollectingState } from '@patchbay/domain/billing/own-collecting';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { CopyButton } from '@patchbay/ui/copy-button';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { isPlatform } from '../shell/account-standing.ts';
import { Changeable } from '../shell/changeable.tsx';
import { IfMay } from '../shell/if-may.tsx';

type Collecting = Outputs['collecting']['get'];

const stateTexts: Readonly<Record<OwnCollectingState, string>> = {
  none: 'The platform asks your customers',
  begins: 'Begins with the next month',
  collecting: 'You ask your customers yourself',
  ending: 'Ends with this month',
  ended: 'The platform asks your customers again',
};

/** Asking all below this account by a Stripe account of its own (decision 0017). The platform and test accounts have none. */
export function OwnStripe(): ReactNode {
  const { data: account } = useAccount();
  const isReseller = account !== undefined && !account.isTest && !isPlatform(account);
  return isReseller ? (
    <IfMay to="collecting.connect">
      <OwnStripeSection />
    </IfMay>
  ) : null;
}

function OwnStripeSection(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const collecting = useQuery(trpc.collecting.get.queryOptions({ accountId }));
  const { data, error } = collecting;
  return (
    <section aria-labelledby="own-stripe" className="grid max-w-2xl gap-3 border-t pt-5">
      <h2 id="own-stripe" className="font-semibold">
        Your own Stripe account
      </h2>
      <p className="text-ink-soft">
        Invoices to all below this account are raised at your Stripe account, in your name: they pay you, and
        you pay the platform what their use costs you. What goes back, and what a bank takes back, is yours.
      </p>
      {error === null ? null : <ProblemNote error={error} onRetry={() => void collecting.refetch()} />}
      {data === undefined ? null : (
        <>
          <Standing collecting={data} />
          <ConnectForm collecting={data} />
        </>
      )}
    </section>
  );
}

function Standing({ collecting }: { readonly collecting: Collecting }): ReactNode {
  const { state, fromPeriod, toPeriod, keyHint, openInvoiceCount, webhookUrl } = collecting;
  const isOn = state === 'collecting' || state === 'ending' || state === 'begins';
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={isOn ? 'live' : 'neutral'}>{stateTexts[state]}</Badge>
        {fromPeriod === undefined ? null : (
          <span className="text-ink-soft">
            {`From ${showPeriod(fromPeriod)}${toPeriod === undefined ? '' : ` to ${showPeriod(toPeriod)}`}`}
          </span>
        )}
        {keyHint === undefined ? null : <span className="text-ink-soft">{`Key …${keyHint}`}</span>}
        {openInvoiceCount === 0 ? null : (
          <span className="text-ink-soft">{`${openInvoiceCount} open at your Stripe account`}</span>
        )}
        {keyHint === undefined ? null : (
          <IfMay to="collecting.disconnect">
            <Disconnect collecting={collecting} />
          </IfMay>
        )}
      </div>
      <p className="min-w-0 break-all text-ink-faint">
        {`Your webhook endpoint at Stripe: ${webhookUrl} `}
        <CopyButton text={webhookUrl} label="Copy the address" />
      </p>
    </div>
  );
}

function ConnectForm({ collecting: { keyHint } }: { readonly collecting: Collecting }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const [secretKey, setKey] = useState('');
  const [secret, setSecret] = useState('');
  const connect = useMutation(
    trpc.collecting.connect.mutationOptions({
      onSuccess: async () => {
        setKey('');
        setSecret('');
        show({ title: 'Stripe took the key.', tone: 'live' });
        await queries.invalidateQueries(trpc.collecting.pathFilter());
      },
    }),
  );
  const isReady = secretKey !== '' && secret !== '';
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) connect.mutate({ accountId, secretKey, webhookSecrets: secret.split(/[\s,]+/) });
      }}
    >
      <Changeable
        by="collecting.connect"
        isNoted
        end={
          <Button
            type="submit"
            variant="primary"
            className="w-fit"
            disabled={!isReady}
            isPending={connect.isPending}
          >
            {keyHint === undefined ? 'Connect' : 'Replace the key'}
          </Button>
        }
      >
        <div className="grid gap-3 sm:grid-cols-2">
          <Field
            label="Restricted key"
            type="password"
            autoComplete="off"
            placeholder="rk_live_…"
            value={secretKey}
            onChange={(event) => setKey(event.target.value.trim())}
          />
          <Field
            label="Secret of the webhook endpoint"
            type="password"
            autoComplete="off"
            placeholder="whsec_…"
            value={secret}
            onChange={(event) => setSecret(event.target.value.trim())}
          />
        </div>
      </Changeable>
      {connect.error === null ? null : <ProblemNote error={connect.error} />}
    </form>
  );
}

function Disconnect({ collecting }: { readonly collecting: Collecting }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<'end' | 'forget'>();
  const disconnect = useMutation(
    trpc.collecting.disconnect.mutationOptions({
      onSuccess: async () => {
        setAsked(undefined);
        await queries.invalidateQueries(trpc.collecting.pathFilter());
      },
    }),
  );
  const { state, openInvoiceCount } = collecting;
  const goesOn = state === 'collecting' || state === 'begins';
  const open = openInvoiceCount === 1 ? 'One invoice is open' : `${openInvoiceCount} invoices are open`;
  return (
    <>
      <Button size="small" onClick={() => setAsked(goesOn ? 'end' : 'forget')}>
        {goesOn ? 'Leave it to the platform …' : 'Take the key back …'}
      </Button>
      <ConfirmDialog
        isOpen={asked !== undefined}
        onOpenChange={(isOpen) => setAsked(isOpen ? asked : undefined)}
        title={asked === 'forget' ? 'Take the key back' : 'Leave it to the platform'}
        verb={asked === 'forget' ? 'Take it back' : 'End with this month'}
        isPending={disconnect.isPending}
        onConfirm={() => disconnect.mutate({ accountId, forgetsKey: asked === 'forget' })}
      >
        {asked === 'forget' ? (
          <p>{`${open} at your Stripe account. They stay there, and nothing here follows them any more: no reminder is sent, and what is paid is not seen.`}</p>
        ) : (
          <p>{`From the next month on the platform asks your customers. ${open} at your Stripe account: they stay there, are reminded of and followed as before.`}</p>
        )}
        {disconnect.error === null ? null : <ProblemNote error={disconnect.error} />}
      </ConfirmDialog>
    </>
  );
}
