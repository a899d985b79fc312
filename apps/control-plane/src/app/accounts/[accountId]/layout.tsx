import type { ReactNode } from 'react';
import { AppShell } from '../../../features/shell/app-shell.tsx';
import { EndpointsProvider } from '../../../features/shell/endpoints.tsx';
import { SampleProvider } from '../../../features/shell/sample.tsx';
import { readEndpoints } from '../../../features/sign-in/endpoints.ts';
import { readSample } from '../../../features/sign-in/env.ts';
import { requireSignIn } from '../../../features/sign-in/signed-in.ts';

export const dynamic = 'force-dynamic';

export default async function AccountLayout({ children }: { readonly children: ReactNode }) {
  const [, endpoints] = await Promise.all([requireSignIn(), readEndpoints()]);
  return (
    <EndpointsProvider endpoints={endpoints}>
      <SampleProvider sample={readSample()}>
        <AppShell>{children}</AppShell>
      </SampleProvider>
    </EndpointsProvider>
  );
}
