'use client';

import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Field } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Activity, X } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { OpenSample } from '../sample/open-sample.tsx';
import { useAccountId } from '../shell/account.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { matchesFilter } from '../shell/matches-filter.ts';
import { PageFilter } from '../shell/page-filter.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import type { Session } from './session.ts';
import { SessionTable } from './session-table.tsx';
import { useOpenSessions } from './use-open-sessions.ts';
import { usePastSessions } from './use-past-sessions.ts';

const scopes = [
  { value: 'descendants', label: 'this account and all below' },
  { value: 'own', label: 'this account alone' },
] as const;
type Scope = (typeof scopes)[number]['value'];

const kinds = [
  { value: 'all', label: 'calls and relays' },
  { value: 'call', label: 'calls' },
  { value: 'relay', label: 'relays without a call' },
] as const;
type Kind = (typeof kinds)[number]['value'];

/** Sessions that run now, moving by themselves, above those that have ended. */
export function SessionsPage(): ReactNode {
  const accountId = useAccountId();
  const [filter, setFilter] = useState('');
  const [scope, setScope] = useState<Scope>('descendants');
  const [kind, setKind] = useState<Kind>('all');
  const [identity, setIdentity] = useState<string>();
  const [days, setDays] = useState({ from: '', until: '' });
  const open = useOpenSessions(accountId);
  const openIds = useMemo(() => open.data?.items.map(({ id }) => id), [open.data]);
  const past = usePastSessions({ accountId, scope, kind, identity, days, openIds });
  const isShown = (session: Session) =>
    (identity === undefined || session.legs.some((leg) => leg.identity === identity)) &&
    (scope === 'descendants' || session.accountId === accountId) &&
    (kind === 'all' || session.kind === kind) &&
    matchesFilter(filter, textsOf(session));
  const live = (open.data?.items ?? []).filter(isShown);
  const ended = past.sessions.filter(isShown);
  const isFiltered =
    filter !== '' || kind !== 'all' || identity !== undefined || `${days.from}${days.until}` !== '';
  const isEmpty = open.isSuccess && past.isSuccess && !isFiltered && live.length + ended.length === 0;
  const error = open.error ?? past.error;
  return (
    <>
      <PageHeader
        title="Sessions"
        scope="Every call, and every client of a relay alone, live or past: who was in it and how its media flowed."
        examples={examplesOf(accountId)}
        actions={isEmpty ? undefined : <OpenSample isBrief />}
      />
      <div className="mb-6 flex flex-wrap items-end gap-2">
        <PageFilter
          label="Filter by name, account, id, mode"
          value={filter}
          onChange={setFilter}
          className="w-72"
        />
        <Select label="Kind" isLabelled value={kind} options={kinds} onChange={setKind} />
        <Select label="Of" isLabelled value={scope} options={scopes} onChange={setScope} />
        <div className="flex gap-2">
          <Field
            label="Began from"
            type="date"
            value={days.from}
            onChange={(event) => setDays({ ...days, from: event.target.value })}
            className="w-36"
          />
          <Field
            label="Until"
            type="date"
            value={days.until}
            onChange={(event) => setDays({ ...days, until: event.target.value })}
            className="w-36"
          />
        </div>
        {identity === undefined ? null : (
          <Button aria-label={`Not only those of ${identity}`} onClick={() => setIdentity(undefined)}>
            <span className="text-ink-faint">Of</span> {identity}
            <X aria-hidden />
          </Button>
        )}
      </div>
      {error !== null ? <ProblemNote error={error} onRetry={past.retry} /> : null}
      {isEmpty ? <NoSessions accountId={accountId} /> : null}
      {isEmpty || (error !== null && !past.isSuccess && !open.isSuccess) ? null : (
        <div className="grid gap-8">
          <section aria-labelledby="open">
            <h2 id="open" className="mb-1 font-semibold">
              Live{' '}
              {open.isSuccess ? (
                <span className="font-normal text-ink-faint tabular-nums">{live.length}</span>
              ) : null}
            </h2>
            {open.isPending && open.error === null ? <TableSkeleton rows={3} /> : null}
            {open.isSuccess && live.length === 0 ? (
              <p className="border-y py-2 text-ink-faint">
                None{isFiltered ? ' by this filter' : ' at the moment'}.
              </p>
            ) : null}
            {live.length > 0 ? <SessionTable label="Live sessions" sessions={live} /> : null}
          </section>
          <section aria-labelledby="past">
            <h2 id="past" className="mb-1 font-semibold">
              Past{' '}
              {filter === '' || !past.isSuccess ? null : (
                <span className="font-normal text-ink-faint tabular-nums">
                  {ended.length} among the {past.sessions.length} newest
                </span>
              )}
            </h2>
            {past.isPending ? <TableSkeleton rows={8} /> : null}
            {past.isSuccess && ended.length === 0 ? (
              <p className="border-y py-2 text-ink-faint">
                None{isFiltered ? ' by this filter' : ' yet'}
                {past.hasMore && filter !== '' ? ' so far: show more to look further back' : ''}.
              </p>
            ) : null}
            {past.hasMore && filter !== '' && identity === undefined ? (
              <Button
                variant="ghost"
                className="mt-2"
                onClick={() => {
                  setIdentity(filter.trim());
                  setFilter('');
                }}
              >
                Find all past sessions of “{filter.trim()}”
              </Button>
            ) : null}
            {ended.length > 0 ? <SessionTable label="Past sessions" sessions={ended} isPast /> : null}
            <LoadMore hasMore={past.hasMore} isPending={past.isLoadingMore} onMore={past.loadMore} />
          </section>
        </div>
      )}
    </>
  );
}

const textsOf = (session: Session) => [
  session.id,
  session.accountName,
  session.mode,
  session.state,
  session.endCode,
  session.region,
  ...session.legs.map(({ identity }) => identity),
];

const examplesOf = (accountId: string) => [
  exampleOf({
    operation: 'sessions.list',
    input: { accountId, state: 'open' },
    cli: `session list --account ${accountId}`,
  }),
];

function NoSessions({ accountId }: { readonly accountId: string }): ReactNode {
  const mayCall = useMay('signaling.createToken');
  const browserCode = [
    "import { connect, TokenSource } from '@patchbay/sdk-browser';",
    '',
    "const pb = connect({ token: TokenSource.endpoint('/api/token') });",
    "const call = await pb.call('user:bob', { video: true });",
  ].join('\n');
  const token = exampleOf({
    operation: 'signaling.createToken',
    input: { accountId, identity: 'alice' },
  }).snippets.find(({ name }) => name === 'curl');
  return (
    <EmptyState
      icon={<Activity />}
      title="No session yet"
      action={<OpenSample variant="primary" />}
      code={
        !mayCall ? undefined : (
          <CodePanel
            title="The first call"
            snippets={[
              { name: 'Browser', code: browserCode },
              ...(token === undefined ? [] : [{ name: 'Token', code: token.code }]),
            ]}
          />
        )
      }
    >
      A session begins when one endpoint calls another, or a client of any WebRTC library takes a relay.{' '}
      {mayCall
        ? 'Open the sample call, and its link in a second window: it appears here while it rings. Or mint a token and call from your own page.'
        : 'It appears here while it rings.'}
    </EmptyState>
  );
}
