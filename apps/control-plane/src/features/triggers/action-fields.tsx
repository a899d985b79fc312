'use client';

import { services } from '@patchbay/services/registry.generated';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { typedNumber } from '../form/typed-number.ts';
import { useAccount } from '../shell/account.ts';
import type { Trigger } from './trigger-words.ts';

const actionOptions = [
  { value: 'notify', label: 'tell, and no more' },
  { value: 'throttle', label: 'hold the bit rate' },
  { value: 'disableService', label: 'turn a service off' },
  { value: 'endSessions', label: 'end the sessions' },
  { value: 'suspend', label: 'suspend the account' },
  { value: 'email', label: 'tell by e-mail' },
] as const;
const serviceOptions = Object.values(services).map(({ name, title }) => ({ value: name, label: title }));
const BITS_PER_KILOBIT = 1_000;

export interface ActionChoice {
  readonly kind: (typeof actionOptions)[number]['value'];
  readonly kilobits: string;
  readonly service: string;
  readonly address: string;
  /** Of which the sessions end; '' for those of whom the trigger is about. */
  readonly nodeId: string;
}

export const firstAction: ActionChoice = {
  kind: 'notify',
  kilobits: '256',
  service: serviceOptions[0]?.value ?? '',
  address: '',
  nodeId: '',
};

export const choiceOfAction = (action: Trigger['action']): ActionChoice => ({
  ...firstAction,
  kind: action.kind,
  ...(action.kind === 'throttle' ? { kilobits: String(action.bitsPerSecondMax / BITS_PER_KILOBIT) } : {}),
  ...(action.kind === 'disableService' ? { service: action.service } : {}),
  ...(action.kind === 'endSessions' ? { nodeId: action.nodeId ?? '' } : {}),
  ...(action.kind === 'email' ? { address: action.address } : {}),
});

/** The action as the API takes it; a field that is no number is refused as such. */
export function actionOf({ kind, kilobits, service, address, nodeId }: ActionChoice) {
  switch (kind) {
    case 'disableService':
      return { kind, service };
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
  const { kind, kilobits, service, address, nodeId } = choice;
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
      {kind === 'endSessions' && account?.depth === 0 ? (
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
