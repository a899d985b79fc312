/** Event callbacks: what an entity's configuration of a service says of whom to tell (HKS-1). Each is a webhook of its own. */

/** Whose configuration, and of which service; nothing more: the account's own. */
export interface CallbackPlace {
  readonly accountId: string;
  readonly service: string;
  readonly applicationId?: string | undefined;
  /** Of the application. */
  readonly instanceType?: string | undefined;
  readonly endpointId?: string | undefined;
}

export interface Callback {
  readonly url: string;
  readonly fallbackUrl?: string | undefined;
  /** As the service declares them, without its name: `session.ended`. */
  readonly events: readonly string[];
}

export interface SetCallback extends Callback {
  readonly webhookId: string;
  readonly state: 'active' | 'disabled';
  /** Of one that has just come to be, and nowhere else. */
  readonly secret?: string | undefined;
}

/** Callbacks of all places of one account together: each has a lane, and rows in the log. */
export const CALLBACK_COUNT_MAX = 1_000;

export interface CallbackChange {
  readonly added: readonly Callback[];
  readonly changed: readonly SetCallback[];
  readonly removed: readonly SetCallback[];
  readonly kept: readonly SetCallback[];
}

/** What takes the callbacks of a place to those that are wanted. One of the same URL is the same, and keeps its secret. */
export function changeOf(before: readonly SetCallback[], wanted: readonly Callback[]): CallbackChange {
  const byUrl = new Map(before.map((callback) => [callback.url, callback]));
  const found = wanted.flatMap((callback) => {
    const known = byUrl.get(callback.url);
    return known === undefined ? [] : [{ known, callback }];
  });
  const urls = new Set(wanted.map(({ url }) => url));
  return {
    added: wanted.filter(({ url }) => !byUrl.has(url)),
    changed: found
      .filter(({ known, callback }) => !isSame(known, callback))
      .map(({ known, callback: { url, events, fallbackUrl } }) => ({ ...known, url, events, fallbackUrl })),
    removed: before.filter(({ url }) => !urls.has(url)),
    kept: found.filter(({ known, callback }) => isSame(known, callback)).map(({ known }) => known),
  };
}

const isSame = (left: Callback, right: Callback): boolean =>
  left.fallbackUrl === right.fallbackUrl &&
  JSON.stringify([...left.events].sort()) === JSON.stringify([...right.events].sort());
