'use client';

import { perLabel, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { Skeleton } from '@patchbay/ui/skeleton';
import { Quantity } from '@patchbay/ui/stat';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showMetered } from '../../formats/quantity.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { serviceKeys } from '../../trpc/service-client.ts';
import { exampleOfAny } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { showValue } from '../schema-form/schema-fields.ts';
import { useAccountId } from '../shell/account.ts';
import { matchesFilter } from '../shell/matches-filter.ts';
import { PageFilter } from '../shell/page-filter.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { dimensionText, meterOf, unitOf } from '../usage/meters.ts';
import { useOriginText } from './config-origin.ts';
import { ServiceState } from './service-state.tsx';
import { type ConfigScope, useServiceConfig } from './use-service-config.ts';
import { useServiceUse } from './use-service-use.ts';

const accountScope: ConfigScope = { kind: 'account' };

type Price = Outputs['prices']['list']['items'][number];

/** Lines of one column before the rest is on the page of the service. */
const LINES_MAX = 3;

/** Every service there is: what it is for, what it did this month, what it costs, and what of it was set (API-2). */
export function ServicesPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [filter, setFilter] = useState('');
  const prices = useQuery(trpc.prices.list.queryOptions({ accountId }));
  const shown = serviceKeys.filter((key) => {
    const { name, title, summary } = services[key];
    return matchesFilter(filter, [name, title, summary]);
  });
  return (
    <>
      <PageHeader
        title="Services"
        scope="Use includes all accounts below. Settings and prices are of this account."
        examples={serviceKeys.map((key) =>
          exampleOfAny({ operation: `${key}.getUse`, input: { accountId } }),
        )}
      />
      <div className="mb-4">
        <PageFilter label="Filter services" value={filter} onChange={setFilter} />
      </div>
      {prices.error === null ? null : (
        <div className="mb-4">
          <ProblemNote error={prices.error} onRetry={() => void prices.refetch()} />
        </div>
      )}
      {shown.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">No service is called so.</p>
      ) : (
        <ul aria-label="Services" className="divide-y divide-line border-y">
          {shown.map((key) => (
            <ServiceRow key={key} service={key} prices={prices.data?.items} hasFailed={prices.isError} />
          ))}
        </ul>
      )}
    </>
  );
}

interface ServiceRowProps {
  readonly service: ServiceKey;
  readonly prices: readonly Price[] | undefined;
  readonly hasFailed: boolean;
}

function ServiceRow({ service, prices, hasFailed }: ServiceRowProps): ReactNode {
  const accountId = useAccountId();
  const { name, title, summary } = services[service];
  const { uses, error: useError } = useServiceUse(service);
  const { answer, values, error: configError } = useServiceConfig(service, accountScope);
  const path = pagePath(accountId, `services/${name}`);
  const used = uses?.filter(({ quantity }) => quantity > 0n);
  const originText = useOriginText(accountScope, answer?.origin);
  const set = values?.filter(({ origin }) => origin !== undefined && origin.level !== 'default');
  const paid = prices?.filter((price) => price.service === name);
  return (
    <li className="relative grid gap-x-10 gap-y-4 py-4 hover:bg-surface md:grid-cols-2 xl:grid-cols-[minmax(0,1.1fr)_minmax(0,0.8fr)_minmax(0,1.2fr)_minmax(0,1.1fr)]">
      <div className="grid content-start gap-1">
        <h2 className="flex flex-wrap items-center gap-2 font-semibold">
          {/* The whole row opens the service; what is a link of its own lies above. */}
          <Link href={path} className="after:absolute after:inset-0 hover:underline">
            {title}
          </Link>
          <ServiceState service={name} uses={uses} />
        </h2>
        <p className="max-w-prose text-pretty text-ink-soft">{summary}</p>
      </div>
      <Lines
        title="This month"
        path={path}
        hasFailed={useError !== null}
        none="Not used."
        lines={used?.map(({ meter, quantity }) => ({
          key: meter.name,
          term: meter.label,
          node: (
            <Link
              href={pagePath(accountId, `usage?meter=${meter.name}&range=month`)}
              className="relative hover:underline"
            >
              <Quantity {...showMetered(quantity, meter.unit)} />
            </Link>
          ),
        }))}
      />
      <Lines
        title="Price in force"
        path={path}
        hasFailed={hasFailed}
        none="None: it costs nothing."
        lines={paid?.map((price) => {
          const unit = unitOf(`${name}.${price.meter}`);
          const where = dimensionText(price.where);
          return {
            key: `${price.meter} ${where}`,
            term: [meterOf(`${name}.${price.meter}`)?.label ?? price.meter, where].filter(Boolean).join(', '),
            node: (
              <Quantity
                value={writeHumanPrice(price, unit)}
                unit={`${price.currency} ${perLabel(price, unit)}`}
              />
            ),
          };
        })}
      />
      <Lines
        title="Settings"
        path={path}
        hasFailed={configError !== null}
        none="All as by default."
        lines={set?.map(({ field, value, origin }) => ({
          key: field.name,
          term: field.label,
          node: <Quantity value={showValue(field, value)} unit={originText(origin)} />,
        }))}
      />
    </li>
  );
}

interface LinesProps {
  readonly title: string;
  readonly path: string;
  readonly hasFailed: boolean;
  readonly none: string;
  /** Undefined until they are known. */
  readonly lines:
    | readonly { readonly key: string; readonly term: string; readonly node: ReactNode }[]
    | undefined;
}

function Lines({ title, path, hasFailed, none, lines }: LinesProps): ReactNode {
  const rest = (lines?.length ?? 0) - LINES_MAX;
  return (
    <div className="grid min-w-0 content-start gap-1">
      <h3 className="text-sm text-ink-faint">{title}</h3>
      {lines === undefined && !hasFailed ? <Skeleton className="h-4 w-32" /> : null}
      {lines === undefined && hasFailed ? <p className="text-fail">It could not be read.</p> : null}
      {lines?.length === 0 ? <p className="text-ink-soft">{none}</p> : null}
      {lines === undefined || lines.length === 0 ? null : (
        <dl className="grid gap-0.5">
          {lines.slice(0, LINES_MAX).map(({ key, term, node }) => (
            <div key={key} className="flex flex-wrap justify-between gap-x-4">
              <dt className="min-w-0 text-ink-soft">{term}</dt>
              <dd>{node}</dd>
            </div>
          ))}
        </dl>
      )}
      {rest > 0 ? (
        <Link href={path} className="relative text-ink-faint underline underline-offset-2 hover:text-ink">
          {rest} more
        </Link>
      ) : null}
    </div>
  );
}
