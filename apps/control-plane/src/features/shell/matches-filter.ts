/** Whether any of the texts holds every word. */
export function matchesFilter(filter: string, texts: readonly (string | undefined)[]): boolean {
  const whole = texts.join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word));
}
