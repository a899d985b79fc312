'use client';

import { namespaceName } from '@patchbay/domain/channels/channel-name';
import {
  type Audience,
  audiences,
  defaultSettings,
  type NamespaceSettings,
  namespaceSettings,
} from '@patchbay/domain/channels/namespace';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';

interface NamespaceFormProps {
  /** Absent for a new one. */
  readonly current: (NamespaceSettings & { readonly namespace: string }) | undefined;
  readonly onDone: () => void;
}

const schema = z.object({ namespace: namespaceName, ...namespaceSettings.shape });
const words: Readonly<Record<Audience, string>> = {
  nobody: 'no client',
  named: 'whom the name names',
  anybody: 'any client',
};
const audienceOptions = audiences.map((value) => ({ value, label: words[value] }));
const switches = [
  ['presence', 'Shows who is there'],
  ['messageEvents', 'Messages to webhooks'],
  ['presenceEvents', 'Presence to webhooks'],
] as const;
const switchOptions = [
  { value: 'on', label: 'on' },
  { value: 'off', label: 'off' },
] as const;

/** How the channels of a namespace behave. */
export function NamespaceForm({ current, onDone }: NamespaceFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [chosen, setChosen] = useState<NamespaceSettings>(current ?? defaultSettings);
  const change = (part: Partial<NamespaceSettings>) => setChosen((known) => ({ ...known, ...part }));
  const put = useMutation(trpc.notification.putNamespace.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema,
    read: (text) => ({
      namespace: current?.namespace ?? text('namespace').trim(),
      ...settingsOf(chosen),
      historyCount: Number(text('historyCount')),
      historySeconds: Number(text('historySeconds')),
    }),
    onValid: (settings) => put.mutate({ accountId, ...settings }),
    refusal: put.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={current === undefined ? 'Set a namespace' : `Namespace ${current.namespace}`}
      description="Of all channels whose name begins with it and a colon; default: of those without a colon."
    >
      <form {...form.props} className="grid gap-4">
        <Changeable
          by="notification.putNamespace"
          end={<FormEnd refusal={form.refusal} verb="Save" isPending={put.isPending} onLeave={onDone} />}
        >
          {current === undefined ? (
            <Field
              label="Namespace"
              name="namespace"
              autoFocus
              autoComplete="off"
              placeholder="chat"
              error={form.errorOf('namespace')}
            />
          ) : null}
          <div className="grid grid-cols-2 gap-4">
            <Labelled label="May subscribe">
              <Select
                label="May subscribe"
                value={chosen.subscribers}
                options={audienceOptions}
                onChange={(subscribers) => change({ subscribers })}
              />
            </Labelled>
            <Labelled label="May publish">
              <Select
                label="May publish"
                value={chosen.publishers}
                options={audienceOptions}
                onChange={(publishers) => change({ publishers })}
              />
            </Labelled>
            <Field
              label="Messages kept"
              name="historyCount"
              inputMode="numeric"
              defaultValue={chosen.historyCount}
              error={form.errorOf('historyCount')}
            />
            <Field
              label="Kept for"
              name="historySeconds"
              inputMode="numeric"
              unit="s"
              defaultValue={chosen.historySeconds}
              error={form.errorOf('historySeconds')}
            />
            {switches.map(([name, label]) => (
              <Labelled key={name} label={label}>
                <Select
                  label={label}
                  value={chosen[name] ? 'on' : 'off'}
                  options={switchOptions}
                  onChange={(value) => change({ [name]: value === 'on' })}
                />
              </Labelled>
            ))}
          </div>
        </Changeable>
      </form>
    </Dialog>
  );
}

/** Without what only an answer has. */
const settingsOf = (chosen: NamespaceSettings): NamespaceSettings => namespaceSettings.strip().parse(chosen);
