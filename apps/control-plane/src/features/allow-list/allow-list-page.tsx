'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { useIsDisabled } from '@patchbay/ui/field-set';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { TextArea } from '@patchbay/ui/text-area';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { SaveRefusal } from '../problem/save-refusal.tsx';
import { useAccountId, useAccountNames } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { SetAbove } from '../speakers/set-above.tsx';
import { SpeakerChoice } from '../speakers/speaker-choice.tsx';
import { type Entry, readText, toText } from './list-text.ts';

type Lists = Outputs['allowList']['get'];
type Purpose = 'keys' | 'credentials' | 'unsigned';

/** Where the keys of the account, and its credentials, may be used from (ACC-9). */
export function AllowListPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const lists = useQuery(trpc.allowList.get.queryOptions({ accountId }));
  const [from, setFrom] = useState<string>();
  const input = {
    accountId,
    keys: [{ network: '203.0.113.0/24', label: 'Office' }],
    credentials: [],
  };
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Where keys and credentials of this account and all below it may be used from."
        examples={[
          exampleOf({
            operation: 'allowList.set',
            input,
            cli: `allow-list set ${accountId} --key 203.0.113.0/24=Office`,
          }),
          exampleOf({
            operation: 'allowList.get',
            input: { accountId },
            cli: `allow-list show ${accountId}`,
          }),
        ]}
      />
      <AccountTabs />
      {lists.error === null ? null : <ProblemNote error={lists.error} onRetry={() => void lists.refetch()} />}
      {lists.isPending ? <TableSkeleton rows={5} /> : null}
      {lists.data === undefined ? null : (
        <div className="grid gap-10">
          <ListsForm
            key={JSON.stringify([lists.data, from])}
            lists={lists.data}
            from={from}
            onSpeakAs={setFrom}
            onReload={() => void lists.refetch()}
          />
          <Inherited lists={lists.data} />
        </div>
      )}
    </>
  );
}

interface ListsFormProps {
  readonly lists: Lists;
  /** The account whose lists are edited, where another was chosen than the highest. */
  readonly from: string | undefined;
  readonly onSpeakAs: (accountId: string) => void;
  readonly onReload: () => void;
}

function ListsForm({ lists, from, onSpeakAs, onReload }: ListsFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const names = useAccountNames();
  const show = useToast();
  const speakerId = from ?? lists.speakerIds[0] ?? accountId;
  const isAbove = speakerId !== accountId;
  const saved = textsOf(lists, isAbove ? speakerId : undefined);
  const [texts, setTexts] = useState(saved);
  const set = useMutation(
    trpc.allowList.set.mutationOptions({
      ...unlessChanged(lists),
      onSuccess: () =>
        show({ title: 'The lists are saved. What runs is held to them within 5 seconds.', tone: 'live' }),
    }),
  );
  const read = {
    keys: readText(texts.keys),
    credentials: readText(texts.credentials),
    unsigned: readText(texts.unsigned),
  };
  const isChanged = purposes.some((purpose) => texts[purpose] !== saved[purpose]);
  const change = (purpose: Purpose) => (text: string) => setTexts({ ...texts, [purpose]: text });
  const wrongIn = (purpose: Purpose) => ('wrong' in read[purpose] ? read[purpose].wrong : undefined);
  const save = () => {
    if ('wrong' in read.keys || 'wrong' in read.credentials || 'wrong' in read.unsigned) return;
    const unsigned = read.unsigned.entries.map((entry) => ({ ...entry, authenticates: true }));
    const credentials = [...read.credentials.entries, ...unsigned];
    const speaker = lists.speakerIds[0] === accountId ? {} : { from: speakerId };
    set.mutate({ accountId, ...speaker, keys: [...read.keys.entries], credentials });
  };
  return (
    <form
      className="grid gap-6"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Callout title="Nobody who signs in is bound by these lists">
        They hold for API keys and for credentials. You reach this page from anywhere, and can take back a
        list that was wrong.
      </Callout>
      {isAbove ? (
        <p className="text-ink-faint">
          You are above this account: what you set here holds beside its own lists, and it does not take it
          back. Addresses that need no credential are the account’s own.
        </p>
      ) : null}
      <SpeakerChoice speakerIds={lists.speakerIds} chosen={speakerId} names={names} onChange={onSpeakAs} />
      <SetAbove
        words={lists.fromAbove.map(({ setById, ...said }) => ({ setById, text: saidText(said) }))}
        ownText={isAbove ? saidText(lists) : undefined}
        speakerIds={lists.speakerIds}
        names={names}
      />
      <Changeable
        by="allowList.set"
        end={
          <>
            {set.error === null ? null : <SaveRefusal error={set.error} onReload={onReload} />}
            <div className="flex flex-wrap gap-2">
              <Button
                variant="primary"
                type="submit"
                isPending={set.isPending}
                disabled={!isChanged || purposes.some((purpose) => wrongIn(purpose) !== undefined)}
              >
                Save
              </Button>
              {isChanged ? (
                <Button variant="ghost" onClick={() => setTexts(saved)}>
                  Discard
                </Button>
              ) : null}
            </div>
          </>
        }
      >
        <div className="grid gap-x-10 gap-y-6 lg:grid-cols-2">
          <ListField
            label="API keys may be used from"
            hint="Every request with a key is held to it. Empty: from anywhere."
            text={texts.keys}
            wrong={wrongIn('keys')}
            onChange={change('keys')}
          />
          <ListField
            label="Credentials may be used from"
            hint="Signaling and relays hold clients to it. Empty: from anywhere."
            text={texts.credentials}
            wrong={wrongIn('credentials')}
            onChange={change('credentials')}
          />
          <ListField
            label="Need no credential"
            hint="What relays hear from it without a credential counts as this account. Only addresses that nobody else is behind, such as a server’s or a trunk’s."
            none="nowhere"
            example="192.0.2.10 Trunk"
            text={texts.unsigned}
            wrong={wrongIn('unsigned')}
            onChange={change('unsigned')}
          />
        </div>
      </Changeable>
    </form>
  );
}

const purposes: readonly Purpose[] = ['keys', 'credentials', 'unsigned'];

/** What one set here: the account itself, or the one above it that is named. */
function textsOf(
  { keys, credentials, fromAbove }: Lists,
  setById: string | undefined,
): Record<Purpose, string> {
  const above = fromAbove.find((said) => said.setById === setById);
  const own = { keys, credentials: credentials.filter(({ authenticates }) => !authenticates) };
  const said = setById === undefined ? own : above;
  return {
    keys: toText(said?.keys ?? []),
    credentials: toText(said?.credentials ?? []),
    unsigned: toText(credentials.filter(({ authenticates }) => authenticates)),
  };
}

interface Said {
  readonly keys: readonly Entry[];
  readonly credentials: readonly Entry[];
}

const saidText = ({ keys, credentials }: Said): string =>
  `keys from ${networksText(keys)}; credentials from ${networksText(credentials)}`;

const networksText = (entries: readonly Entry[]): string =>
  entries.length === 0 ? 'anywhere' : entries.map(({ network }) => network).join(', ');

interface ListFieldProps {
  readonly label: string;
  readonly hint: string;
  /** What an empty list comes to. */
  readonly none?: string;
  readonly example?: string;
  readonly text: string;
  readonly wrong: string | undefined;
  readonly onChange: (text: string) => void;
}

const ROWS_MIN = 5;
const ROWS_MAX = 16;

function ListField({
  label,
  hint,
  none = 'from anywhere',
  example = '203.0.113.0/24 Office\n2001:db8::1 Server',
  text,
  wrong,
  onChange,
}: ListFieldProps): ReactNode {
  const isOnlyRead = useIsDisabled();
  return (
    <TextArea
      label={label}
      rows={Math.min(ROWS_MAX, Math.max(ROWS_MIN, text.split('\n').length + 1))}
      placeholder={isOnlyRead ? none : example}
      value={text}
      onChange={onChange}
      hint={`${hint} One address or network in each line, with its name behind it.`}
      error={
        wrong === undefined
          ? undefined
          : `${wrong} is no address or network, such as 10.0.0.0/8 or 2001:db8::/32.`
      }
    />
  );
}

type Above = Lists['inherited'][number];

function Inherited({ lists: { inherited } }: { readonly lists: Lists }): ReactNode {
  const names = useAccountNames();
  if (inherited.length === 0) return null;
  const nameOf = ({ accountId }: Above) =>
    accountId === undefined ? 'An account above' : (names.get(accountId) ?? accountId);
  return (
    <section aria-labelledby="above">
      <h2 id="above" className="mb-2 font-semibold">
        What holds at accounts above as well
      </h2>
      <Table
        label="Lists of accounts above"
        columns={columnsOf(nameOf)}
        rows={inherited}
        rowKey={({ accountId, keys, credentials }) => accountId ?? JSON.stringify([keys, credentials])}
      />
    </section>
  );
}

const columnsOf = (nameOf: (above: Above) => string): readonly Column<Above>[] => [
  { key: 'account', header: 'Account', isTitle: true, cell: nameOf },
  { key: 'keys', header: 'Keys from', isWide: true, cell: ({ keys }) => textOf(keys) },
  {
    key: 'credentials',
    header: 'Credentials from',
    isWide: true,
    cell: ({ credentials }) => textOf(credentials),
  },
];

const textOf = (networks: readonly string[]): ReactNode =>
  networks.length === 0 ? (
    <span className="text-ink-faint">anywhere</span>
  ) : (
    <span className="break-words font-mono text-sm">{networks.join(', ')}</span>
  );
