'use client';

import { sso } from '@patchbay/domain/sso/definition';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { useMay } from '../shell/use-may.ts';
import { Step, ToCopy } from './step.tsx';

type Domain = Outputs['ssoDomains']['list']['items'][number];

const schema = sso.resources.ssoDomains.operations.add.request;

/** Which addresses are of the organisation, each domain proved by a record that only whoever runs it can write. */
export function DomainsStep({ domains }: { readonly domains: readonly Domain[] }): ReactNode {
  const mayAdd = useMay('ssoDomains.add');
  return (
    <Step
      number={1}
      title="Your domains"
      lead="What stands behind the @ of your people’s addresses. A domain counts once you have proved that it is yours."
      isDone={domains.some(({ provedAt }) => provedAt !== undefined)}
    >
      {domains.length === 0 && !mayAdd ? <p className="text-ink-faint">No domain is named.</p> : null}
      {domains.map((domain) => (
        <DomainRow key={domain.id} domain={domain} />
      ))}
      {mayAdd ? <AddDomain key={domains.length} /> : null}
    </Step>
  );
}

function AddDomain(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const add = useMutation(trpc.ssoDomains.add.mutationOptions());
  const form = useForm({
    schema,
    read: (text) => ({ domain: text('domain') }),
    onValid: (fields) => add.mutate({ accountId, ...fields }),
    refusal: add.error,
    fieldsByCode: { 'sso.domain_taken': 'domain' },
  });
  return (
    <form {...form.props} className="grid max-w-md gap-3">
      <Field
        label="Domain"
        name="domain"
        placeholder="example.com"
        autoComplete="off"
        error={form.errorOf('domain')}
      />
      {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
      <div>
        <Button type="submit" isPending={add.isPending}>
          Add the domain
        </Button>
      </div>
    </form>
  );
}

function DomainRow({
  domain: { id: domainId, domain, record, provedAt, missingSince },
}: {
  readonly domain: Domain;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const refusal = useRefusalToast();
  const [isRemoving, setRemoving] = useState(false);
  const verify = useMutation(trpc.ssoDomains.verify.mutationOptions());
  const remove = useMutation(
    trpc.ssoDomains.remove.mutationOptions({ onSuccess: () => setRemoving(false), onError: refusal }),
  );
  const isProved = provedAt !== undefined;
  return (
    <div className="grid gap-3 border-b pb-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium break-all">{domain}</span>
        <Badge tone={isProved ? 'live' : 'wait'}>{isProved ? 'proved' : 'not proved'}</Badge>
        {isProved ? <span className="text-sm text-ink-faint">since {showDay(provedAt)}</span> : null}
        <IfMay to="ssoDomains.remove">
          <Button
            size="small"
            variant="ghost"
            className="ml-auto"
            onClick={() => setRemoving(true)}
            aria-label={`Remove ${domain}`}
          >
            Remove
          </Button>
        </IfMay>
      </div>
      {missingSince === undefined ? null : (
        <Callout tone="wait" title={`Its record has not been found since ${showDay(missingSince)}.`}>
          Put it back within three days of that, or the domain counts as proved no longer.
        </Callout>
      )}
      {isProved && missingSince === undefined ? null : (
        <>
          <p className="text-sm text-ink-soft">
            Where the names of {domain} are kept, add a TXT record. It may take some minutes until we see it.
          </p>
          <div className="grid gap-3 md:grid-cols-2">
            <ToCopy label="Name" text={record.name} />
            <ToCopy label="Value" text={record.value} />
          </div>
          {verify.data?.found !== undefined ? (
            <Callout tone="wait" title="The record is not there yet.">
              {(verify.data.found ?? []).length === 0
                ? `Nothing stands at ${record.name}.`
                : `There stands: ${verify.data.found?.join(', ')}`}
            </Callout>
          ) : null}
          {verify.error === null ? null : <ProblemNote error={verify.error} />}
          <IfMay to="ssoDomains.verify">
            <div>
              <Button isPending={verify.isPending} onClick={() => verify.mutate({ accountId, domainId })}>
                Look for the record
              </Button>
            </div>
          </IfMay>
        </>
      )}
      {isRemoving ? (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRemoving(false)}
          title={`Remove ${domain}?`}
          verb="Remove it"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ accountId, domainId })}
        >
          <p>
            Nobody with an address at {domain} signs in by your provider any more, and another organisation
            can prove it. Sessions that are open stay.
          </p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}
