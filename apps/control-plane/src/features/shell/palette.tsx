'use client';

import { services } from '@patchbay/services/registry.generated';
import { Key } from '@patchbay/ui/keyboard';
import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { Activity, AppWindow, Cable, KeyRound, Network } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { serviceKeys } from '../../trpc/service-client.ts';
import { useAccountId } from './account.ts';
import { accountParts, pagePath } from './pages.ts';
import { pathOfId } from './path-of-id.ts';
import { useShownPages, useShownParts } from './use-shown-pages.ts';

export interface PaletteProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

const itemShape =
  'flex h-9 cursor-default items-center gap-2.5 rounded-sm px-2.5 data-[selected=true]:bg-hover [&_svg]:size-4 [&_svg]:text-ink-faint';
const FOUND_MAX = 50;

/** Finds pages, services, applications, accounts and sessions by name, and goes where a pasted id leads. */
export function Palette({ isOpen, onOpenChange }: PaletteProps): ReactNode {
  const trpc = useTRPC();
  const router = useRouter();
  const accountId = useAccountId();
  const [text, setText] = useState('');
  const shownPages = useShownPages();
  const shownParts = useShownParts(accountParts);
  const accounts = useQuery(
    trpc.accounts.list.queryOptions(
      { accountId, depth: 'descendants', limit: FOUND_MAX },
      { enabled: isOpen },
    ),
  );
  const sessions = useQuery(
    trpc.sessions.list.queryOptions({ accountId, limit: FOUND_MAX }, { enabled: isOpen }),
  );
  const applications = useQuery(
    trpc.applications.list.queryOptions({ accountId, limit: FOUND_MAX }, { enabled: isOpen }),
  );
  const go = (path: string) => {
    setText('');
    onOpenChange(false);
    router.push(path);
  };
  const pasted = pathOfId(text.trim(), accountId);
  return (
    <Command.Dialog
      open={isOpen}
      onOpenChange={onOpenChange}
      label="Find"
      overlayClassName="fixed inset-0 z-40 bg-[oklch(0.15_0.01_230/0.45)]"
      contentClassName="fixed top-[12vh] left-1/2 z-50 w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 animate-appear overflow-hidden rounded-md border border-line-strong bg-raised"
    >
      <Command.Input
        value={text}
        onValueChange={setText}
        placeholder="Find an account, a session or a page, or paste an id"
        className="h-11 w-full border-b bg-transparent px-4 outline-none"
      />
      <Command.List className="max-h-[50vh] overflow-y-auto p-1.5 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-ink-faint">
        <Command.Empty className="px-3 py-6 text-center text-ink-soft">Nothing by this name.</Command.Empty>
        {pasted === undefined ? null : (
          <Command.Item value={text} className={itemShape} onSelect={() => go(pasted)}>
            Open <code className="truncate text-sm">{text.trim()}</code>
          </Command.Item>
        )}
        <Command.Group heading="Pages">
          {shownPages.map((page) => (
            <Command.Item
              key={page.segment}
              value={`page ${page.label}`}
              className={itemShape}
              onSelect={() => go(pagePath(accountId, page.leadsTo))}
            >
              <page.icon aria-hidden />
              <span className="flex-1">{page.label}</span>
              <Key>g</Key>
              <Key>{page.shortcut}</Key>
            </Command.Item>
          ))}
          {shownParts.map(({ key, label }) => (
            <Command.Item
              key={key}
              value={`page ${label}`}
              className={itemShape}
              onSelect={() => go(pagePath(accountId, key))}
            >
              <KeyRound aria-hidden />
              {label}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Services">
          {serviceKeys.map((key) => (
            <Command.Item
              key={key}
              value={`service ${services[key].title} ${services[key].name}`}
              className={itemShape}
              onSelect={() => go(pagePath(accountId, `services/${services[key].name}`))}
            >
              <Cable aria-hidden />
              {services[key].title}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Applications">
          {applications.data?.items.map(({ id, name }) => (
            <Command.Item
              key={id}
              value={`application ${name} ${id}`}
              className={itemShape}
              onSelect={() => go(pagePath(accountId, `applications/${id}`))}
            >
              <AppWindow aria-hidden />
              {name}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Accounts">
          {accounts.data?.items.map(({ id, name }) => (
            <Command.Item
              key={id}
              value={`account ${name} ${id}`}
              className={itemShape}
              onSelect={() => go(pagePath(id))}
            >
              <Network aria-hidden />
              {name}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Sessions">
          {sessions.data?.items.map(({ id, accountName, legs }) => (
            <Command.Item
              key={id}
              value={`session ${id} ${accountName} ${legs.map((leg) => leg.identity).join(' ')}`}
              className={itemShape}
              onSelect={() => go(pagePath(accountId, `sessions/${id}`))}
            >
              <Activity aria-hidden />
              <span className="min-w-0 flex-1 truncate">
                {legs.map((leg) => leg.identity ?? 'somebody').join(', ') || id}
              </span>
              <span className="text-ink-faint">{accountName}</span>
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
