'use client';

import { periodAt } from '@patchbay/domain/billing/period';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Identifier } from '@patchbay/ui/copy-button';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import { FlaskConical } from 'lucide-react';
import Link from 'next/link';
import { useParams, useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { serviceKeys } from '../../trpc/service-client.ts';
import { exampleOf, exampleOfAny } from '../as-code/code-example.ts';
import { ChangesLink } from '../audit/changes-link.tsx';
import { mintings } from '../credentials/minting.ts';
import { LogicSetting } from '../logic/logic-setting.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { ServiceData } from '../services/service-data.tsx';
import { SessionTable } from '../sessions/session-table.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useRights } from '../shell/use-may.ts';
import { useNow } from '../shell/use-now.ts';
import { EntityUse } from '../usage/entity-use.tsx';
import { ApplicationConfig } from './application-config.tsx';
import { type Application, ApplicationForm } from './application-form.tsx';
import { HeldHere } from './held-here.tsx';
import { RemoveApplication } from './remove-application.tsx';

/** One application: what it is called, what it used, who talked in it, and what holds for it (ACC-6). */
export function ApplicationPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const { applicationId } = useParams<{ applicationId: string }>();
  const [dialog, setDialog] = useState<'edit' | 'remove'>();
  const found = useQuery(trpc.applications.get.queryOptions({ accountId, applicationId }));
  const application = found.data;
  const list = pagePath(accountId, 'applications');
  return (
    <>
      <Link href={list} className="mb-1 inline-block text-ink-faint hover:text-ink hover:underline">
        Applications
      </Link>
      <PageHeader
        title={application?.name ?? 'Application'}
        scope="Of this account alone: accounts below have applications of their own."
        examples={examplesOf(accountId, applicationId)}
        actions={
          <>
            <ChangesLink target={applicationId} />
            <IfMay to="applications.update">
              <Button onClick={() => setDialog('edit')} disabled={application === undefined}>
                Edit
              </Button>
            </IfMay>
            <IfMay to="applications.remove">
              <Button
                variant="danger"
                onClick={() => setDialog('remove')}
                disabled={application === undefined}
              >
                Remove …
              </Button>
            </IfMay>
          </>
        }
      />
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-24 max-w-xl" /> : null}
      {application === undefined ? null : (
        <div className="grid grid-cols-1 gap-10">
          <ApplicationFacts application={application} />
          <HeldHere application={application} />
          <ApplicationConfig application={application} />
          <LogicSetting scope={{ kind: 'application', applicationId }} />
          <EntityUse dimension="application" id={applicationId}>
            Nothing yet. Put the id of the application into the credentials that you mint, and their use is
            counted here within 5 seconds.
          </EntityUse>
          <ApplicationSessions applicationId={applicationId} />
          <ServiceData scope={{ kind: 'application', applicationId }} />
        </div>
      )}
      {dialog === 'edit' && application !== undefined ? (
        <ApplicationForm application={application} onDone={() => setDialog(undefined)} />
      ) : null}
      {dialog === 'remove' && application !== undefined ? (
        <RemoveApplication
          application={application}
          onLeave={() => setDialog(undefined)}
          onDone={() => router.push(list)}
        />
      ) : null}
    </>
  );
}

function ApplicationFacts({ application }: { readonly application: Application }): ReactNode {
  const accountId = useAccountId();
  const rights = useRights();
  const { id, instanceTypes, createdAt } = application;
  const mayMint = mintings.some(({ service, operation }) => rights(`${service}.${operation}`) === true);
  return (
    <Facts className="max-w-xl">
      <Fact term="Application id">
        <Identifier id={id} isShort />
      </Fact>
      <Fact term="Instance types">
        {instanceTypes.length === 0 ? (
          <span className="text-ink-faint">none</span>
        ) : (
          <span className="flex flex-wrap justify-end gap-1">
            {instanceTypes.map((type) => (
              <Badge key={type}>{type}</Badge>
            ))}
          </span>
        )}
      </Fact>
      <Fact term="Created">{showDay(createdAt)}</Fact>
      {mayMint ? (
        <Fact term="A credential for it">
          <Link
            href={pagePath(accountId, `credentials?application=${id}`)}
            className="inline-flex items-center gap-1.5 underline underline-offset-2"
          >
            <FlaskConical className="size-3.5" aria-hidden />
            Mint one
          </Link>
        </Fact>
      ) : null}
    </Facts>
  );
}

const SESSIONS_MAX = 100;
const SHOWN_MAX = 20;
const MINUTE_MS = 60_000;
const ROWS_MAX = 10_000;

/** Its newest sessions: those among the account's newest that name it, and those that its use of this month names. */
function ApplicationSessions({ applicationId }: { readonly applicationId: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery(trpc.sessions.list.queryOptions({ accountId, scope: 'own', limit: SESSIONS_MAX }));
  const sessions = (list.data?.items ?? []).filter((session) => session.applicationId === applicationId);
  const period = periodAt(useNow(MINUTE_MS));
  const use = useQuery(
    trpc.usage.query.queryOptions({
      accountId,
      from: new Date(period.fromMs).toISOString(),
      to: new Date(period.toMs).toISOString(),
      groupBy: 'application,session',
      scope: 'own',
      limit: ROWS_MAX,
    }),
  );
  const shown = new Set(sessions.map(({ id }) => id));
  const older = [
    ...new Set(
      (use.data?.rows ?? []).flatMap(({ group: { application, session = '' } }) =>
        application === applicationId && session !== '' && !shown.has(session) ? [session] : [],
      ),
    ),
  ];
  return (
    <section aria-labelledby="sessions">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="sessions" className="font-semibold">
          Sessions
        </h2>
        <Link href={pagePath(accountId, 'sessions')} className="text-ink-soft hover:text-ink hover:underline">
          All sessions
        </Link>
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && sessions.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          None of the {SESSIONS_MAX} newest sessions of the account is of this application. A session is of
          the application that the credential of its first participant names.
        </p>
      ) : null}
      {sessions.length === 0 ? null : (
        <SessionTable label="Sessions of the application" sessions={sessions.slice(0, SHOWN_MAX)} isBrief />
      )}
      {older.length === 0 ? null : (
        <p className="mt-2 text-ink-faint">
          And {older.length} earlier this month, such as{' '}
          <Link href={pagePath(accountId, `sessions/${older[0]}`)} className="underline underline-offset-2">
            <code className="text-sm">{older[0]?.slice(0, 12)}…</code>
          </Link>
        </p>
      )}
    </section>
  );
}

const examplesOf = (accountId: string, applicationId: string) => [
  exampleOf({ operation: 'applications.get', input: { accountId, applicationId } }),
  ...mintings.map(({ service, operation, example }) =>
    exampleOfAny({
      operation: `${service}.${operation}`,
      input: { accountId, applicationId, ...example },
    }),
  ),
  ...serviceKeys.map((service) =>
    exampleOfAny({ operation: `${service}.getApplicationConfig`, input: { accountId, applicationId } }),
  ),
  exampleOf({
    operation: 'applications.update',
    input: { accountId, applicationId, instanceTypes: ['free', 'paid'] },
  }),
  exampleOf({ operation: 'applications.remove', input: { accountId, applicationId } }),
];
