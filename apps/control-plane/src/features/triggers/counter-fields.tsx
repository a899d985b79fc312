'use client';

import type { periods } from '@patchbay/domain/triggers/definition';
import { measures } from '@patchbay/domain/triggers/measures';
import { eventTypes } from '@patchbay/faces/event-catalogue';
import { type DimensionFilter, readDimensionFilter } from '@patchbay/kit/dimension-filter';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { useAccount } from '../shell/account.ts';
import { DimensionChoices } from '../usage/dimension-choices.tsx';
import { meters, relayedBytes, serviceTitle } from '../usage/meters.ts';

const kindOptions = [
  { value: 'meter', label: 'what is used' },
  { value: 'event', label: 'what happens' },
  { value: 'measure', label: 'how the platform is' },
] as const;
const measureOptions = Object.entries(measures).map(([value, label]) => ({ value, label }));
const meterOptions = meters.map(({ name, label, service }) => ({
  value: name,
  label: `${serviceTitle(service)}: ${label}`,
}));
const eventOptions = eventTypes.map((value) => ({ value, label: value }));

/** A counter as it is chosen: what is not of its kind waits for a change of mind. */
export interface CounterChoice {
  readonly kind: (typeof kindOptions)[number]['value'];
  readonly meter: string;
  readonly filter: DimensionFilter;
  readonly event: string;
  /** `code:signaling.node_lost`. */
  readonly eventFilter: string;
  /** Of the platform itself, for its own account alone. */
  readonly measure: string;
}

export const firstCounter: CounterChoice = {
  kind: 'meter',
  meter: relayedBytes,
  filter: {},
  event: 'signaling.session.ended',
  eventFilter: '',
  measure: measureOptions[0]?.value ?? '',
};

/** The counter as the API takes it, or what is wrong with its filter. */
export function counterOf({ kind, meter, filter, event, eventFilter, measure }: CounterChoice) {
  if (kind === 'measure') return { measure };
  const where = kind === 'meter' ? filter : readDimensionFilter(eventFilter);
  if (typeof where === 'string') return where;
  const narrowed = Object.keys(where).length === 0 ? {} : { where };
  return kind === 'meter' ? { meter, ...narrowed } : { event, ...narrowed };
}

type Per = (typeof periods)[number];

interface CounterFieldsProps {
  readonly choice: CounterChoice;
  readonly onChange: (choice: CounterChoice) => void;
  readonly error: string | undefined;
}

/** What a trigger counts: a meter with its dimensions, or events with their fields. */
export function CounterFields({ choice, onChange, error }: CounterFieldsProps): ReactNode {
  const { kind, meter, filter, event, eventFilter, measure } = choice;
  const { data: account } = useAccount();
  const kinds = kindOptions.filter(({ value }) => value !== 'measure' || account?.isPlatform === true);
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-[auto_1fr]">
        <Labelled label="Counts">
          <Select
            label="Counts"
            value={kind}
            options={kinds}
            onChange={(next) => onChange({ ...choice, kind: next })}
          />
        </Labelled>
        {kind === 'meter' ? (
          <Labelled label="Meter">
            <Select
              label="Meter"
              value={meter}
              options={meterOptions}
              onChange={(next) => onChange({ ...choice, meter: next, filter: {} })}
            />
          </Labelled>
        ) : null}
        {kind === 'measure' ? (
          <Labelled label="Measure">
            <Select
              label="Measure"
              value={measure}
              options={measureOptions}
              onChange={(next) => onChange({ ...choice, measure: next })}
            />
          </Labelled>
        ) : null}
        {kind === 'event' ? (
          <Labelled label="Event">
            <Select
              label="Event"
              value={event}
              options={eventOptions}
              onChange={(next) => onChange({ ...choice, event: next })}
            />
          </Labelled>
        ) : null}
      </div>
      {kind === 'meter' ? (
        <Labelled label="Only">
          <div className="flex flex-wrap gap-2">
            <DimensionChoices
              meter={meter}
              filter={filter}
              onChange={(next) => onChange({ ...choice, filter: next })}
            />
          </div>
        </Labelled>
      ) : null}
      {kind === 'event' ? (
        <Field
          label="Only where"
          name="counter"
          value={eventFilter}
          placeholder="code:signaling.node_lost"
          hint="Fields of the event with the value that counts, between commas. Empty counts them all."
          error={error}
          onChange={({ target }) => onChange({ ...choice, eventFilter: target.value })}
        />
      ) : null}
    </>
  );
}
