'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Identifier } from '@patchbay/ui/copy-button';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showDay, showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { openSessionsRequest } from '../sessions/open-sessions-request.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { type ReadCredential, readCredential } from './read-credential.ts';

/** Ends a credential that somebody has: pasted, read, and revoked once it is clear what ends with it (ACC-7). */
export function RevokeCredential(): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const accountId = useAccountId();
  const [pasted, setPasted] = useState('');
  const [isAsked, setAsked] = useState(false);
  const credential = readCredential(pasted);
  const revoke = useMutation(
    trpc.credentials.revoke.mutationOptions({
      onSuccess: () => {
        setAsked(false);
        setPasted('');
        toast({ tone: 'live', title: 'Revoked.', detail: 'What ran on it ends within 2 seconds.' });
      },
      onError: () => setAsked(false),
    }),
  );
  const isUnreadable = pasted.trim() !== '' && credential === undefined;
  return (
    <div className="grid gap-4">
      <Field
        label="Username or token"
        value={pasted}
        onChange={(event) => {
          setPasted(event.target.value);
          revoke.reset();
        }}
        autoComplete="off"
        spellCheck={false}
        hint="As it was minted. It is read here, in your browser; of a token only the username is sent."
        error={
          isUnreadable
            ? 'This is no credential of ours: paste all of its username, or all of the token.'
            : undefined
        }
      />
      {credential === undefined ? null : <Reading credential={credential} />}
      {revoke.error === null ? null : <ProblemNote error={revoke.error} />}
      <IfMay to="credentials.revoke">
        <div>
          <Button variant="danger" disabled={credential === undefined} onClick={() => setAsked(true)}>
            Revoke …
          </Button>
        </div>
      </IfMay>
      {credential === undefined ? null : (
        <ConfirmDialog
          isOpen={isAsked}
          onOpenChange={setAsked}
          title="Revoke this credential?"
          verb="Revoke"
          isPending={revoke.isPending}
          onConfirm={() => revoke.mutate({ accountId, username: credential.username })}
        >
          <WhatEnds credential={credential} />
        </ConfirmDialog>
      )}
    </div>
  );
}

function Reading({ credential }: { readonly credential: ReadCredential }): ReactNode {
  const { data: account } = useAccount();
  const nowMs = useNow(1_000);
  const { keyId, expiresAtMs, facts, narrowings } = credential;
  const expiresAt = new Date(expiresAtMs).toISOString();
  const isOver = expiresAtMs <= nowMs;
  return (
    <Facts label="What it says of itself">
      <Fact term="Minted by the key">
        <Identifier id={keyId} isShort />
      </Fact>
      <Fact term={isOver ? 'Ended' : 'Ends'}>
        {isOver ? (
          <span className="text-ink-faint">{showDay(expiresAt)}, by itself</span>
        ) : (
          showMoment(expiresAt)
        )}
      </Fact>
      {facts.map(([term, text]) => (
        <Fact key={`${term} ${text}`} term={term}>
          <span className="break-all">{text}</span>
        </Fact>
      ))}
      <Fact term="Narrowed">
        {narrowings === 0 ? 'never: this is as it was minted' : `${narrowings} times by its holders`}
      </Fact>
      {account === undefined ? null : (
        <Fact term="Who may revoke it">{account.name}, if the key is its own or of an account below</Fact>
      )}
    </Facts>
  );
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const ROWS_MAX = 10_000;

/** What ends with a credential, and which sessions that run now are known to be on it. */
function WhatEnds({ credential: { prefixId } }: { readonly credential: ReadCredential }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const minute = useNow(MINUTE_MS);
  const open = useQuery(trpc.sessions.list.queryOptions(openSessionsRequest(accountId)));
  const usage = useQuery(
    trpc.usage.query.queryOptions({
      accountId,
      from: new Date(minute - HOUR_MS).toISOString(),
      to: new Date(minute + MINUTE_MS).toISOString(),
      groupBy: 'session,credential',
      limit: ROWS_MAX,
    }),
  );
  const onIt = new Set(
    usage.data?.rows.flatMap(({ group }) => (group.credential === prefixId ? [group.session] : [])),
  );
  const running = (open.data?.items ?? []).filter(({ id }) => onIt.has(id));
  return (
    <>
      <p className="text-ink">
        It is refused from now on, and so is every copy that somebody narrowed from it. Whatever runs on them,
        relayed media and connections to signaling, ends within 2 seconds.
      </p>
      {usage.data === undefined || open.data === undefined ? (
        <p>Looking for sessions that run on it …</p>
      ) : running.length === 0 ? (
        <p>No session that runs now is known to use it. Copies that were narrowed from it are not counted.</p>
      ) : (
        <p>
          {running.length === 1 ? 'One session runs' : `${running.length} sessions run`} on it now:{' '}
          {running.map(({ id }) => (
            <Link
              key={id}
              href={pagePath(accountId, `sessions/${id}`)}
              className="mr-2 text-ink underline underline-offset-2"
            >
              <code className="text-sm">{id.slice(0, 12)}…</code>
            </Link>
          ))}
        </p>
      )}
      <p>Other credentials of the same key go on. This cannot be undone.</p>
    </>
  );
}
