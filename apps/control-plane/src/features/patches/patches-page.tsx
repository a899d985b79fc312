'use client';

import { type PatchCable, patchGraph } from '@patchbay/domain/hooks/patch-graph';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Select } from '@patchbay/ui/select';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { Plus } from 'lucide-react';
import dynamic from 'next/dynamic';
import { type ReactNode, useMemo, useState } from 'react';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { CableDialog } from './cable-dialog.tsx';
import { type CableDraft, draftOf, targetName } from './cable-draft.ts';
import { CableForm, placedCable } from './cable-form.tsx';
import { CableTable } from './cable-table.tsx';
import { eventTakers, patchServices } from './known-services.ts';
import { PatchLegend } from './patch-legend.tsx';
import { scopeOfFlow, scopeOfPlace, usePatchPlace } from './patch-place.ts';
import { useCables } from './use-cables.ts';
import { useFlows } from './use-flows.ts';
import { useWideScreen } from './use-wide-screen.ts';

/** What draws is fetched on this page alone, and by whoever has room for a drawing. */
const PatchBoard = dynamic(() => import('./patch-board.tsx').then(({ PatchBoard: Board }) => Board), {
  ssr: false,
  loading: () => <Skeleton className="h-[34rem]" />,
});

const noFlows: never[] = [];
const emptyDraft: CableDraft = { eventType: '', target: '', texts: {} };

/** Services as boxes, events as cables: what the callbacks of an account say, as a drawing that can be drawn in (HKS-5). */
export function PatchesPage(): ReactNode {
  const accountId = useAccountId();
  const isWide = useWideScreen();
  const { options, value, place, choose, nameOf } = usePatchPlace();
  const list = useFlows(place);
  const { remove, mayChange } = useCables();
  const [draft, setDraft] = useState<CableDraft>();
  const [looked, setLooked] = useState<PatchCable>();
  const scope = scopeOfPlace(place);
  const mayDraw = patchServices.some(({ name }) => mayChange(name, scope.kind));
  const flows = list.data?.flows ?? noFlows;
  const graph = useMemo(
    () => patchGraph({ services: patchServices, takers: eventTakers, flows, place }),
    [flows, place],
  );
  const mayChangeCable = (cable: PatchCable) =>
    cable.isEditable && mayChange(cable.from.box, scopeOfFlow(cable.flow).kind);
  const open = (cable: PatchCable) => (mayChangeCable(cable) ? setDraft(draftOf(cable)) : setLooked(cable));
  const removeCable = (cable: PatchCable) => remove(placedCable(cable));
  const setFor = ({ flow }: PatchCable) => placeWords(flow, nameOf);
  const label = options.find((option) => option.value === value)?.label ?? value;
  return (
    <>
      <PageHeader
        title="Patches"
        scope="Of this account alone: its services as boxes, the events that one gives to another as cables."
        examples={examplesOf(accountId)}
        actions={
          mayDraw ? (
            <Button variant="primary" onClick={() => setDraft(emptyDraft)}>
              <Plus aria-hidden />
              New cable
            </Button>
          ) : null
        }
      />
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <Select label="Of" value={value} options={options} onChange={choose} isLabelled />
        {isWide ? <PatchLegend isInheriting={place.applicationId !== undefined} /> : null}
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.hasMore === true ? (
        <Callout tone="wait" title="There are more cables than are shown.">
          <p>Choose an application or an instance type above.</p>
        </Callout>
      ) : null}
      {list.data === undefined ? (
        list.error === null ? (
          <Loading isWide={isWide} />
        ) : null
      ) : (
        <div className="grid gap-6">
          {isWide ? (
            <PatchBoard
              key={value}
              graph={graph}
              mayDraw={mayDraw}
              onDraw={({ service, event }, { box, port }) =>
                setDraft({
                  eventType: `${service}.${event}`,
                  target: targetName({ service: box, operation: port }),
                  texts: {},
                })
              }
              onOpen={open}
              onRemove={removeCable}
            />
          ) : null}
          <section aria-labelledby="cables">
            <h2 id="cables" className="mb-1 font-semibold">
              Cables
            </h2>
            {graph.cables.length === 0 ? (
              <p className="border-y py-2 text-ink-faint">{emptyWords(mayDraw)}</p>
            ) : (
              <CableTable
                cables={graph.cables}
                setFor={setFor}
                mayChange={mayChangeCable}
                onOpen={open}
                onRemove={removeCable}
              />
            )}
          </section>
        </div>
      )}
      {draft === undefined ? null : (
        <CableForm
          draft={draft}
          scope={scope}
          placeLabel={`Set for ${draft.cable === undefined ? placeLabelOf(value, label) : setFor(draft.cable)}.`}
          onDone={() => setDraft(undefined)}
        />
      )}
      {looked === undefined ? null : (
        <CableDialog cable={looked} setFor={setFor(looked)} onDone={() => setLooked(undefined)} />
      )}
    </>
  );
}

const placeLabelOf = (value: string, label: string): string => (value === 'account' ? 'this account' : label);

function placeWords(
  { applicationId, instanceType, endpointId }: PatchCable['flow'],
  nameOf: (id: string) => string,
): string {
  if (endpointId !== undefined) return 'an endpoint';
  if (applicationId === undefined) return 'this account';
  return instanceType === undefined ? nameOf(applicationId) : `${nameOf(applicationId)}, ${instanceType}`;
}

const emptyWords = (mayDraw: boolean): string =>
  mayDraw
    ? 'No event goes anywhere yet. Draw from an event at the right of a box to an operation at the left of another, or choose both with New cable: each call that ends may be a message in a channel, and what was spoken a message that says where it is.'
    : 'No event goes anywhere yet.';

function Loading({ isWide }: { readonly isWide: boolean }): ReactNode {
  return (
    <div className="grid gap-6">
      {isWide ? <Skeleton className="h-[34rem]" /> : null}
      <TableSkeleton rows={3} />
    </div>
  );
}

const examplesOf = (accountId: string) => [
  exampleOf({
    operation: 'signaling.putCallbacks',
    input: {
      accountId,
      callbacks: [
        { url: 'service:notification?channel=calls', events: ['session.started', 'session.ended'] },
      ],
    },
    title: 'Give each call that begins or ends to a channel',
  }),
  exampleOf({ operation: 'flows.list', input: { accountId } }),
];
