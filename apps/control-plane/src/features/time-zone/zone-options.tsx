import { isTimeZone } from '@patchbay/domain/tenancy/time-zone';
import type { ReactNode } from 'react';
import { localTimeZone } from '../../formats/time.ts';

/** Every zone that there is: first UTC, which the list of a runtime leaves out, and that of whoever looks. */
const zones: readonly string[] = [
  ...new Set(['UTC', localTimeZone(), ...Intl.supportedValuesOf('timeZone')]),
];

/** What a field for a time zone offers while somebody types: `list` of the field names it. */
export function ZoneOptions({ id }: { readonly id: string }): ReactNode {
  return (
    <datalist id={id}>
      {zones.map((zone) => (
        <option key={zone} value={zone} />
      ))}
    </datalist>
  );
}

/** The zone that a text names, as it is written; undefined for one that there is not. */
export function zoneOf(text: string): string | undefined {
  const typed = text.trim().toLowerCase();
  return zones.find((zone) => zone.toLowerCase() === typed) ?? (isTimeZone(text) ? text : undefined);
}
