import { dayNames } from '@patchbay/domain/policy/weekly-times';

export type Day = (typeof dayNames)[number];

/** One window of a week, as a person sets it: days, and from when to when on each of them. */
export interface TimesRow {
  readonly days: readonly Day[];
  /** As `08:00`; the end may be `24:00`. */
  readonly from: string;
  readonly to: string;
}

export const newRow: TimesRow = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' };

/** Windows as a policy has them, behind semicolons: `mon-fri 08:00-18:00; sat 10:00-12:00`. */
export function toRows(text: string): readonly TimesRow[] {
  return text
    .split(';')
    .map((window) => window.trim())
    .filter((window) => window !== '')
    .map((window) => {
      const [days = '', times = ''] = window.split(' ');
      const [from = '', to = ''] = times.split('-');
      return { days: dayNames.filter((day) => daysIn(days).includes(day)), from, to };
    });
}

/** A row without a day, or without a time, is written as it stands: it is refused by name before it is sent. */
export const toTimesText = (rows: readonly TimesRow[]): string =>
  rows.map(({ days, from, to }) => `${daysText(days)} ${from}-${to}`).join('; ');

function daysIn(text: string): readonly string[] {
  return text.split(',').flatMap((part) => {
    const [from = '', to = from] = part.split('-');
    const [first, last] = [from, to].map((day) => dayNames.findIndex((name) => name === day));
    if (first === undefined || last === undefined || first < 0 || last < 0) return [];
    const count = ((last - first + dayNames.length) % dayNames.length) + 1;
    return Array.from({ length: count }, (_, index) => dayNames[(first + index) % dayNames.length] ?? '');
  });
}

/** `mon-fri` rather than five names, where they follow on each other. */
function daysText(days: readonly Day[]): string {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return '';
  const isRun = dayNames.indexOf(last) - dayNames.indexOf(first) === days.length - 1;
  return isRun && days.length > 2 ? `${first}-${last}` : days.join(',');
}
