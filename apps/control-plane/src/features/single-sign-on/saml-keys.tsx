'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { ToCopy } from './step.tsx';

type Keys = Outputs['sso']['get']['saml']['keys'];

const asPem = (certificate: string) =>
  `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----`;

/** Our own key pairs: what the provider may encrypt to, and knows our requests by. */
export function SamlKeys({ keys }: { readonly keys: Keys }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const mayMake = useMay('sso.rotateSamlKey');
  const mayEnd = useMay('sso.endReplacedSamlKey');
  const [isEnding, setEnding] = useState(false);
  const make = useMutation(trpc.sso.rotateSamlKey.mutationOptions());
  const end = useMutation(trpc.sso.endReplacedSamlKey.mutationOptions({ onSettled: () => setEnding(false) }));
  const [newest, replaced] = keys;
  const error = make.error ?? end.error;
  return (
    <div className="grid gap-2">
      <span className="font-medium">Our key pair</span>
      <p className="max-w-prose text-sm text-ink-soft">
        With its certificate your provider can encrypt what it says to us, and know our requests by their
        signature. Our metadata have it. Neither is needed: without it answers travel by TLS alone.
      </p>
      <ul className="grid gap-1">
        {keys.map(({ fingerprint, createdAt, endsAt }) => (
          <li key={fingerprint} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <code className="text-sm" title={`SHA-256: ${fingerprint}`}>
              {fingerprint.slice(0, 16)}…
            </code>
            <span className="text-sm text-ink-soft">made {showDay(createdAt)}</span>
            {endsAt === undefined ? null : <Badge tone="wait">replaced, ends {showDay(endsAt)}</Badge>}
          </li>
        ))}
      </ul>
      {newest === undefined ? null : (
        <details>
          <summary className="cursor-pointer text-sm">Certificate of the newest, as PEM</summary>
          <div className="mt-2">
            <ToCopy label="For a provider that does not read our metadata" text={asPem(newest.certificate)} />
          </div>
        </details>
      )}
      {error === null ? null : <ProblemNote error={error} />}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {mayMake && replaced === undefined ? (
          <Button isPending={make.isPending} onClick={() => make.mutate({ accountId })}>
            {newest === undefined ? 'Make a key pair' : 'Replace it'}
          </Button>
        ) : null}
        {mayEnd && replaced !== undefined ? (
          <Button variant="ghost" onClick={() => setEnding(true)}>
            End the replaced one now
          </Button>
        ) : null}
      </div>
      {isEnding ? (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setEnding(false)}
          title="End the replaced key now?"
          verb="End it"
          isPending={end.isPending}
          onConfirm={() => end.mutate({ accountId })}
        >
          <p>
            From then on requests are signed by the newer key, and what is encrypted to the older one is not
            opened. Do it once your provider has the newer certificate.
          </p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}
