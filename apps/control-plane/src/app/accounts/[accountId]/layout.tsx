import type { ReactNode } from 'react';
import { AppShell } from '../../../features/shell/app-shell.tsx';
import { requireSignIn } from '../../../features/sign-in/signed-in.ts';

export const dynamic = 'force-dynamic';

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  await requireSignIn();
  return <AppShell>{children}</AppShell>;
}
