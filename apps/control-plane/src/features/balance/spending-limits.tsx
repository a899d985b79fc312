'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button, IconButton } from '@patchbay/ui/button';
import { Input } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Stat } from '@patchbay/ui/stat';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showMoney } from '../../formats/money.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId, useAccountNames } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { SpeakerChoice } from '../speakers/speaker-choice.tsx';
import type { Limits } from './balance.ts';
import { moneyText, readMoney } from './money-text.ts';
import { SpendChart } from './spend-chart.tsx';

type Limit = Limits['items'][number];

const REFRESH_MS = 5_000;

/** What may be spent, and how far it is. */
export function SpendingLimits(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const limits = useQuery(
    trpc.spendingLimits.get.queryOptions({ accountId }, { refetchInterval: REFRESH_MS }),
  );
  const names = useAccountNames();
  const [asked, setAsked] = useState<string>();
  // Whoever stands above sets what the account cannot change, for itself or one between; whoever stands at it sets its own.
  const speakerIds = limits.data?.speakerIds ?? [];
  const setterId = speakerIds.find((id) => id === asked) ?? speakerIds[0] ?? accountId;
  return (
    <section aria-labelledby="limits" className="grid gap-6">
      <h2 id="limits" className="font-semibold">
        Spending limits
      </h2>
      {limits.error === null ? null : (
        <ProblemNote error={limits.error} onRetry={() => void limits.refetch()} />
      )}
      {limits.isPending ? <TableSkeleton rows={3} /> : null}
      {limits.data === undefined ? null : (
        <>
          <Figures limits={limits.data} />
          <SpendChart limits={limits.data} />
          <SpeakerChoice speakerIds={speakerIds} chosen={setterId} names={names} onChange={setAsked} />
          <LimitsForm
            key={JSON.stringify([setterId, limits.data.items.map(({ id, amount }) => [id, amount])])}
            limits={limits.data}
            setterId={setterId}
          />
        </>
      )}
    </section>
  );
}

function Figures({ limits: { currency, spentToday, spentThisMonth, items } }: { readonly limits: Limits }) {
  const [next] = items.flatMap(({ forecastAt }) => forecastAt ?? []).sort();
  return (
    <div className="grid grid-cols-2 gap-x-8 gap-y-5 sm:grid-cols-3">
      <Stat
        label="Spent today"
        value={showMoney(spentToday, currency)}
        unit={currency}
        note="since 00:00 UTC"
      />
      <Stat label="Spent this month" value={showMoney(spentThisMonth, currency)} unit={currency} />
      {next === undefined ? null : (
        <Stat
          label="A limit is reached about"
          value={next.slice(0, 16).replace('T', ' ')}
          note="UTC, if it goes on like this"
          tone="wait"
        />
      )}
    </div>
  );
}

interface LimitDraft {
  readonly per: Limit['per'];
  readonly amount: string;
  readonly action: Limit['action'];
  readonly sharesPercent: readonly number[];
  readonly bitsPerSecondMax?: number | undefined;
}

const spans = [
  { value: 'day', label: 'a day' },
  { value: 'month', label: 'a month' },
  { value: 'total', label: 'in all' },
] as const satisfies readonly { readonly value: Limit['per']; readonly label: string }[];

const actions = [
  { value: 'notify', label: 'tell us' },
  { value: 'throttle', label: 'tell us, and go slower' },
  { value: 'stop', label: 'tell us, and stop' },
] as const satisfies readonly { readonly value: Limit['action']; readonly label: string }[];

/** What a voice needs, and no picture: what slower is, unless it is said otherwise by the API. */
const SLOW_BITS_PER_SECOND = 128_000;
const LIMIT_COUNT_MAX = 9;

interface OfSetter {
  readonly limits: Limits;
  /** Whose limits are changed: the account itself, or one above it. */
  readonly setterId: string;
}

const isSetBy = ({ isFromAbove, setById }: Limit, setterId: string, accountId: string): boolean =>
  isFromAbove ? setById === setterId : setterId === accountId;

function LimitsForm({ limits, setterId }: OfSetter): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const initial = limits.items.filter((limit) => isSetBy(limit, setterId, accountId)).map(draftOf);
  const [drafts, setDrafts] = useState<readonly LimitDraft[]>(initial);
  const set = useMutation(
    trpc.spendingLimits.set.mutationOptions({
      onSuccess: async () => {
        show({ title: 'The limits hold from now on.', tone: 'live' });
        await queries.invalidateQueries({ queryKey: trpc.spendingLimits.pathKey() });
      },
    }),
  );
  const isBad = drafts.some(({ amount }) => readMoney(amount) === undefined);
  const isChanged = JSON.stringify(drafts) !== JSON.stringify(initial);
  const change = (index: number, changed: Partial<LimitDraft>) =>
    setDrafts(drafts.map((draft, at) => (at === index ? { ...draft, ...changed } : draft)));
  const save = () =>
    set.mutate({
      accountId,
      ...(setterId === limits.speakerIds[0] ? {} : { from: setterId }),
      limits: drafts.map(({ amount, sharesPercent, action, bitsPerSecondMax, per }) => ({
        per,
        action,
        amount: readMoney(amount) ?? '0',
        sharesPercent: [...sharesPercent],
        ...(action === 'throttle' ? { bitsPerSecondMax: bitsPerSecondMax ?? SLOW_BITS_PER_SECOND } : {}),
      })),
    });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <ReadLimits limits={limits} setterId={setterId} />
      <Changeable
        by="spendingLimits.set"
        end={
          <div className="grid gap-2">
            {set.error === null ? null : <ProblemNote error={set.error} />}
            <div className="flex flex-wrap gap-2">
              <Button
                variant="primary"
                type="submit"
                disabled={!isChanged || isBad}
                isPending={set.isPending}
              >
                Save
              </Button>
              {drafts.length < LIMIT_COUNT_MAX ? (
                <Button
                  variant="ghost"
                  onClick={() =>
                    setDrafts([
                      ...drafts,
                      { per: 'month', amount: '', action: 'stop', sharesPercent: [50, 80, 100] },
                    ])
                  }
                >
                  Add a limit
                </Button>
              ) : null}
            </div>
          </div>
        }
      >
        <div className="grid gap-2">
          {drafts.map((draft, index) => (
            <LimitRow
              // biome-ignore lint/suspicious/noArrayIndexKey: A limit has no name but its place, and is typed in place.
              key={index}
              draft={draft}
              currency={limits.currency}
              onChange={(to) => change(index, to)}
              onRemove={() => setDrafts(drafts.filter((_, at) => at !== index))}
            />
          ))}
          {drafts.length === 0 ? (
            <p className="text-ink-faint">
              {setterId === accountId
                ? 'This account sets itself no limit.'
                : 'No limit is set for this account here.'}
            </p>
          ) : null}
        </div>
      </Changeable>
    </form>
  );
}

const draftOf = ({ per, amount, action, sharesPercent, bitsPerSecondMax }: Limit): LimitDraft => ({
  per,
  amount: moneyText(amount),
  action,
  sharesPercent,
  ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
});

interface LimitRowProps {
  readonly draft: LimitDraft;
  readonly currency: string;
  readonly onChange: (changed: Partial<LimitDraft>) => void;
  readonly onRemove: () => void;
}

function LimitRow({ draft, currency, onChange, onRemove }: LimitRowProps): ReactNode {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span className="text-ink-soft">At</span>
      <Input
        aria-label="Amount"
        className="w-28 text-right tabular-nums"
        inputMode="decimal"
        value={draft.amount}
        aria-invalid={draft.amount !== '' && readMoney(draft.amount) === undefined}
        onChange={(event) => onChange({ amount: event.target.value })}
      />
      <span className="text-ink-faint">{currency}</span>
      <Select label="Per" value={draft.per} options={spans} onChange={(per) => onChange({ per })} />
      <Select
        label="Then"
        value={draft.action}
        options={actions}
        onChange={(action) => onChange({ action })}
      />
      <IconButton label="Remove the limit" onClick={onRemove}>
        <X />
      </IconButton>
    </div>
  );
}

/** Those that others have set: each replaces its own alone, and the narrowest of all holds. */
function ReadLimits({ limits, setterId }: OfSetter): ReactNode {
  const accountId = useAccountId();
  const names = useAccountNames();
  const others = limits.items.filter((limit) => !isSetBy(limit, setterId, accountId));
  if (others.length === 0) return null;
  return (
    <ul className="grid gap-1">
      {others.map((limit) => (
        <li key={limit.id} className="flex flex-wrap items-center gap-2">
          <span>
            {showMoney(limit.amount, limits.currency)} {limits.currency}{' '}
            {spans.find(({ value }) => value === limit.per)?.label}, then{' '}
            {actions.find(({ value }) => value === limit.action)?.label}
          </span>
          <Badge>{setterText(limit, names)}</Badge>
          {limit.isReached ? <Badge tone="fail">reached</Badge> : null}
        </li>
      ))}
    </ul>
  );
}

function setterText({ isFromAbove, setById }: Limit, names: ReadonlyMap<string, string>): string {
  if (!isFromAbove) return 'its own';
  return setById === undefined ? 'set above' : `set by ${names.get(setById) ?? setById}`;
}
