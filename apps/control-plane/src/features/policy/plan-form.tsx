'use client';

import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { ChangedMeanwhile } from '../problem/changed-meanwhile.tsx';
import { currentOf } from '../problem/problem.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId, useAccountNames } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { IfMay } from '../shell/if-may.tsx';
import { useTriggerNames } from '../triggers/use-trigger-names.ts';
import { toDraft, toWord } from './policy-draft.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { changesIn, mergedDraft } from './policy-merge.ts';
import { changedNames } from './policy-sections.ts';
import { RemovePlan } from './remove-plan.tsx';
import { SaveBar } from './save-bar.tsx';
import { SimulationResult } from './simulation-result.tsx';

export type Plan = Outputs['plans']['list']['items'][number];

export interface PlanFormProps {
  /** Left out: a new one. */
  readonly plan?: Plan | undefined;
  readonly onDone: () => void;
}

/** What a plan says, to be tried on all accounts that have it before it holds for them (POL-2). */
export function PlanForm({ plan, onDone }: PlanFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const names = new Map([...useAccountNames(), ...useTriggerNames()]);
  const show = useToast();
  const [seen, setSeen] = useState(plan);
  const [name, setName] = useState(plan?.name ?? '');
  const [draft, setDraft] = useState(() => toDraft(plan?.policy ?? {}));
  const simulate = useMutation(trpc.plans.simulate.mutationOptions());
  const saved = {
    onSuccess: () => {
      show({ title: `The plan ${name} is saved.`, tone: 'live' as const });
      onDone();
    },
  };
  const create = useMutation(trpc.plans.create.mutationOptions(saved));
  const update = useMutation(trpc.plans.update.mutationOptions({ ...unlessChanged(seen), ...saved }));
  const saving = seen === undefined ? 'plans.create' : 'plans.update';
  const base = toDraft(seen?.policy ?? {});
  const read = toWord(draft);
  const word = 'word' in read ? read.word : undefined;
  const current = currentOf<Plan>(update.error);
  const three =
    current === undefined || seen === undefined
      ? undefined
      : { base: toDraft(seen.policy), mine: draft, theirs: toDraft(current.policy) };
  const error = create.error ?? simulate.error ?? (three === undefined ? update.error : null);
  const save = () => {
    if (word === undefined) return;
    if (seen === undefined) create.mutate({ accountId, name, policy: word });
    else update.mutate({ accountId, planId: seen.id, name, policy: word });
  };
  const takeTheirs = (theirs: Plan) => {
    setSeen(theirs);
    update.reset();
    simulate.reset();
  };
  return (
    <div className="grid grid-cols-1 gap-3">
      <Changeable by={saving}>
        <Field
          label="Name"
          value={name}
          className="max-w-sm"
          onChange={({ target: field }) => setName(field.value)}
        />
      </Changeable>
      <PolicyEditor
        by={saving}
        isNoted
        draft={draft}
        base={base}
        onChange={setDraft}
        effective={[]}
        refused={'refused' in read ? read.refused : undefined}
      />
      {error === null ? null : <ProblemNote error={error} />}
      {three === undefined || current === undefined || seen === undefined ? null : (
        <ChangedMeanwhile
          changes={[...nameChanges({ seen, current, name }), ...changesIn(three)]}
          onKeep={() => {
            setDraft(mergedDraft(three));
            if (name === seen.name) setName(current.name);
            takeTheirs(current);
          }}
          onDiscard={() => {
            setDraft(three.theirs);
            setName(current.name);
            takeTheirs(current);
          }}
        />
      )}
      <SaveBar changed={changedNames({ draft, base })}>
        {seen === undefined ? null : (
          <IfMay to="plans.simulate">
            <Button
              isPending={simulate.isPending}
              disabled={word === undefined}
              onClick={() => word && simulate.mutate({ accountId, planId: seen.id, policy: word, days: 7 })}
            >
              Try on the last 7 days
            </Button>
          </IfMay>
        )}
        <IfMay to={seen === undefined ? 'plans.create' : 'plans.update'}>
          <Button
            variant="primary"
            isPending={create.isPending || update.isPending}
            disabled={word === undefined || name.trim() === ''}
            onClick={save}
          >
            {seen === undefined ? 'Create plan' : 'Save plan'}
          </Button>
        </IfMay>
        {seen === undefined ? null : (
          <IfMay to="plans.remove">
            <RemovePlan plan={seen} onRemoved={onDone} />
          </IfMay>
        )}
      </SaveBar>
      {simulate.data === undefined ? null : (
        <div className="mt-6 grid grid-cols-1 gap-1">
          <SimulationResult simulated={simulate.data} names={names} />
          <p className="text-ink-faint">{triedText(simulate.data)}</p>
        </div>
      )}
    </div>
  );
}

interface Names {
  readonly seen: Plan;
  readonly current: Plan;
  readonly name: string;
}

const nameChanges = ({ seen, current, name }: Names) =>
  seen.name === current.name
    ? []
    : [
        {
          label: 'Name',
          before: seen.name,
          after: current.name,
          isContested: name !== seen.name && name !== current.name,
        },
      ];

function triedText({ accountCount, triedAccountCount }: Outputs['plans']['simulate']): string {
  if (accountCount === 0) return 'No account has this plan, so there was nothing to try it on.';
  const having = accountCount === 1 ? 'One account has' : `${accountCount} accounts have`;
  const tried = triedAccountCount === 0 ? 'none' : String(triedAccountCount);
  return `${having} this plan. Requests of ${tried} of them, with the accounts below them, were tried.`;
}
