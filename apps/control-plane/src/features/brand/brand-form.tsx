'use client';

import { accentTones } from '@patchbay/domain/branding/accent-tones';
import { branding } from '@patchbay/domain/branding/definition';
import { Button } from '@patchbay/ui/button';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { CircleCheck, Contrast } from 'lucide-react';
import type { ChangeEvent, ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { unlessChanged } from '../../trpc/if-match.ts';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { SaveRefusal } from '../problem/save-refusal.tsx';
import { useAccountId } from '../shell/account.ts';
import { type BrandDraft, colourOf, requestOf, verdictsOf } from './brand-draft.ts';

export interface BrandFormProps {
  readonly draft: BrandDraft;
  /** What the draft was begun from. */
  readonly seen: Outputs['brand']['get'];
  readonly onDraft: (draft: BrandDraft) => void;
  readonly onSaved: () => void;
  readonly onReload: (current: Outputs['brand']['get']) => void;
  /** Those that are proved. */
  readonly hosts: readonly string[];
}

const schema = branding.resources.brand.operations.set.request;
const NO_HOST = 'none';

/** What an account says of how it appears. The preview beside it follows every letter. */
export function BrandForm(props: BrandFormProps): ReactNode {
  const { draft, seen, onDraft, onSaved, onReload, hosts } = props;
  const trpc = useTRPC();
  const accountId = useAccountId();
  const showSaved = useSavedToast();
  const set = useMutation(
    trpc.brand.set.mutationOptions({
      ...unlessChanged(seen),
      onSuccess: () => {
        onSaved();
        showSaved();
      },
    }),
  );
  const form = useForm({
    schema,
    read: () => requestOf(draft),
    onValid: (values) => set.mutate({ accountId, ...values }),
    refusal: set.error,
  });
  const field = (name: Exclude<keyof BrandDraft, 'isSignUpOpen'>) => ({
    name,
    value: draft[name],
    error: form.errorOf(name),
    onChange: ({ target }: ChangeEvent<HTMLInputElement>) => onDraft({ ...draft, [name]: target.value }),
  });
  const choose = (name: 'mainHost' | 'turnHost', none: string) => ({
    value: draft[name] === '' ? NO_HOST : draft[name],
    options: [
      { value: NO_HOST, label: none },
      ...[...new Set([...hosts, ...(draft[name] === '' ? [] : [draft[name]])])].map((host) => ({
        value: host,
        label: host,
      })),
    ],
    onChange: (host: string) => onDraft({ ...draft, [name]: host === NO_HOST ? '' : host }),
    className: 'w-full',
  });
  return (
    <form {...form.props} className="grid content-start gap-8">
      <Group title="Name and colour">
        <Field label="Name" hint="In place of any name above yours." maxLength={60} {...field('name')} />
        <AccentField
          text={draft.accent}
          error={form.errorOf('accent')}
          onChange={(accent) => onDraft({ ...draft, accent })}
        />
      </Group>
      <Group title="Help and terms">
        <Field label="Help" placeholder="https://" inputMode="url" {...field('supportUrl')} />
        <Field label="Help by mail" type="email" {...field('supportEmail')} />
        <Field label="Terms" placeholder="https://" inputMode="url" {...field('termsUrl')} />
        <Field label="Privacy" placeholder="https://" inputMode="url" {...field('privacyUrl')} />
      </Group>
      <Group title="Mails">
        <Field label="From" hint="Left empty: the name above." maxLength={60} {...field('senderName')} />
        <Field
          label="Address"
          type="email"
          hint="The host behind the @ has to be proved below. Left empty: an address of the platform, under your name."
          {...field('senderAddress')}
        />
      </Group>
      <Group title="Hosts in use">
        <Labelled label="Links in mails lead to" hint="A host that is proved below.">
          <Select label="Links in mails lead to" {...choose('mainHost', 'The first host that was proved')} />
        </Labelled>
        <Labelled label="Relays are called" hint="Given out once it leads to the relays and to nothing else.">
          <Select label="Relays are called" {...choose('turnHost', 'By their own addresses')} />
        </Labelled>
        <label className="flex items-start gap-2 sm:col-span-2">
          <input
            type="checkbox"
            className="mt-0.5 accent-accent"
            checked={draft.isSignUpOpen}
            onChange={({ target }) => onDraft({ ...draft, isSignUpOpen: target.checked })}
          />
          <span>
            Whoever signs up at one of your hosts gets an account below yours
            <span className="block text-sm text-ink-faint">Off: people come by invitation.</span>
          </span>
        </label>
      </Group>
      {form.refusal === undefined ? null : (
        <SaveRefusal<Outputs['brand']['get']>
          error={form.refusal}
          onReload={(current) => {
            set.reset();
            onReload(current);
          }}
        />
      )}
      <div>
        <Button variant="primary" type="submit" isPending={set.isPending}>
          Save the brand
        </Button>
      </div>
    </form>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <fieldset className="grid content-start gap-x-6 gap-y-4 sm:grid-cols-2">
      <legend className="mb-3 font-semibold">{title}</legend>
      {children}
    </fieldset>
  );
}

interface AccentFieldProps {
  readonly text: string;
  readonly error: string | undefined;
  readonly onChange: (text: string) => void;
}

function AccentField({ text, error, onChange }: AccentFieldProps): ReactNode {
  const colour = colourOf(text);
  return (
    <div className="grid content-start gap-2">
      <Field
        label="Accent"
        name="accent"
        placeholder="#0550d0"
        value={text}
        error={error}
        hint="Buttons and links. One colour: what it needs to be readable is worked out."
        onChange={({ target }) => onChange(target.value)}
        unit={
          <input
            type="color"
            aria-label="Choose the accent"
            value={colour ?? '#44546a'}
            onChange={({ target }) => onChange(target.value)}
            className="size-8 cursor-pointer rounded-md border border-line-strong bg-canvas p-0.5"
          />
        }
      />
      {colour === undefined ? null : <Verdicts text={text} />}
    </div>
  );
}

function Verdicts({ text }: { readonly text: string }): ReactNode {
  const chosen = colourOf(text);
  if (chosen === undefined) return null;
  return (
    <ul className="grid gap-1 text-sm" aria-live="polite">
      {verdictsOf(chosen, accentTones(chosen)).map(({ theme, isKept, used, chosenRatio, usedRatio }) => (
        <li key={theme} className="flex items-center gap-2">
          {isKept ? (
            <CircleCheck className="size-4 shrink-0 text-live" aria-hidden />
          ) : (
            <Contrast className="size-4 shrink-0 text-wait" aria-hidden />
          )}
          <span>
            {theme === 'light' ? 'Light' : 'Dark'}:{' '}
            {isKept
              ? `as you chose it, ${usedRatio.toFixed(1)} to 1.`
              : `${used}, ${usedRatio.toFixed(1)} to 1. Yours would have ${chosenRatio.toFixed(1)}.`}
          </span>
        </li>
      ))}
    </ul>
  );
}
