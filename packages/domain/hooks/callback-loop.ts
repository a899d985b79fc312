/** From events to an operation of a service that takes them, and to the events that it leads to (HKS-4). */
export interface Cable {
  /** With the names of their services. */
  readonly events: readonly string[];
  /** The operation, as it is named to its reader. */
  readonly target: string;
  readonly emits: readonly string[];
}

/**
 * An event comes through so many services at most. Each is counted by the event that it leads to; what leads to its event later,
 * as a job does, counts as its first.
 */
export const HOP_COUNT_MAX = 8;

/**
 * A circle that cables of one account make: an event, the operation that takes it, the event that this leads to, and so on, to
 * the event that it began with. Undefined: there is none. What an operation leads to happens in the account that set the cable,
 * and so no circle leads over two accounts.
 */
export function loopIn(cables: readonly Cable[]): readonly string[] | undefined {
  const next = new Map<string, { readonly target: string; readonly event: string }[]>();
  for (const { events, target, emits } of cables)
    for (const event of events)
      next.set(event, [...(next.get(event) ?? []), ...emits.map((emitted) => ({ target, event: emitted }))]);
  const isEnded = new Set<string>();
  const look = (event: string, path: readonly string[]): readonly string[] | undefined => {
    const from = path.indexOf(event);
    if (from >= 0) return [...path.slice(from), event];
    if (isEnded.has(event)) return undefined;
    for (const step of next.get(event) ?? []) {
      const loop = look(step.event, [...path, event, step.target]);
      if (loop !== undefined) return loop;
    }
    isEnded.add(event);
    return undefined;
  };
  for (const event of next.keys()) {
    const loop = look(event, []);
    if (loop !== undefined) return loop;
  }
  return undefined;
}

export const loopText = (loop: readonly string[]): string => loop.join(' → ');
