const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

const DAY_MS = 86_400_000;

export const showClock = (at: string | number): string => clock.format(new Date(at));
export const showDay = (at: string): string => dayAndYear.format(new Date(at));

/** The time today, the day with it before. */
export function showMoment(at: string, nowMs = Date.now()): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock.format(date) : `${day.format(date)}, ${clock.format(date).slice(0, 5)}`;
}

/** '4 min ago', for lists in which the order matters more than the minute. */
export function showAgo(at: string, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(at)) / 1_000));
  if (seconds < 60) return 'just now';
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  const days = Math.floor((seconds * 1_000) / DAY_MS);
  return days < 30 ? `${days} d ago` : showDay(at);
}

/** Of whoever looks. */
export const localTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** '2026-11' as 'November 2026'. */
export const showPeriod = (period: string): string => month.format(new Date(`${period}-01T00:00:00Z`));

/** Start of the UTC day, for which usage and money are counted alike everywhere. */
export const startOfUtcDay = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;
export const dayMs = DAY_MS;
