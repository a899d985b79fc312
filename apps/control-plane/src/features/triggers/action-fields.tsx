'use client';

import { featureNamesOf } from '@patchbay/kit/definition';
import { services } from '@patchbay/services/registry.generated';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { typedNumber } from '../form/typed-number.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { featureText, type Trigger } from './trigger-words.ts';

const actionOptions = [
  { value: 'notify', label: 'tell, and no more' },
  { value: 'callback', label: 'call your server' },
  { value: 'throttle', label: 'hold the bit rate' },
  { value: 'disableService', label: 'turn a service off' },
  { value: 'disableFeature', label: 'turn a feature off' },
  { value: 'endSessions', label: 'end the sessions' },
  { value: 'suspend', label: 'suspend the account' },
  { value: 'email', label: 'tell by e-mail' },
] as const;
const serviceOptions = Object.values(services).map(({ name, title }) => ({ value: name, label: title }));
const featureOptions = Object.values(services)
  .flatMap(featureNamesOf)
  .map((name) => ({ value: name, label: featureText(name) }));
const BITS_PER_KILOBIT = 1_000;

export interface ActionChoice {
  readonly kind: (typeof actionOptions)[number]['value'];
  readonly kilobits: string;
  readonly service: string;
  readonly feature: string;
  readonly address: string;
  /** Which is called; '' for an address of the trigger's own. */
  readonly webhookId: string;
  readonly url: string;
  /** Of which the sessions end; '' for those of whom the trigger is about. */
  readonly nodeId: string;
}

export const firstAction: ActionChoice = {
  kind: 'notify',
  kilobits: '256',
  service: serviceOptions[0]?.value ?? '',
  feature: featureOptions[0]?.value ?? '',
  address: '',
  webhookId: '',
  url: '',
  nodeId: '',
};

export const choiceOfAction = (action: Trigger['action']): ActionChoice => ({
  ...firstAction,
  kind: action.kind,
  ...(action.kind === 'throttle' ? { kilobits: String(action.bitsPerSecondMax / BITS_PER_KILOBIT) } : {}),
  ...(action.kind === 'disableService' ? { service: action.service } : {}),
  ...(action.kind === 'disableFeature' ? { feature: action.feature } : {}),
  ...(action.kind === 'endSessions' ? { nodeId: action.nodeId ?? '' } : {}),
  ...(action.kind === 'callback' ? { webhookId: action.webhookId ?? '' } : {}),
  ...(action.kind === 'email' ? { address: action.address ?? '' } : {}),
});

/** The action as the API takes it; a field that is no number is refused as such. */
export function actionOf(choice: ActionChoice) {
  const { kind, kilobits, service, feature, address, webhookId, url, nodeId } = choice;
  switch (kind) {
    case 'callback':
      return webhookId === '' ? { kind, url: url.trim() } : { kind, webhookId };
    case 'disableService':
      return { kind, service };
    case 'disableFeature':
      return { kind, feature };
    case 'throttle': {
      const typed = typedNumber(kilobits);
      return { kind, bitsPerSecondMax: typeof typed === 'number' ? typed * BITS_PER_KILOBIT : typed };
    }
    case 'email':
      return { kind, address: address.trim() };
    case 'endSessions': {
      const node = nodeId.trim();
      return node === '' ? { kind } : { kind, nodeId: node };
    }
    case 'notify':
    case 'suspend':
      return { kind };
  }
}

interface ActionFieldsProps {
  readonly choice: ActionChoice;
  readonly onChange: (choice: ActionChoice) => void;
  readonly error: string | undefined;
}

/** What is done when the limit is reached. */
export function ActionFields({ choice, onChange, error }: ActionFieldsProps): ReactNode {
  const { kind, kilobits, service, feature, address, url, nodeId } = choice;
  const { data: account } = useAccount();
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Labelled label="Then">
        <Select
          label="Then"
          value={kind}
          options={actionOptions}
          onChange={(next) => onChange({ ...choice, kind: next })}
        />
      </Labelled>
      {kind === 'callback' ? <CalledWebhook choice={choice} onChange={onChange} /> : null}
      {kind === 'callback' && choice.webhookId === '' ? (
        <div className="sm:col-span-2">
          <Field
            label="Address"
            name="action"
            inputMode="url"
            placeholder="https://api.example.com/fired"
            hint="It gets a secret of its own, which is shown once, and a log of what it answered."
            value={url}
            error={error}
            onChange={({ target }) => onChange({ ...choice, url: target.value })}
          />
        </div>
      ) : null}
      {kind === 'throttle' ? (
        <Field
          label="Bit rate"
          name="action"
          inputMode="numeric"
          unit="kbit/s"
          value={kilobits}
          error={error}
          onChange={({ target }) => onChange({ ...choice, kilobits: target.value })}
        />
      ) : null}
      {kind === 'disableService' ? (
        <Labelled label="Service">
          <Select
            label="Service"
            value={service}
            options={serviceOptions}
            onChange={(next) => onChange({ ...choice, service: next })}
          />
        </Labelled>
      ) : null}
      {kind === 'disableFeature' ? (
        <Labelled label="Feature">
          <Select
            label="Feature"
            value={feature}
            options={featureOptions}
            onChange={(next) => onChange({ ...choice, feature: next })}
          />
        </Labelled>
      ) : null}
      {kind === 'endSessions' && account?.isPlatform === true ? (
        <Field
          label="Of one node"
          name="action"
          placeholder="nod_…"
          hint="Of all accounts, those that it holds. Empty: all sessions."
          value={nodeId}
          error={error}
          onChange={({ target }) => onChange({ ...choice, nodeId: target.value })}
        />
      ) : null}
      {kind === 'email' ? (
        <Field
          label="To"
          name="action"
          type="email"
          placeholder="ops@example.com"
          value={address}
          error={error}
          onChange={({ target }) => onChange({ ...choice, address: target.value })}
        />
      ) : null}
    </div>
  );
}

const NAMES_MAX = 100;

/** Which of the account's webhooks is called, or one that the trigger has for itself. */
function CalledWebhook({ choice, onChange }: Pick<ActionFieldsProps, 'choice' | 'onChange'>): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data } = useQuery(trpc.webhooks.list.queryOptions({ accountId, limit: NAMES_MAX }));
  // The callback of a service, or of another trigger, is called by nothing else.
  const nameable = (data?.items ?? []).filter(
    ({ id, service, triggerId }) =>
      id === choice.webhookId || (service === undefined && triggerId === undefined),
  );
  const options = [
    { value: '', label: 'an address of its own' },
    ...nameable.map(({ id, url }) => ({ value: id, label: url })),
  ];
  return (
    <Labelled label="Where">
      <Select
        label="Where"
        value={choice.webhookId}
        options={options}
        onChange={(webhookId) => onChange({ ...choice, webhookId })}
      />
    </Labelled>
  );
}
