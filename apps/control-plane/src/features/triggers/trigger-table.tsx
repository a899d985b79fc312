'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { classNames } from '@patchbay/ui/class-names';
import { Menu, MenuItem } from '@patchbay/ui/menu';
import { type Column, Table } from '@patchbay/ui/table';
import { BellRing, CirclePause, Ellipsis, Gauge } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { ChangesItems } from '../audit/changes-link.tsx';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useWebhookUrls } from '../webhooks/use-webhook-urls.ts';
import {
  actionText,
  counterText,
  countText,
  partText,
  shareOf,
  type Trigger,
  windowText,
} from './trigger-words.ts';
import { useApplicationNames } from './use-application-names.ts';

/** What can be done with a trigger. Each is absent for whoever may not do it. */
export interface TriggerActions {
  readonly onEdit?: (trigger: Trigger) => void;
  readonly onTurn?: (trigger: Trigger) => void;
  readonly onReset?: (trigger: Trigger) => void;
  readonly onRemove?: (trigger: Trigger) => void;
  /** Leads to the audit log. */
  readonly isAudited?: true;
}

interface TriggerTableProps {
  readonly triggers: readonly Trigger[];
  readonly accountNames: ReadonlyMap<string, string>;
  readonly actions: TriggerActions;
}

/** Rules with their counters as they stand now. */
export function TriggerTable({ triggers, accountNames, actions }: TriggerTableProps): ReactNode {
  const accountId = useAccountId();
  const applicationNames = useApplicationNames(triggers);
  const webhookUrls = useWebhookUrls();
  const facts: readonly Column<Trigger>[] = [
    {
      key: 'name',
      header: 'Name',
      isTitle: true,
      className: 'py-1.5',
      cell: ({ name, isFromAbove }) => (
        <span className="font-medium">
          {name}
          {isFromAbove ? <span className="ml-2 text-sm text-ink-faint">set above</span> : null}
        </span>
      ),
    },
    {
      key: 'of',
      header: 'Of',
      cell: ({ target }) => (
        <span className="wrap-anywhere text-ink-soft">
          {accountNames.get(target.accountId) ?? target.accountId}
          {partText(target, applicationNames)}
        </span>
      ),
    },
    { key: 'counts', header: 'Counts', isWide: true, cell: ({ counter }) => counterText(counter) },
    {
      key: 'value',
      header: 'Now',
      isNumber: true,
      isWide: true,
      cell: (trigger) => <CounterNow trigger={trigger} />,
    },
    {
      key: 'then',
      header: 'Then',
      cell: ({ action, isFromAbove }) =>
        action.kind !== 'callback' || action.webhookId === undefined || isFromAbove ? (
          actionText(action)
        ) : (
          <Link
            href={pagePath(accountId, `webhooks/${action.webhookId}`)}
            className="font-medium hover:underline"
          >
            {actionText(action)}
            {webhookUrls.has(action.webhookId) ? (
              <span className="block text-sm font-normal wrap-anywhere text-ink-faint">
                {webhookUrls.get(action.webhookId)}
              </span>
            ) : null}
          </Link>
        ),
    },
    { key: 'state', header: 'State', cell: (trigger) => <TriggerState trigger={trigger} /> },
  ];
  const columns = Object.keys(actions).length === 0 ? facts : [...facts, actionsColumn(actions)];
  return <Table label="Triggers" columns={columns} rows={triggers} rowKey={({ id }) => id} />;
}

const actionsColumn = (actions: TriggerActions): Column<Trigger> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (trigger) => (trigger.isFromAbove ? null : <Actions trigger={trigger} {...actions} />),
});

/** The counter on its way to the limit, as figures and as a bar. */
function CounterNow({ trigger }: { readonly trigger: Trigger }): ReactNode {
  const { counter, condition, value, hasFired } = trigger;
  return (
    <span className="inline-grid min-w-40 gap-1 py-1">
      <span className="whitespace-nowrap">
        {countText(counter, value)}
        <span className="text-ink-faint">
          {' '}
          of {countText(counter, condition.limit)} {windowText(condition)}
        </span>
      </span>
      <span className="h-1 overflow-hidden rounded-sm bg-hover" aria-hidden>
        <span
          className={classNames('block h-full', hasFired ? 'bg-wait' : 'bg-accent')}
          style={{ width: `${shareOf(trigger) * 100}%` }}
        />
      </span>
    </span>
  );
}

function TriggerState({ trigger: { isEnabled, hasFired } }: { readonly trigger: Trigger }): ReactNode {
  if (!isEnabled) return <Badge icon={<CirclePause aria-hidden />}>off</Badge>;
  return hasFired ? (
    <Badge tone="wait" icon={<BellRing aria-hidden />}>
      fired
    </Badge>
  ) : (
    <Badge tone="live" icon={<Gauge aria-hidden />}>
      counting
    </Badge>
  );
}

interface ActionsProps extends TriggerActions {
  readonly trigger: Trigger;
}

function Actions({ trigger, onEdit, onTurn, onReset, onRemove, isAudited }: ActionsProps): ReactNode {
  const { name, isEnabled } = trigger;
  return (
    <Menu
      trigger={
        <Button size="small" variant="ghost" aria-label={`What to do with ${name}`}>
          <Ellipsis aria-hidden />
        </Button>
      }
    >
      {onEdit === undefined ? null : <MenuItem onSelect={() => onEdit(trigger)}>Change…</MenuItem>}
      {onTurn === undefined ? null : (
        <MenuItem onSelect={() => onTurn(trigger)}>{isEnabled ? 'Turn off' : 'Turn on'}</MenuItem>
      )}
      {onReset === undefined ? null : <MenuItem onSelect={() => onReset(trigger)}>Begin anew</MenuItem>}
      {isAudited === undefined ? null : <ChangesItems id={trigger.id} />}
      {onRemove === undefined ? null : (
        <MenuItem isDanger onSelect={() => onRemove(trigger)}>
          Remove
        </MenuItem>
      )}
    </Menu>
  );
}
