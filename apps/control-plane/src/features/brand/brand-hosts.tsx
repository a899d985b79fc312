'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { CopyButton } from '@patchbay/ui/copy-button';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import { CircleCheck, CircleDashed } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';

type Host = Outputs['brandHosts']['list']['items'][number];

/** The hosts of an account, and what proves each: two records, and a button that looks. */
export function BrandHosts({ hosts }: { readonly hosts: readonly Host[] }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [host, setHost] = useState('');
  const add = useMutation(trpc.brandHosts.add.mutationOptions({ onSuccess: () => setHost('') }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (host.trim() !== '') add.mutate({ accountId, host: host.trim() });
  };
  return (
    <section aria-labelledby="hosts" className="grid gap-3">
      <div>
        <h2 id="hosts" className="font-semibold">
          Hosts
        </h2>
        <p className="text-ink-soft">
          Names of yours for the dashboard and the API, for mails, and for relays. A host is yours once its
          record says so.
        </p>
      </div>
      {hosts.length === 0 ? null : (
        <ul className="grid divide-y divide-line border-y">
          {hosts.map((each) => (
            <HostRow key={each.id} host={each} />
          ))}
        </ul>
      )}
      <IfMay to="brandHosts.add">
        <form onSubmit={submit} className="flex max-w-xl flex-wrap items-end gap-2">
          <Field
            label="Another host"
            className="min-w-0 flex-1"
            placeholder="voice.example.com"
            autoCapitalize="none"
            spellCheck={false}
            value={host}
            onChange={({ target }) => setHost(target.value)}
          />
          <Button type="submit" isPending={add.isPending} disabled={host.trim() === ''}>
            Add it
          </Button>
        </form>
      </IfMay>
      {add.error === null ? null : <ProblemNote error={add.error} />}
    </section>
  );
}

function HostRow({ host }: { readonly host: Host }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isAsked, setAsked] = useState(false);
  const verify = useMutation(trpc.brandHosts.verify.mutationOptions());
  const remove = useMutation(trpc.brandHosts.remove.mutationOptions({ onSuccess: () => setAsked(false) }));
  const isProved = host.state === 'proved';
  return (
    <li className="grid gap-2 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <span className="min-w-0 flex-1 font-medium break-all max-sm:basis-full">{host.host}</span>
        {isProved ? (
          <Badge tone="live" icon={<CircleCheck aria-hidden />}>
            yours
          </Badge>
        ) : (
          <Badge tone="wait" icon={<CircleDashed aria-hidden />}>
            waits for its record
          </Badge>
        )}
        {isProved ? null : (
          <IfMay to="brandHosts.verify">
            <Button
              size="small"
              isPending={verify.isPending}
              onClick={() => verify.mutate({ accountId, hostId: host.id })}
            >
              Look for the record
            </Button>
          </IfMay>
        )}
        <IfMay to="brandHosts.remove">
          <Button size="small" variant="ghost" onClick={() => setAsked(true)}>
            Give it up
          </Button>
        </IfMay>
      </div>
      <dl className="grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[5rem_1fr]">
        <RecordLine kind="TXT" name={host.record.name} value={host.record.value} />
        <RecordLine kind="CNAME" name={host.host} value={host.pointsTo} />
      </dl>
      {verify.error === null ? null : <ProblemNote error={verify.error} />}
      <ConfirmDialog
        isOpen={isAsked}
        onOpenChange={setAsked}
        title={`Give ${host.host} up?`}
        verb="Give it up"
        isPending={remove.isPending}
        onConfirm={() => remove.mutate({ accountId, hostId: host.id })}
      >
        <p>
          {isProved
            ? 'Within seconds nothing is served at it any more. Whoever is signed in there is not, and mails and relays do without it.'
            : 'It was not proved, and nothing uses it.'}
        </p>
        {remove.error === null ? null : <ProblemNote error={remove.error} />}
      </ConfirmDialog>
    </li>
  );
}

interface RecordLineProps {
  readonly kind: string;
  readonly name: string;
  readonly value: string;
}

function RecordLine({ kind, name, value }: RecordLineProps): ReactNode {
  return (
    <>
      <dt className="text-ink-faint">{kind}</dt>
      <dd className="flex min-w-0 flex-wrap items-center gap-x-2">
        <code className="break-all text-ink-soft">{name}</code>
        <CopyButton text={name} label={`Copy the name of the ${kind} record`} />
        <code className="break-all">{value}</code>
        <CopyButton text={value} label={`Copy the value of the ${kind} record`} />
      </dd>
    </>
  );
}
