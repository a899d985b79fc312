'use client';

import { IconButton } from '@patchbay/ui/button';
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@patchbay/ui/menu';
import { CircleUser, LogOut, Mail, Monitor, Moon, ShieldCheck, Sun } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { signOut } from 'next-auth/react';
import type { ReactNode } from 'react';
import { useMe } from './account.ts';
import { useEndpoints } from './endpoints.tsx';
import { applyTheme } from './theme.ts';

const themeItems = [
  { theme: 'system', label: 'As the system', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
] as const;

/** Who is signed in, the theme of this browser, and the way out. */
export function UserMenu(): ReactNode {
  const router = useRouter();
  const { data: me } = useMe();
  const { isOutboxOpen } = useEndpoints();
  return (
    <Menu
      trigger={
        <IconButton label="You">
          <CircleUser aria-hidden />
        </IconButton>
      }
    >
      <div className="px-2 py-1.5">
        <div className="font-medium">{me?.name ?? 'Signed in'}</div>
        <div className="text-sm text-ink-faint">{me?.email}</div>
      </div>
      <MenuSeparator />
      <MenuLabel>Theme</MenuLabel>
      {themeItems.map(({ theme, label, icon: Icon }) => (
        <MenuItem key={theme} onSelect={() => applyTheme(theme)}>
          <Icon aria-hidden />
          {label}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem onSelect={() => router.push('/you')}>
        <ShieldCheck aria-hidden />
        Sign-in and sessions
      </MenuItem>
      {isOutboxOpen === true ? (
        <MenuItem onSelect={() => router.push('/outbox')}>
          <Mail aria-hidden />
          Outbox
        </MenuItem>
      ) : null}
      <MenuItem onSelect={() => void signOut({ callbackUrl: '/sign-in' })}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  );
}
