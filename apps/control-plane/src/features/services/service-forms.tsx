import { services } from '@patchbay/services/registry.generated';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { serviceKeys } from '../../trpc/service-client.ts';
import { useAccountId } from '../shell/account.ts';
import { LookOnly } from '../shell/look-only.tsx';
import { pagePath } from '../shell/pages.ts';
import { useRights } from '../shell/use-may.ts';
import { ConfigForm } from './config-form.tsx';
import { type ConfigScope, operationsOf } from './use-service-config.ts';

/** Every service's settings for something that is not the account itself, side by side. */
export function ServiceForms({ scope }: { readonly scope: ConfigScope }): ReactNode {
  const accountId = useAccountId();
  const rights = useRights();
  const { write } = operationsOf(scope);
  const isAllOnlyRead = serviceKeys.every((service) => rights(`${service}.${write}`) === false);
  return (
    <>
      {isAllOnlyRead ? (
        <div className="mb-4">
          <LookOnly />
        </div>
      ) : null}
      <div className="grid gap-x-16 gap-y-8 md:grid-cols-2">
        {serviceKeys.map((service) => (
          <section key={service} aria-label={services[service].title} className="min-w-0">
            <h3 className="mb-3 text-ink-soft">
              <Link
                href={pagePath(accountId, `services/${services[service].name}`)}
                className="hover:text-ink hover:underline"
              >
                {services[service].title}
              </Link>
            </h3>
            <ConfigForm service={service} scope={scope} isNoted={isAllOnlyRead} />
          </section>
        ))}
      </div>
    </>
  );
}
