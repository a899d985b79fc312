'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { Button } from '@patchbay/ui/button';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import { FlaskConical } from 'lucide-react';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { serviceKeyOf } from '../../trpc/service-client.ts';
import { type CodeExample, exampleOfAny } from '../as-code/code-example.ts';
import { type CallbackScope, tellingServices } from '../callbacks/callback-calls.ts';
import { Callbacks } from '../callbacks/callbacks.tsx';
import { mintingOf } from '../credentials/minting.ts';
import { PaidPrices } from '../prices/paid-prices.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useRights } from '../shell/use-may.ts';
import { ConfigForm } from './config-form.tsx';
import { ServiceAccess } from './service-access.tsx';
import { ServiceChart } from './service-chart.tsx';
import { ServiceData } from './service-data.tsx';
import { ServiceErrors } from './service-errors.tsx';
import { ServiceMeters } from './service-meters.tsx';
import { servicePanels } from './service-panels.tsx';
import { ServiceState } from './service-state.tsx';
import { type ConfigValue, useServiceConfig } from './use-service-config.ts';
import { useServiceUse } from './use-service-use.ts';

const accountScope = { kind: 'account' } as const;
const accountCallbacks: CallbackScope = { kind: 'account' };

/** One service: its settings, its use, what it costs, what it refuses, and the same as code (DSH-1). */
export function ServicePage(): ReactNode {
  const accountId = useAccountId();
  const { service: name } = useParams<{ service: string }>();
  const service = serviceKeyOf(name);
  if (service !== undefined) return <Service key={`${accountId} ${name}`} service={service} />;
  return (
    <div className="mx-auto grid max-w-2xl gap-3 py-8">
      <h1 className="text-lg font-semibold tracking-tight">There is no service of this name</h1>
      <p className="text-ink-soft">
        <code>{name}</code> is not among the services of this platform.{' '}
        <Link href={pagePath(accountId, 'services')} className="text-ink underline underline-offset-2">
          All services
        </Link>
      </p>
    </div>
  );
}

function Service({ service }: { readonly service: ServiceKey }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { name, title, summary, errors } = services[service];
  const { uses, error, retry } = useServiceUse(service);
  const { values } = useServiceConfig(service, accountScope);
  const prices = useQuery(trpc.prices.list.queryOptions({ accountId }));
  const rights = useRights();
  const Panel = servicePanels[service];
  const mayMint = mintingOf(service).some(({ operation }) => rights(`${service}.${operation}`) === true);
  return (
    <>
      <PageHeader
        title={
          <span className="flex flex-wrap items-center gap-2">
            {title}
            <ServiceState service={name} uses={uses} />
          </span>
        }
        scope={summary}
        examples={examplesOf(service, accountId, values)}
        actions={
          mayMint ? (
            <Button asChild>
              <Link href={pagePath(accountId, `credentials?try=${name}`)}>
                <FlaskConical aria-hidden />
                Try it
              </Link>
            </Button>
          ) : undefined
        }
      />
      <div className="grid grid-cols-1 gap-x-16 gap-y-10 xl:grid-cols-[minmax(0,24rem)_minmax(0,1fr)]">
        <div className="grid min-w-0 content-start gap-10 max-xl:max-w-xl">
          <ServiceAccess service={name} title={title} />
          <section aria-labelledby="settings">
            <h2 id="settings" className="mb-3 font-semibold">
              Settings
            </h2>
            <ConfigForm service={service} scope={accountScope} />
          </section>
        </div>
        <div className="grid min-w-0 content-start gap-10">
          {Panel === undefined ? null : <Panel />}
          <ServiceChart service={service} />
          {tellingServices.includes(service) ? <Callbacks scope={accountCallbacks} of={[service]} /> : null}
          <ServiceData scope={accountScope} of={[service]} />
          <section aria-labelledby="meters">
            <h2 id="meters" className="mb-1 font-semibold">
              What it counts
            </h2>
            {error === null ? null : <ProblemNote error={error} onRetry={retry} />}
            {uses === undefined ? (
              error === null ? (
                <TableSkeleton rows={4} />
              ) : null
            ) : (
              <ServiceMeters uses={uses} />
            )}
          </section>
          <section aria-labelledby="prices">
            <div className="mb-1 flex items-center justify-between gap-4">
              <h2 id="prices" className="font-semibold">
                What it costs this account
              </h2>
              <Link
                href={pagePath(accountId, 'prices')}
                className="text-ink-soft hover:text-ink hover:underline"
              >
                All prices
              </Link>
            </div>
            {prices.error === null ? null : (
              <ProblemNote error={prices.error} onRetry={() => void prices.refetch()} />
            )}
            {prices.data === undefined ? (
              prices.error === null ? (
                <TableSkeleton rows={3} />
              ) : null
            ) : (
              <PaidPrices prices={prices.data.items.filter((price) => price.service === name)} />
            )}
          </section>
          <section aria-labelledby="errors">
            <h2 id="errors" className="mb-1 font-semibold">
              What it refuses
            </h2>
            <ServiceErrors service={name} errors={errors} />
          </section>
        </div>
      </div>
    </>
  );
}

function examplesOf(
  service: ServiceKey,
  accountId: string,
  values: readonly ConfigValue[] | undefined,
): readonly CodeExample[] {
  const own = (values ?? []).filter((value) => value.own !== undefined);
  // Where nothing is set, what holds makes an example that changes nothing.
  const shown = own.length > 0 ? own : (values ?? []);
  const set = Object.fromEntries(shown.map(({ field, value }) => [field.name, value]));
  return [
    exampleOfAny({ operation: `${service}.putConfig`, input: { accountId, ...set } }),
    exampleOfAny({ operation: `${service}.getConfig`, input: { accountId } }),
    exampleOfAny({ operation: `${service}.getUse`, input: { accountId } }),
    exampleOfAny({ operation: `${service}.listData`, input: { accountId } }),
    ...mintingOf(service).map(({ operation, example }) =>
      exampleOfAny({ operation: `${service}.${operation}`, input: { accountId, ...example } }),
    ),
    exampleOfAny({ operation: `${service}.getInfo`, input: { accountId } }),
  ];
}
