'use client';

import { targetUrl } from '@patchbay/domain/hooks/service-target';
import { eventTypes } from '@patchbay/faces/event-catalogue';
import { Dialog } from '@patchbay/ui/dialog';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { CallbackScope } from '../callbacks/callback-calls.ts';
import { FormEnd } from '../form/form-end.tsx';
import { problemOf } from '../problem/problem.ts';
import { type CableDraft, fieldsOf, placeholdersOf, shownAtFirst, targetName } from './cable-draft.ts';
import { CableFacts } from './cable-facts.tsx';
import { CableField } from './cable-field.tsx';
import { eventTakers, patchServices, takerCalled, titleOfService } from './known-services.ts';
import { LoopPath } from './loop-path.tsx';
import { scopeOfFlow } from './patch-place.ts';
import { type PlacedCable, useCables } from './use-cables.ts';

export interface CableFormProps {
  readonly draft: CableDraft;
  /** Where a new one is set. */
  readonly scope: CallbackScope;
  readonly placeLabel: string;
  readonly onDone: () => void;
}

const eventOptions = patchServices.flatMap(({ name, title, events }) =>
  events
    .map((event) => `${name}.${event}`)
    .filter((type) => eventTypes.includes(type))
    .map((value) => ({ value, label: `${title}: ${value.slice(name.length + 1)}` })),
);
const targetOptions = eventTakers.map((taker) => ({
  value: targetName(taker),
  label: `${titleOfService(taker.service)}: ${taker.operation}`,
}));
const takerOf = (target: string) => {
  const [service = '', operation = ''] = target.split('/');
  return takerCalled(service, operation);
};

/** Gives an event to an operation of a service, and says what of the event its fields are filled with (HKS-5). */
export function CableForm({ draft, scope, placeLabel, onDone }: CableFormProps): ReactNode {
  const { cable } = draft;
  const [eventType, setEventType] = useState(draft.eventType || (eventOptions[0]?.value ?? ''));
  const [target, setTarget] = useState(draft.target || (targetOptions[0]?.value ?? ''));
  const [texts, setTexts] = useState(draft.texts);
  const [added, setAdded] = useState<readonly string[]>([]);
  const { change, remove } = useCables();
  const taker = takerOf(target);
  if (taker === undefined) return null;
  const fields = fieldsOf(taker);
  const shown = new Set([...shownAtFirst(taker, draft.texts), ...added]);
  const more = fields.filter(({ name }) => !shown.has(name));
  const known = Object.fromEntries(
    fields.flatMap(({ name }) => {
      const text = texts[name];
      return text === undefined ? [] : [[name, text]];
    }),
  );
  const drawn: PlacedCable = {
    ...placedOf(eventType),
    url: targetUrl(taker, known),
    scope: cable === undefined ? scope : scopeOfFlow(cable.flow),
    fallbackUrl: cable?.flow.fallbackUrl,
  };
  const gone = cable === undefined ? undefined : placedCable(cable);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const said = cable === undefined ? 'Cable drawn' : 'Cable changed';
    change.mutate({ drawn, gone, said }, { onSuccess: onDone });
  };
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={cable === undefined ? 'New cable' : 'Cable'}
      description={`Each time it happens, the event is given to the operation, as a request of this account. ${placeLabel}`}
    >
      <form onSubmit={submit} noValidate className="grid gap-4">
        {cable === undefined ? null : <CableFacts cable={cable} />}
        <Labelled label="Event">
          <Select label="Event" value={eventType} options={eventOptions} onChange={setEventType} />
        </Labelled>
        <Labelled label="Operation">
          <Select label="Operation" value={target} options={targetOptions} onChange={setTarget} />
        </Labelled>
        {fields
          .filter(({ name }) => shown.has(name))
          .map((field) => (
            <CableField
              key={`${target} ${field.name}`}
              field={field}
              text={texts[field.name] ?? ''}
              placeholders={placeholdersOf(eventType)}
              onChange={(text) => setTexts((before) => ({ ...before, [field.name]: text }))}
            />
          ))}
        {more.length === 0 ? null : (
          <Select
            label="More fields"
            value="more"
            options={[
              { value: 'more', label: 'Say something of another field' },
              ...more.map(({ name }) => ({ value: name, label: name })),
            ]}
            onChange={(name) => setAdded((before) => (name === 'more' ? before : [...before, name]))}
            className="justify-self-start"
          />
        )}
        <p className="text-sm text-ink-faint">
          As it is stored: <code className="wrap-anywhere">{drawn.url}</code>
        </p>
        {change.error === null || problemOf(change.error).code !== 'callback.loop' ? null : (
          <LoopPath detail={problemOf(change.error).detail} />
        )}
        <FormEnd
          refusal={change.error ?? undefined}
          verb={cable === undefined ? 'Draw it' : 'Save'}
          isPending={change.isPending}
          onLeave={onDone}
          {...(gone === undefined
            ? {}
            : {
                onRemove: () => {
                  remove(gone);
                  onDone();
                },
              })}
        />
      </form>
    </Dialog>
  );
}

const placedOf = (eventType: string) => {
  const point = eventType.indexOf('.');
  return { service: eventType.slice(0, point), event: eventType.slice(point + 1) };
};

/** A cable of the drawing as it is set. */
export const placedCable = (cable: Exclude<CableDraft['cable'], undefined>): PlacedCable => ({
  ...placedOf(cable.eventType),
  url: cable.flow.url,
  fallbackUrl: cable.flow.fallbackUrl,
  scope: scopeOfFlow(cable.flow),
});
