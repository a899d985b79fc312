'use client';

import { Tabs } from '@patchbay/ui/tabs';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';
import type { CallbackScope } from '../callbacks/callback-calls.ts';
import { Callbacks } from '../callbacks/callbacks.tsx';
import { ServiceForms } from '../services/service-forms.tsx';
import type { ConfigScope } from '../services/use-service-config.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import type { Application } from './application-form.tsx';

/** Every service's settings for an application, and for each of its instance types (ACC-6). */
export function ApplicationConfig({ application }: { readonly application: Application }): ReactNode {
  const accountId = useAccountId();
  const { id: applicationId, instanceTypes } = application;
  const asked = useSearchParams().get('type');
  const chosen = instanceTypes.find((type) => type === asked);
  const path = pagePath(accountId, `applications/${applicationId}`);
  const scope: ConfigScope & CallbackScope =
    chosen === undefined
      ? { kind: 'application', applicationId }
      : { kind: 'instanceType', applicationId, instanceType: chosen };
  return (
    <section aria-labelledby="settings" className="min-w-0">
      <h2 id="settings" className="mb-1 font-semibold">
        Settings
      </h2>
      <p className="mb-3 max-w-prose text-pretty text-ink-soft">
        {instanceTypes.length === 0
          ? 'What holds for whatever names this application. Beside each value is where it comes from.'
          : 'What holds for the application, and for each instance type where it is to be less. Beside each value is where it comes from.'}
      </p>
      {instanceTypes.length === 0 ? null : (
        <div className="mb-5">
          <Tabs
            label="Settings of"
            items={[undefined, ...instanceTypes].map((type) => ({
              key: type ?? '',
              label: type ?? 'all of it',
              isCurrent: type === chosen,
            }))}
            renderLink={({ key, isCurrent }, className, children) => (
              <Link
                key={key}
                href={key === '' ? path : `${path}?type=${key}`}
                scroll={false}
                className={className}
                aria-current={isCurrent ? 'true' : undefined}
              >
                {children}
              </Link>
            )}
          />
        </div>
      )}
      {/* Made anew for another level: the fields hold what somebody typed. */}
      <ServiceForms key={`${applicationId} ${chosen ?? ''}`} scope={scope} />
      <div className="mt-8">
        <Callbacks key={`${applicationId} ${chosen ?? ''}`} scope={scope} />
      </div>
    </section>
  );
}
