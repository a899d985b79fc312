import type { MeterUnit } from '@patchbay/kit/definition';
import { type CatalogueMeter, meterCatalogue } from '@patchbay/services/meters.generated';

export interface Meter extends CatalogueMeter {
  /** `service.meter`. */
  readonly name: string;
  /** As a person says it: 'Relayed bytes'. */
  readonly label: string;
}

const words = (name: string): string =>
  name
    .replace(/Ms$/, 'Time')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^./, (letter) => letter.toUpperCase());

/** Every meter of every service, in the order of their definitions. */
export const meters: readonly Meter[] = Object.entries(meterCatalogue).map(([name, meter]) => ({
  ...meter,
  name,
  label: words(meter.meter),
}));

const byName = new Map(meters.map((meter) => [meter.name, meter]));

export const meterOf = (name: string): Meter | undefined => byName.get(name);
export const unitOf = (name: string): MeterUnit => byName.get(name)?.unit ?? 'count';

const titles = new Map(meters.map(({ service, serviceTitle: title }) => [service, title]));
export const serviceTitle = (service: string): string => titles.get(service) ?? service;

export const pricedServices = [
  ...new Set(meters.filter(({ isPriced }) => isPriced).map(({ service }) => service)),
];
/** What most people ask for first: the payload that went through relays. */
export const relayedBytes = 'network-discovery.bytes';

/** A dimension's name for a heading: 'addressFamily' as 'Address family'. */
export const dimensionLabel = words;

/** Dimensions of one use as text, as a statement and a price list show them. */
export function dimensionText(dimensions: Readonly<Record<string, string>>): string {
  return Object.entries(dimensions)
    .map(([name, value]) => `${words(name).toLowerCase()} ${value}`)
    .join(', ');
}
