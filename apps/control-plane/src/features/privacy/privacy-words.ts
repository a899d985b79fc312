import { dataClassOf, retainedClassNames } from '@patchbay/domain/privacy/data-classes';
import type { Outputs } from '../../trpc/client.ts';

export type RetentionAnswer = Outputs['retention']['get'];
export type DataClass = RetentionAnswer['classes'][number];
export type DataPlacesAnswer = Outputs['dataPlaces']['get'];
export type AccountExport = Outputs['exports']['list']['items'][number];
export type Erasure = Outputs['erasures']['list']['items'][number];

const days = new Intl.NumberFormat('en', { style: 'unit', unit: 'day', unitDisplay: 'long' });

/** '90 days', or in the words of a class that nobody sets. */
export const keptText = ({ keepDays, kept }: Pick<DataClass, 'keepDays' | 'kept'>): string =>
  keepDays === undefined ? (kept ?? '') : days.format(keepDays);

/** Between what it can be set. Empty where nobody sets it. */
export function boundsText({
  keepDaysMin,
  keepDaysMax,
}: Pick<DataClass, 'keepDaysMin' | 'keepDaysMax'>): string {
  if (keepDaysMin === undefined || keepDaysMax === undefined) return '';
  return `between ${days.format(keepDaysMin)} and ${days.format(keepDaysMax)}`;
}

/** Whose word it is: the name of an account that the reader sees. */
export function levelText(level: string, names: ReadonlyMap<string, string>): string {
  if (level === 'default') return 'by default';
  return level === 'above' ? 'set above' : `set by ${names.get(level) ?? level}`;
}

/** What somebody set of all classes, such as 'Events: 9 days, at most 20 days'. */
export function wordText(word: RetentionAnswer['stored']): string {
  return retainedClassNames
    .flatMap((name) => {
      const wish = word[name];
      if (wish === undefined) return [];
      const { keepDays, keepDaysMin, keepDaysMax } = wish;
      const parts = [
        keepDays === undefined ? [] : [days.format(keepDays)],
        keepDaysMin === undefined ? [] : [`at least ${days.format(keepDaysMin)}`],
        keepDaysMax === undefined ? [] : [`at most ${days.format(keepDaysMax)}`],
      ].flat();
      return parts.length === 0 ? [] : [`${dataClassOf(name).title}: ${parts.join(', ')}`];
    })
    .join('; ');
}

const regionList = new Intl.ListFormat('en', { type: 'conjunction' });

/** Where everything that is stored is, as whoever runs the platform declares. */
export const storageText = (regions: readonly string[]): string =>
  regions.length === 0
    ? 'Whoever runs this platform has not declared in which region it is.'
    : `${regionList.format(regions)}, as whoever runs the platform declares: the database with its copies, and exports.`;

/** What holds for an account, and whether it is kept. */
export function keptInText({
  dataRegions,
  isKept,
}: Pick<DataPlacesAnswer, 'dataRegions' | 'isKept'>): string {
  if (dataRegions === undefined) return 'Any: no level names a region.';
  const regions = dataRegions.length === 0 ? 'none' : regionList.format(dataRegions);
  return isKept === true
    ? regions
    : `${regions}, and the storage is not there: ask whoever runs the platform.`;
}

/** Rows of all classes together. */
export const rowCountOf = (byClass: Readonly<Record<string, number>>): number =>
  Object.values(byClass).reduce((sum, count) => sum + count, 0);
