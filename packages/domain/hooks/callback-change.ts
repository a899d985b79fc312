import type { Callback } from './callbacks.ts';

/** One event of a service, and where it is given to. */
export interface OneCable {
  /** Without the name of the service. */
  readonly event: string;
  readonly url: string;
  readonly fallbackUrl?: string | undefined;
}

/** The callbacks of a place with one cable more. One of the same URL hears of one event more, and keeps its fallback. */
export function withCable(
  callbacks: readonly Callback[],
  { event, ...cable }: OneCable,
): readonly Callback[] {
  const known = callbacks.find(({ url }) => url === cable.url);
  if (known === undefined) return [...callbacks, { ...cable, events: [event] }];
  if (known.events.includes(event)) return callbacks;
  return callbacks.map((one) => (one === known ? { ...one, events: [...one.events, event] } : one));
}

/** The same without it. A callback that hears of nothing more is gone. */
export const withoutCable = (
  callbacks: readonly Callback[],
  { event, url }: Pick<OneCable, 'event' | 'url'>,
): readonly Callback[] =>
  callbacks.flatMap((one) => {
    if (one.url !== url) return [one];
    const events = one.events.filter((name) => name !== event);
    return events.length === 0 ? [] : [{ ...one, events }];
  });
