import type { OverdueAction } from '@patchbay/domain/billing/reminders';

/** What follows on the last reminder, as a person reads it. */
export const actionWords: Readonly<Record<OverdueAction, string>> = {
  mark: 'it is marked overdue',
  refuse: 'services with a monthly fee are refused',
  suspend: 'it is suspended',
};

/** Days from when an invoice is due, in words. */
export function offsetText(days: number): string {
  if (days === 0) return 'on the day';
  const count = Math.abs(days);
  return `${count} ${count === 1 ? 'day' : 'days'} ${days < 0 ? 'before' : 'after'}`;
}

/** Days as they are typed: '3, 10, 20'. Undefined: they are no rising numbers of days. */
export function readDays(text: string): number[] | undefined {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const days = parts.map(Number);
  const isRising = days.every(
    (day, index) => Number.isInteger(day) && day >= 1 && day <= 365 && day > (days[index - 1] ?? 0),
  );
  return isRising && days.length <= 10 ? days : undefined;
}
