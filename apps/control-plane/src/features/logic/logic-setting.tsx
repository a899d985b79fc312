'use client';

import { Button } from '@patchbay/ui/button';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton } from '@patchbay/ui/skeleton';
import { type ReactNode, useState } from 'react';
import { ProblemNote } from '../problem/problem-note.tsx';
import { IfMay } from '../shell/if-may.tsx';
import { LogicForm } from './logic-form.tsx';
import { type LogicAddress, type LogicScope, useLogic } from './use-logic.ts';

const nothing: Readonly<Record<LogicScope['kind'], string>> = {
  account:
    'Calls ring where they are meant for. With an address of your server here, a document from there decides about each call: who rings, in which order, and who is turned away.',
  application:
    'Nothing decides about calls to the endpoints of this application alone. A document of your server can: who rings, in which order, and who is turned away.',
  endpoint:
    'Nothing decides about calls to this endpoint alone. A document of your server can: who rings, in which order, and who is turned away.',
};

const kinds = { json: 'JSON, signed', twiml: 'XML, asked with form fields' } as const;

/** Where the documents come from that decide about calls to an endpoint, to those of an application, or to all (HKS-3). */
export function LogicSetting({ scope }: { readonly scope: LogicScope }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const { accountId, found, own, remove } = useLogic(scope);
  return (
    <section aria-labelledby="logic" className="min-w-0">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="logic" className="font-semibold">
          Application logic
        </h2>
        <span className="flex flex-wrap justify-end gap-1">
          {own === undefined ? null : (
            <IfMay to="logic.remove">
              <Button
                size="small"
                variant="ghost"
                isPending={remove.isPending}
                onClick={() => remove.mutate({ accountId, mappingId: own.id })}
              >
                Remove
              </Button>
            </IfMay>
          )}
          <IfMay to="logic.set">
            <Button size="small" onClick={() => setOpen(true)} disabled={found.data === undefined}>
              {own === undefined ? 'Set an address' : 'Change'}
            </Button>
          </IfMay>
        </span>
      </div>
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-9 max-w-xl" /> : null}
      {found.data !== undefined && own === undefined ? (
        <p className="border-y py-2 text-ink-faint">{nothing[scope.kind]}</p>
      ) : null}
      {own === undefined ? null : <LogicFacts address={own} />}
      {isOpen ? <LogicForm scope={scope} onDone={() => setOpen(false)} /> : null}
    </section>
  );
}

function LogicFacts({ address }: { readonly address: LogicAddress }): ReactNode {
  const { url, fallbackUrl, kind } = address;
  return (
    <Facts className="max-w-xl">
      <Fact term="Address">
        <span className="wrap-anywhere">{url}</span>
      </Fact>
      <Fact term="Fallback">
        {fallbackUrl === undefined ? (
          <span className="text-ink-faint">none</span>
        ) : (
          <span className="wrap-anywhere">{fallbackUrl}</span>
        )}
      </Fact>
      <Fact term="Form">{kinds[kind]}</Fact>
    </Facts>
  );
}
