'use client';

import { Button } from '@patchbay/ui/button';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { type ReactNode, useState } from 'react';
import type { Place } from './use-policy-place.ts';

const ALL = 'all';
const kinds = [
  { value: 'account', label: 'all of the account' },
  { value: 'application', label: 'an application' },
  { value: 'region', label: 'a region' },
  { value: 'endpoint', label: 'an endpoint' },
] as const;
type Kind = (typeof kinds)[number]['value'];

export interface PlaceChoiceProps {
  readonly place: Place;
  readonly onChange: (place: Place) => void;
  readonly applications: readonly {
    readonly id: string;
    readonly name: string;
    readonly instanceTypes: readonly string[];
  }[];
  readonly regions: readonly string[];
}

/** Where in the account the policy is looked at and set: the levels below that of the account itself (POL-1). */
export function PlaceChoice({ place, onChange, applications, regions }: PlaceChoiceProps): ReactNode {
  // Before the first is chosen there is no place of the kind, and the address has none.
  const [asked, setAsked] = useState<Kind>();
  const kind = asked ?? kindOf(place);
  const choose = (next: Kind) => {
    setAsked(next);
    const [application] = applications;
    const [region] = regions;
    if (next === 'application' && application !== undefined) onChange({ applicationId: application.id });
    else if (next === 'region' && region !== undefined) onChange({ region });
    else onChange({});
  };
  return (
    <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
      <Labelled label="For">
        <Select label="For" value={kind} options={kinds} onChange={choose} />
      </Labelled>
      {kind === 'application' ? (
        <ApplicationChoice place={place} onChange={onChange} applications={applications} />
      ) : null}
      {kind === 'region' ? <RegionChoice place={place} onChange={onChange} regions={regions} /> : null}
      {kind === 'endpoint' ? (
        <EndpointChoice key={place.endpoint ?? ''} place={place} onChange={onChange} />
      ) : null}
    </div>
  );
}

function kindOf({ applicationId, region, endpoint }: Place): Kind {
  if (applicationId !== undefined) return 'application';
  if (region !== undefined) return 'region';
  return endpoint === undefined ? 'account' : 'endpoint';
}

type Choosing = Pick<PlaceChoiceProps, 'place' | 'onChange'>;

function ApplicationChoice({
  place: { applicationId, instanceType },
  onChange,
  applications,
}: Choosing & Pick<PlaceChoiceProps, 'applications'>): ReactNode {
  const application = applications.find(({ id }) => id === applicationId);
  if (applicationId === undefined || application === undefined) return <None what="application" />;
  const types = application.instanceTypes;
  return (
    <>
      <Labelled label="Application">
        <Select
          label="Application"
          value={applicationId}
          options={applications.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(chosen) => onChange({ applicationId: chosen })}
        />
      </Labelled>
      {types.length === 0 ? null : (
        <Labelled label="Instance type">
          <Select
            label="Instance type"
            value={instanceType ?? ALL}
            options={[
              { value: ALL, label: 'all of it' },
              ...types.map((type) => ({ value: type, label: type })),
            ]}
            onChange={(chosen) =>
              onChange({ applicationId, ...(chosen === ALL ? {} : { instanceType: chosen }) })
            }
          />
        </Labelled>
      )}
    </>
  );
}

function RegionChoice({
  place: { region },
  onChange,
  regions,
}: Choosing & Pick<PlaceChoiceProps, 'regions'>): ReactNode {
  if (region === undefined) return <None what="region" />;
  // One that has no node now may have a policy all the same.
  const known = [...new Set([...regions, region])];
  return (
    <Labelled label="Region">
      <Select
        label="Region"
        value={region}
        options={known.map((name) => ({ value: name, label: name }))}
        onChange={(chosen) => onChange({ region: chosen })}
      />
    </Labelled>
  );
}

function EndpointChoice({ place: { endpoint = '' }, onChange }: Choosing): ReactNode {
  const [typed, setTyped] = useState(endpoint);
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(typed.trim() === '' ? {} : { endpoint: typed.trim() });
      }}
    >
      <Field
        label="Endpoint"
        name="endpoint"
        placeholder="user:bob"
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
      <Button type="submit">Show</Button>
    </form>
  );
}

const None = ({ what }: { readonly what: string }): ReactNode => (
  <p className="flex h-8 items-center text-ink-faint">The account has no {what} yet.</p>
);
