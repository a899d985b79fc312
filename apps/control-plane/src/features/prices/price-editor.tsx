'use client';

import { Button } from '@patchbay/ui/button';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { pricedServices, serviceTitle } from '../usage/meters.ts';
import {
  draftKey,
  draftsOf,
  type EffectivePrice,
  isMistyped,
  type PriceDraft,
  type ProfilePrice,
  pricesToSet,
} from './price-draft.ts';
import { PriceRow } from './price-row.tsx';

export interface PriceEditorProps {
  /** Absent: all children. */
  readonly childId: string | undefined;
  readonly prices: readonly ProfilePrice[];
  /** What all children pay, for the editor of a single one. */
  readonly defaults: readonly ProfilePrice[];
  readonly paid: readonly EffectivePrice[];
  readonly currency: string;
  /** What is typed and not saved, by service. */
  readonly edited: Readonly<Record<string, readonly PriceDraft[]>>;
  /** Undefined: back to what is saved. */
  readonly onEdit: (service: string, drafts: readonly PriceDraft[] | undefined) => void;
}

/** The prices for all children or one child, a service at a time: each is saved by itself. */
export function PriceEditor(props: PriceEditorProps): ReactNode {
  const isForAll = props.childId === undefined;
  return (
    <div className="grid gap-6">
      <Changeable
        by={isForAll ? 'prices.setForChildren' : 'prices.set'}
        // A price for one is set at the account below that pays it.
        place={isForAll ? 'here' : 'below'}
      >
        {pricedServices.map((service) => (
          <ServicePrices key={service} service={service} {...props} />
        ))}
      </Changeable>
    </div>
  );
}

function ServicePrices(props: PriceEditorProps & { readonly service: string }): ReactNode {
  const { service, childId, prices, defaults, paid, currency, onEdit } = props;
  const trpc = useTRPC();
  const accountId = useAccountId();
  const toast = useToast();
  const saved = draftsOf(service, prices);
  const edited = props.edited[service];
  const setEdited = (next: readonly PriceDraft[] | undefined) => onEdit(service, next);
  const drafts = edited ?? saved;
  const options = {
    onSuccess: () => {
      setEdited(undefined);
      toast({
        tone: 'live',
        title: 'The prices hold from this minute on.',
        detail: 'What was used in it already is rated with them too.',
      });
    },
  } as const;
  const setForAll = useMutation(trpc.prices.setForChildren.mutationOptions(options));
  const setForOne = useMutation(trpc.prices.set.mutationOptions(options));
  const isPending = setForAll.isPending || setForOne.isPending;
  const error = setForAll.error ?? setForOne.error;
  const isWrong = drafts.some((draft) => isMistyped(service, draft));
  const save = () => {
    const fields = { service, prices: pricesToSet(service, drafts), currency };
    if (childId === undefined) setForAll.mutate({ accountId, ...fields });
    else setForOne.mutate({ accountId: childId, ...fields });
  };
  const change = (changed: PriceDraft, index: number) => setEdited(drafts.toSpliced(index, 1, changed));
  return (
    <form
      aria-label={`Prices of ${serviceTitle(service)}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) save();
      }}
    >
      <div className="flex h-8 items-center justify-between border-b">
        <h3 className="font-medium">{serviceTitle(service)}</h3>
        <span className="flex gap-2">
          {edited === undefined ? null : (
            <>
              <Button size="small" variant="ghost" onClick={() => setEdited(undefined)}>
                As it was
              </Button>
              <Button size="small" variant="primary" type="submit" isPending={isPending} disabled={isWrong}>
                Save
              </Button>
            </>
          )}
        </span>
      </div>
      {drafts.map((draft, index) => (
        <PriceRow
          key={draftKey(draft)}
          service={service}
          draft={draft}
          paid={paid}
          fallback={defaults}
          isForOne={childId !== undefined}
          currency={currency}
          onChange={(changed) => change(changed, index)}
          onAdd={(where) => {
            const added: PriceDraft = { meter: draft.meter, where, text: '', isFlat: false };
            if (drafts.some((one) => draftKey(one) === draftKey(added))) return;
            setEdited(drafts.toSpliced(index + 1, 0, added));
          }}
        />
      ))}
      {error === null ? null : (
        <div className="mt-2">
          <ProblemNote error={error} />
        </div>
      )}
    </form>
  );
}
