'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import type { FieldMerge } from '@patchbay/kit/definition';
import { services } from '@patchbay/services/registry.generated';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { SchemaControl } from '../schema-form/schema-control.tsx';
import { fieldsOf, readDraft, showValue } from '../schema-form/schema-fields.ts';
import { useDraft } from '../schema-form/use-draft.ts';
import { openSessionsRequest } from '../sessions/open-sessions-request.ts';
import { useAccountId, useAccountNames } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import { useMay } from '../shell/use-may.ts';
import { SetAbove } from '../speakers/set-above.tsx';
import { SpeakerChoice } from '../speakers/speaker-choice.tsx';
import type { ServiceConfigAnswer } from './config-answer.ts';
import { useOriginText } from './config-origin.ts';
import { sessionsOfService } from './sessions-of-service.ts';
import {
  type ConfigScope,
  type ConfigValue,
  operationsOf,
  useServiceConfig,
  useTakeBack,
} from './use-service-config.ts';

export interface ConfigFormProps {
  readonly service: ServiceKey;
  readonly scope: ConfigScope;
  /** It is said already, for several forms at once, that whoever looks may not change them. */
  readonly isNoted?: boolean;
}

/** The configuration of a service at one level, as its schema says: nothing here knows of any service. */
export function ConfigForm({ service, scope, isNoted = false }: ConfigFormProps): ReactNode {
  const [from, setFrom] = useState<string>();
  const { answer, values, error, retry, save } = useServiceConfig(service, scope, from);
  if (values === undefined || answer === undefined) {
    return error === null ? (
      <FormSkeleton rows={Object.keys(services[service].config.shape).length} />
    ) : (
      <ProblemNote error={error} onRetry={retry} />
    );
  }
  return (
    <div className="grid gap-5">
      <WordsHere service={service} scope={scope} answer={answer} onSpeakAs={setFrom} />
      <Fields
        key={answer.origin.setById ?? ''}
        service={service}
        scope={scope}
        isNoted={isNoted}
        answer={answer}
        values={values}
        save={save}
      />
    </div>
  );
}

interface WordsHereProps extends Pick<ConfigFormProps, 'service' | 'scope'> {
  readonly answer: ServiceConfigAnswer;
  readonly onSpeakAs: (accountId: string) => void;
}

/** What those above set here beside the account itself, and in whose name whoever may do so goes on. */
function WordsHere({ service, scope, answer, onSpeakAs }: WordsHereProps): ReactNode {
  const { origin, fromAbove, speakerIds, own } = answer;
  const accountId = useAccountId();
  const names = useAccountNames();
  const mayChange = useMay(`${service}.${operationsOf(scope).write}`);
  const takeBack = useTakeBack(service, scope);
  const text = (values: Readonly<Record<string, unknown>>) =>
    fieldsOf(services[service].config)
      .flatMap((field) =>
        values[field.name] === undefined ? [] : [`${field.label} ${showValue(field, values[field.name])}`],
      )
      .join(', ');
  if (fromAbove.length === 0 && origin.by === undefined && speakerIds.length < 2) return null;
  return (
    <div className="grid gap-3">
      {origin.by === undefined ? null : (
        <p className="text-sm text-pretty text-ink-soft">
          You are above this account: it does not take back what you set here.
        </p>
      )}
      <SpeakerChoice
        speakerIds={speakerIds}
        chosen={origin.setById ?? accountId}
        names={names}
        onChange={onSpeakAs}
      />
      <SetAbove
        words={fromAbove.map(({ origin: { setById }, values }) => ({ setById, text: text(values) }))}
        ownText={origin.by === undefined ? undefined : text(own) || undefined}
        speakerIds={speakerIds}
        names={names}
        onTakeBack={mayChange ? takeBack : undefined}
      />
    </div>
  );
}

interface FieldsProps extends ConfigFormProps {
  readonly answer: ServiceConfigAnswer;
  readonly values: readonly ConfigValue[];
  readonly save: ReturnType<typeof useServiceConfig>['save'];
}

/** A field that is left empty says nothing at this level: what holds without it stands in its place. */
function Fields({ service, scope, isNoted = false, answer, values, save }: FieldsProps): ReactNode {
  const saved = useSavedToast();
  const originText = useOriginText(scope, answer.origin);
  const { config: schema, merge } = services[service];
  const rules: Readonly<Record<string, FieldMerge>> = merge;
  const fields = values.map(({ field }) => field);
  const own = Object.fromEntries(values.map(({ field, own: value }) => [field.name, value]));
  const { draft, isChanged, set, clear } = useDraft(own);
  const form = useForm({
    schema,
    read: () => readDraft(fields, draft),
    onValid: () =>
      save.mutate(readDraft(fields, draft), {
        onSuccess: () => {
          clear();
          saved();
        },
      }),
    refusal: save.error,
  });
  const change = (name: string) => (text: string) => {
    set(name, text);
    form.forget(name);
  };
  const by = `${service}.${operationsOf(scope).write}` as const;
  const mayChange = useMay(by);
  return (
    <form {...form.props} className="grid gap-5">
      <Changeable
        by={by}
        isNoted={isNoted}
        end={
          <>
            {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
            <div className="grid gap-2">
              <Effect service={service} scope={scope} />
              <div className="flex gap-2">
                <Button type="submit" disabled={!isChanged} isPending={save.isPending}>
                  Save
                </Button>
                {isChanged ? (
                  <Button variant="ghost" onClick={clear}>
                    Undo
                  </Button>
                ) : null}
              </div>
            </div>
          </>
        }
      >
        {values.map((value) => {
          const { field, without } = value;
          const text = draft[field.name] ?? '';
          const from = value.own === undefined ? originText(value.origin) : withoutText(value, originText);
          return (
            <SchemaControl
              key={field.name}
              field={field}
              value={text}
              choices={narrowerChoices(rules[field.name], value)}
              onChange={change(field.name)}
              error={form.errorOf(field.name)}
              emptyText={`${showValue(field, without.value)}, ${from}`}
              why={
                <Why
                  value={value}
                  draft={text}
                  originText={originText}
                  onReset={mayChange ? () => change(field.name)('') : undefined}
                />
              }
            />
          );
        })}
      </Changeable>
    </form>
  );
}

/** Whom a change is for, besides what runs now. */
const reaches: Readonly<Record<ConfigScope['kind'], string>> = {
  account:
    'It holds for this account, its applications and all accounts below: each of these can allow less, and none more.',
  application:
    'It holds for every credential that names the application. It can allow less than the account, and not more.',
  instanceType:
    'It holds for every credential that names this instance type. It can allow less than the application, and not more.',
  endpoint:
    'It holds for whoever signs in as this endpoint. It can allow less than the account and the application, and not more.',
};

/** What a change does, to whom, and to how much of what runs now. */
function Effect({ service, scope }: Pick<ConfigFormProps, 'service' | 'scope'>): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const open = useQuery(trpc.sessions.list.queryOptions(openSessionsRequest(accountId)));
  const running = sessionsOfService(service, open.data?.items ?? [])?.filter(
    ({ applicationId }) => !('applicationId' in scope) || applicationId === scope.applicationId,
  ).length;
  const isKnown = open.isSuccess && running !== undefined;
  const isMore = open.data?.nextCursor !== undefined;
  const { title } = services[service];
  return (
    <p className="text-sm text-pretty text-ink-faint">
      {reaches[scope.kind]} What runs is held to it at once, and what may not go on ends.
      {!isKnown
        ? null
        : running === 0
          ? ` No session of ${title} runs now.`
          : ` ${running}${isMore ? ' or more' : ''} ${running === 1 ? 'session runs' : 'sessions run'} on ${title} now${'applicationId' in scope ? ' in the application' : ''}.`}
    </p>
  );
}

function withoutText(
  { field, inherited, without }: ConfigValue,
  originText: ReturnType<typeof useOriginText>,
): string {
  if (without.origin !== undefined) return originText(without.origin);
  return inherited === field.otherwise ? 'by default' : 'from above';
}

/** Of words that run from the widest to the narrowest, those that could still hold here. */
function narrowerChoices(
  merge: FieldMerge | undefined,
  { field, inherited }: ConfigValue,
): readonly string[] {
  if (typeof merge !== 'object' || inherited === field.otherwise) return field.choices;
  const at = merge.narrowestOf.indexOf(String(inherited));
  return field.choices.filter((choice) => merge.narrowestOf.indexOf(choice) >= at);
}

interface WhyProps {
  readonly value: ConfigValue;
  readonly draft: string;
  readonly originText: ReturnType<typeof useOriginText>;
  /** Absent for who may not change it. */
  readonly onReset: (() => void) | undefined;
}

/** Where what holds comes from (POL-2), and the way back to what would hold without a word here. */
function Why({ value, draft, originText, onReset }: WhyProps): ReactNode {
  const { field, own, without, origin } = value;
  if (draft.trim() === '') return <Badge>{own === undefined ? originText(origin) : 'not saved yet'}</Badge>;
  const isHeld = originText(origin) === 'set here';
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      {onReset === undefined ? null : (
        <button
          type="button"
          className="rounded-sm text-sm text-ink-faint underline underline-offset-2 hover:text-ink"
          aria-label={`Back to ${showValue(field, without.value)}: ${field.label}`}
          onClick={onReset}
        >
          back to {showValue(field, without.value)}
        </button>
      )}
      {own === undefined ? <Badge>not saved yet</Badge> : null}
      {own !== undefined && isHeld ? <Badge tone="accent">set here</Badge> : null}
      {own !== undefined && !isHeld ? (
        <Badge tone="wait" title={`Set here, and not in force: ${originText(origin)}`}>
          {showValue(field, value.value)} holds, {originText(origin)}
        </Badge>
      ) : null}
    </span>
  );
}

function FormSkeleton({ rows }: { readonly rows: number }): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="grid gap-6">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are alike and never move.
        <div key={index} className="grid gap-2">
          <Skeleton className="h-3 w-40" />
          <Skeleton className="h-8" />
          <Skeleton className="h-3 w-64" />
        </div>
      ))}
    </div>
  );
}
