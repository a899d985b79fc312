'use client';

import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangedMeanwhile } from '../problem/changed-meanwhile.tsx';
import { currentOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId, useAccountNames } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { SpeakerChoice } from '../speakers/speaker-choice.tsx';
import { useTriggerNames } from '../triggers/use-trigger-names.ts';
import { EffectiveLevels } from './effective-levels.tsx';
import { PlaceChoice } from './place-choice.tsx';
import { PlanChoice } from './plan-choice.tsx';
import { type PolicyDraft, toDraft, toWord } from './policy-draft.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { changesIn, mergedDraft } from './policy-merge.ts';
import { changedNames } from './policy-sections.ts';
import { PolicyTabs } from './policy-tabs.tsx';
import { SaveBar } from './save-bar.tsx';
import { levelText } from './setting-words.ts';
import { SimulationResult } from './simulation-result.tsx';
import { usePlaces } from './use-places.ts';
import { type Place, placeNames, usePolicyPlace } from './use-policy-place.ts';
import { WordsAbove } from './words-above.tsx';

/** What is typed, and what it was begun from. */
interface Edited {
  readonly draft: PolicyDraft;
  readonly seen: Outputs['policy']['get'];
}

/** What holds for an account and why, and the level of its own, which can be tried before it is saved (POL-2). */
export function PolicyPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const show = useToast();
  const [edited, setEdited] = useState<Edited>();
  const [place, goToPlace] = usePolicyPlace();
  const [from, setFrom] = useState<string>();
  const places = usePlaces();
  const isWhole = Object.keys(place).length === 0;
  const at = { accountId, ...place, ...(from === undefined ? {} : { from }) };
  const policy = useQuery(trpc.policy.get.queryOptions(at));
  const simulate = useMutation(trpc.policy.simulate.mutationOptions());
  const save = useMutation(
    trpc.policy.set.mutationOptions({
      ...unlessChanged(edited?.seen),
      onSuccess: () => {
        setEdited(undefined);
        simulate.reset();
        show({ title: 'The policy is saved. What runs is held to it within 5 seconds.', tone: 'live' });
      },
    }),
  );
  const mayChange = useMay('policy.set');
  const triggerNames = useTriggerNames();
  const names = new Map([
    ...triggerNames,
    ...useAccountNames(),
    ...places.applications.map(({ id, name }) => [id, name] as const),
  ]);
  const flags = `${placeFlags(place)}${at.from === undefined ? '' : ` --from ${at.from}`}`;
  /** What was typed is of the level that is left. */
  const leave = () => {
    setEdited(undefined);
    save.reset();
    simulate.reset();
  };
  const speakAs = (accountAbove: string) => {
    leave();
    setFrom(accountAbove);
  };
  const seen = edited?.seen ?? policy.data;
  const base = seen === undefined ? undefined : toDraft(seen.stored);
  const draft = edited?.draft ?? base;
  const changed = draft === undefined || base === undefined ? [] : changedNames({ draft, base });
  const read = draft === undefined ? undefined : toWord(draft);
  const refused = read !== undefined && 'refused' in read ? read.refused : undefined;
  const word = read !== undefined && 'word' in read ? read.word : undefined;
  const example = exampleOf({
    operation: 'policy.set',
    input: { ...at, concurrentSessionsMax: 100, sessionSecondsMax: 3_600 },
    cli: `policy set ${accountId}${flags} --set concurrentSessionsMax=100 --set sessionSecondsMax=3600`,
  });
  const examples = [
    example,
    exampleOf({
      operation: 'policy.get',
      input: at,
      cli: `policy show ${accountId}${flags}`,
    }),
    exampleOf({
      operation: 'policy.simulate',
      input: { ...at, concurrentSessionsMax: 100, days: 7 },
      cli: `policy simulate ${accountId}${flags} --set concurrentSessionsMax=100`,
    }),
  ];
  const current = currentOf<Outputs['policy']['get']>(save.error);
  const three =
    current === undefined || edited === undefined
      ? undefined
      : { base: toDraft(edited.seen.stored), mine: edited.draft, theirs: toDraft(current.stored) };
  const error = three === undefined ? (save.error ?? simulate.error) : simulate.error;
  return (
    <>
      <PageHeader
        title="Policy"
        scope="What holds for this account and all below it. A level can only narrow, unless one above lets it widen again."
        examples={examples}
      />
      <PolicyTabs />
      <div className="mb-8">
        <PlaceChoice
          {...places}
          place={place}
          onChange={(next) => {
            leave();
            setFrom(undefined);
            goToPlace(next);
          }}
        />
      </div>
      {policy.error === null ? null : (
        <ProblemNote error={policy.error} onRetry={() => void policy.refetch()} />
      )}
      {policy.isPending ? <TableSkeleton rows={6} /> : null}
      {policy.data === undefined || draft === undefined || base === undefined ? null : (
        <div className="grid grid-cols-1 gap-10">
          <section aria-labelledby="holds">
            <h2 id="holds" className="mb-2 font-semibold">
              What holds, and why
            </h2>
            {policy.data.effective.length === 0 ? (
              <EmptyState
                icon={<ShieldCheck />}
                title="Nothing is restricted here"
                code={mayChange ? <CodePanel title={example.title} snippets={example.snippets} /> : undefined}
              >
                No level above says anything, and neither does this{' '}
                {isWhole ? 'account' : 'place of the account'}.{' '}
                {mayChange
                  ? isWhole
                    ? 'Set a value below: it holds for all accounts under it, and here stands which level each value is from.'
                    : 'Set a value below: it holds there alone, and here stands which level each value is from.'
                  : 'Where one does, it stands here with the level that it is from.'}
              </EmptyState>
            ) : (
              <EffectiveLevels effective={policy.data.effective} names={names} />
            )}
          </section>
          {policy.data.fromAbove.length > 0 ? (
            <WordsAbove answer={policy.data} names={names} onEdit={speakAs} />
          ) : null}
          {isWhole && policy.data.origin.by === 'above' ? (
            <PlanChoice plans={policy.data.plans} speakerIds={policy.data.speakerIds} />
          ) : null}
          <section aria-labelledby="own">
            <h2 id="own" className="mb-1 font-semibold">
              What is set at this level: {levelText(policy.data.origin, names)}
            </h2>
            <p className="mb-3 text-ink-faint">
              {policy.data.origin.by === 'above'
                ? 'You are above this account: it cannot take back what you set, and neither can those between.'
                : 'What is left empty is not set here. Lists are separated by commas.'}
            </p>
            <SpeakerChoice
              speakerIds={policy.data.speakerIds}
              chosen={policy.data.origin.setById ?? accountId}
              names={names}
              onChange={speakAs}
            />
            <PolicyEditor
              key={JSON.stringify(at)}
              by="policy.set"
              draft={draft}
              base={base}
              onChange={(next) => setEdited({ draft: next, seen: edited?.seen ?? policy.data })}
              effective={policy.data.effective}
              refused={refused}
              regions={places.regions}
            />
            {error === null ? null : (
              <div className="mt-3">
                <ProblemNote error={error} />
              </div>
            )}
            {three === undefined || current === undefined ? null : (
              <div className="mt-3">
                <ChangedMeanwhile
                  changes={changesIn(three)}
                  onKeep={() => {
                    setEdited({ draft: mergedDraft(three), seen: current });
                    save.reset();
                    void policy.refetch();
                  }}
                  onDiscard={() => {
                    setEdited(undefined);
                    save.reset();
                    void policy.refetch();
                  }}
                />
              </div>
            )}
            <SaveBar changed={changed}>
              <IfMay to="policy.simulate">
                <Button
                  isPending={simulate.isPending}
                  disabled={word === undefined}
                  onClick={() => word && simulate.mutate({ ...at, ...word, days: 7 })}
                >
                  Try on the last 7 days
                </Button>
              </IfMay>
              <IfMay to="policy.set">
                <Button
                  variant="primary"
                  isPending={save.isPending}
                  disabled={word === undefined || changed.length === 0}
                  onClick={() => word && save.mutate({ ...at, ...word })}
                >
                  Save
                </Button>
              </IfMay>
              {edited === undefined ? null : (
                <Button variant="ghost" onClick={() => setEdited(undefined)}>
                  Discard
                </Button>
              )}
            </SaveBar>
          </section>
          {simulate.data === undefined ? null : <SimulationResult simulated={simulate.data} names={names} />}
        </div>
      )}
    </>
  );
}

const flagNames = {
  applicationId: '--application',
  instanceType: '--instance-type',
  region: '--region',
  endpoint: '--endpoint',
} as const;

/** The place as the command line names it. */
const placeFlags = (place: Place): string =>
  placeNames.map((name) => (place[name] === undefined ? '' : ` ${flagNames[name]} ${place[name]}`)).join('');
