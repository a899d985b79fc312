import { domains } from '@patchbay/domain/registry.generated';
import { eventTypes } from '@patchbay/faces/event-catalogue';
import { services } from '@patchbay/services/registry.generated';

export interface EventGroup {
  readonly owner: string;
  readonly title: string;
  /** All of the owner first, where that may be chosen. */
  readonly types: readonly string[];
}

const titles = new Map(
  [...Object.values(services), ...Object.values(domains)].map(({ name, title }) => [name as string, title]),
);
const ownerOf = (type: string) => type.slice(0, type.indexOf('.'));

/** What there is to choose from, by who tells of it. A callback hears of its service alone, each event by its name. */
export function eventGroups(service: string | undefined): readonly EventGroup[] {
  return [...Map.groupBy(eventTypes, ownerOf)]
    .filter(([owner]) => service === undefined || owner === service)
    .map(([owner, types]) => ({
      owner,
      title: titles.get(owner) ?? owner,
      types: service === undefined ? [`${owner}.*`, ...types] : types,
    }));
}

export const typesIn = (text: string): readonly string[] =>
  text.split(/[\s,]+/).filter((type) => type !== '');

/** The text with one more chosen: what that makes needless is taken out. */
export function withType(text: string, chosen: string): string {
  const types = typesIn(text);
  if (chosen === '*') return '*';
  const isCovered =
    types.includes(chosen) || (!chosen.endsWith('*') && types.includes(`${ownerOf(chosen)}.*`));
  if (isCovered) return types.join(', ');
  const kept = types.filter(
    (type) => type !== '*' && !(chosen.endsWith('.*') && ownerOf(type) === ownerOf(chosen)),
  );
  return [...kept, chosen].join(', ');
}
