import type { ReactNode } from 'react';
import { AppShell } from '../../../features/shell/app-shell.tsx';
import { SampleProvider } from '../../../features/shell/sample.tsx';
import { readSample } from '../../../features/sign-in/env.ts';
import { requireSignIn } from '../../../features/sign-in/signed-in.ts';

export const dynamic = 'force-dynamic';

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  await requireSignIn();
  return (
    <SampleProvider sample={readSample()}>
      <AppShell>{children}</AppShell>
    </SampleProvider>
  );
}
