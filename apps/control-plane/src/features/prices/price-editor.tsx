'use client';

import { Button } from '@patchbay/ui/button';
import { Input } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { ChangedMeanwhile } from '../problem/changed-meanwhile.tsx';
import { currentOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { pricedServices, serviceTitle } from '../usage/meters.ts';
import { effectiveFromOf, firstDayAhead, plannedTimes } from './planned-prices.ts';
import {
  draftKey,
  draftsOf,
  type EffectivePrice,
  isMistyped,
  type PriceDraft,
  type ProfilePrice,
  pricesNow,
  pricesToSet,
} from './price-draft.ts';
import { changesIn, mergedDrafts } from './price-merge.ts';
import { PriceRow } from './price-row.tsx';
import type { EditedPrices, EditedService } from './use-price-drafts.ts';

export interface PriceEditorProps {
  /** Absent: all children. */
  readonly childId: string | undefined;
  /** What was set for all of them or this one, for now and for later. */
  readonly profile: readonly ProfilePrice[];
  readonly nowMs: number;
  /** What all children pay, for the editor of a single one. */
  readonly defaults: readonly ProfilePrice[];
  readonly paid: readonly EffectivePrice[];
  readonly currency: string;
  /** What is typed and not saved, by service. */
  readonly edited: EditedPrices;
  /** Undefined: back to what is saved. */
  readonly onEdit: (service: string, next: EditedService | undefined) => void;
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
  const { service, childId, profile, nowMs, defaults, paid, currency, onEdit } = props;
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const toast = useToast();
  const draftsIn = (items: readonly ProfilePrice[]) => draftsOf(service, pricesNow(items, childId, nowMs));
  // What prices.get and prices.getForChildren answer: the tag of the one is the tag of the other.
  const now = { items: profile.filter((price) => price.service === service) };
  const edited = props.edited[service];
  const seen = edited?.seen ?? now;
  const from = edited?.from ?? '';
  const effectiveFrom = effectiveFromOf(from);
  const begun = from === '' ? {} : { from };
  const setEdited = (drafts: readonly PriceDraft[] | undefined) =>
    onEdit(service, drafts === undefined ? undefined : { drafts, seen, ...begun });
  const drafts = edited?.drafts ?? draftsIn(now.items);
  const options = {
    ...unlessChanged(seen),
    onSuccess: () => {
      setEdited(undefined);
      if (effectiveFrom === undefined)
        toast({
          tone: 'live',
          title: 'The prices hold from this minute on.',
          detail: 'What was used in it already is rated with them too.',
        });
      else
        toast({
          tone: 'live',
          title: `The prices hold from ${from} on.`,
          detail: 'Until then those hold that do now.',
        });
      void queries.invalidateQueries({ queryKey: trpc.prices.pathKey() });
    },
  } as const;
  const setForAll = useMutation(trpc.prices.setForChildren.mutationOptions(options));
  const setForOne = useMutation(trpc.prices.set.mutationOptions(options));
  const isPending = setForAll.isPending || setForOne.isPending;
  const failed = setForAll.error ?? setForOne.error;
  const current = currentOf<EditedService['seen']>(failed);
  const three =
    current === undefined
      ? undefined
      : { base: draftsIn(seen.items), mine: drafts, theirs: draftsIn(current.items), currency };
  const goOn = (next: EditedService | undefined) => {
    onEdit(service, next);
    setForAll.reset();
    setForOne.reset();
    void queries.invalidateQueries({ queryKey: trpc.prices.pathKey() });
  };
  const isWrong = drafts.some((draft) => isMistyped(service, draft));
  const save = () => {
    const fields = {
      ...{ service, prices: pricesToSet(service, drafts), currency },
      ...(effectiveFrom === undefined ? {} : { effectiveFrom }),
    };
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
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b py-0.5">
        <h3 className="font-medium">{serviceTitle(service)}</h3>
        <span className="flex flex-wrap items-center gap-2">
          {edited === undefined ? null : (
            <>
              <span className="flex items-center gap-1.5 text-sm text-ink-soft">
                from
                <Input
                  type="date"
                  aria-label={`First day of the prices of ${serviceTitle(service)}, by UTC; now, if there is none`}
                  title="By UTC. Empty: from now on."
                  className="h-7 w-36"
                  min={firstDayAhead(nowMs)}
                  value={from}
                  onChange={({ target: { value } }) =>
                    onEdit(service, { drafts, seen, ...(value === '' ? {} : { from: value }) })
                  }
                />
              </span>
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
      {plannedTimes(profile, { nowMs, service }).map((time) => (
        <p key={time} className="py-1 text-sm text-ink-soft">
          Other prices are set from <time dateTime={time}>{showMoment(time)}</time> on.
        </p>
      ))}
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
      {failed === null ? null : (
        <div className="mt-2">
          {three === undefined || current === undefined ? (
            <ProblemNote error={failed} />
          ) : (
            <ChangedMeanwhile
              changes={changesIn(service, three)}
              onKeep={() => goOn({ drafts: mergedDrafts(three), seen: current })}
              onDiscard={() => goOn(undefined)}
            />
          )}
        </div>
      )}
    </form>
  );
}
