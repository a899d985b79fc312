import type { RailCall } from './rail.ts';

/** What of an hour of a meter is still to be told, under a revision that has it once. */
export interface UsagePush {
  readonly accountId: string;
  readonly customerId: string;
  /** `service.meter`. */
  readonly meter: string;
  readonly hourMs: number;
  readonly revision: number;
  readonly quantity: bigint;
  /** When it was begun. */
  readonly sinceMs: number;
}

/** The name of an event at the rail for each meter that is told there. */
export type PushedMeters = ReadonlyMap<string, string>;

/** By it the rail counts each once: of late use there is a further revision of the same hour. */
export const pushIdentifier = ({
  accountId,
  meter,
  hourMs,
  revision,
}: Pick<UsagePush, 'accountId' | 'meter' | 'hourMs' | 'revision'>): string =>
  `${accountId}:${meter}:${new Date(hourMs).toISOString().slice(0, 13)}:${revision}`;

export const pushCall = (
  { customerId, hourMs, quantity }: UsagePush,
  eventName: string,
): RailCall & { readonly type: 'push-usage' } => ({
  type: 'push-usage',
  ...{ customerId, eventName, quantity },
  atMs: hourMs,
});

/** Keeps what was told, before and after it is. It works for the platform, which collects (decision 0006). */
export interface UsagePushes {
  /**
   * What of the hours that begin in a range is to be told of each account that is a customer there: what was begun and has no
   * answer, as it was, and else what came since, which is kept before it is returned.
   */
  plan(range: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly meters: readonly string[];
  }): AsyncIterable<UsagePush>;
  told(push: UsagePush): Promise<void>;
  /** It was begun so long ago that the rail may know its identifier no more: it is not begun again. */
  giveUp(push: UsagePush): Promise<void>;
  forget(beforeMs: number): Promise<void>;
}
