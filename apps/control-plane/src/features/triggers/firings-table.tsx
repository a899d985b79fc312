'use client';

import { Badge } from '@patchbay/ui/badge';
import { type Column, Table } from '@patchbay/ui/table';
import type { Tone } from '@patchbay/ui/tone';
import { Check, CircleSlash, Clock, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useWebhookUrls } from '../webhooks/use-webhook-urls.ts';
import { actionText, countText, type Firing, outcomeText, type Trigger } from './trigger-words.ts';
import { useApplicationNames } from './use-application-names.ts';

const states: Readonly<Record<Firing['state'], { readonly tone: Tone; readonly icon: ReactNode }>> = {
  pending: { tone: 'wait', icon: <Clock aria-hidden /> },
  done: { tone: 'live', icon: <Check aria-hidden /> },
  skipped: { tone: 'neutral', icon: <CircleSlash aria-hidden /> },
  failed: { tone: 'fail', icon: <X aria-hidden /> },
};

interface FiringsTableProps {
  readonly firings: readonly Firing[];
  /** By the id, as far as they are there still. */
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly accountNames: ReadonlyMap<string, string>;
}

/** When triggers fired, and what came of it. */
export function FiringsTable({ firings, triggers, accountNames }: FiringsTableProps): ReactNode {
  const names = new Map([...useWebhookUrls(), ...(useApplicationNames([...triggers.values()]) ?? [])]);
  const columns: readonly Column<Firing>[] = [
    {
      key: 'trigger',
      header: 'Trigger',
      isTitle: true,
      cell: ({ triggerId }) => (
        <span className="font-medium">{triggers.get(triggerId)?.name ?? 'removed since'}</span>
      ),
    },
    {
      key: 'at',
      header: 'When',
      cell: ({ at }) => <span className="whitespace-nowrap text-ink-soft">{showMoment(at)}</span>,
    },
    {
      key: 'account',
      header: 'Account',
      cell: ({ targetAccountId }) => accountNames.get(targetAccountId) ?? targetAccountId,
    },
    {
      key: 'value',
      header: 'Counter',
      isNumber: true,
      cell: ({ value, triggerId }) => {
        const counter = triggers.get(triggerId)?.counter;
        return counter === undefined ? value : countText(counter, value);
      },
    },
    { key: 'action', header: 'Action', cell: ({ action }) => actionText(action) },
    {
      key: 'state',
      header: 'Outcome',
      isWide: true,
      cell: ({ state, outcome }) => (
        <span className="flex flex-wrap items-center gap-x-2">
          <Badge tone={states[state].tone} icon={states[state].icon}>
            {state}
          </Badge>
          {outcome === undefined ? null : (
            <span className="text-sm text-ink-faint">{outcomeText(outcome, names)}</span>
          )}
        </span>
      ),
    },
  ];
  return <Table label="Firings" columns={columns} rows={firings} rowKey={({ id }) => id} />;
}
