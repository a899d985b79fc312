import type { DataClassName } from './data-classes.ts';

/** Whose data, of which service: an account's, or what an application or an endpoint of it has a part in. */
export interface DataOwner {
  readonly accountId: string;
  readonly service: string;
  readonly applicationId?: string | undefined;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
}

export interface DataItem {
  /** It begins with a time, as all ids do: lists are in that order. */
  readonly id: string;
  readonly createdAt: Date;
  readonly sizeBytes: number;
  /** Where it is not that of its kind. */
  readonly mediaType?: string | undefined;
  /** From when on its time counts; absent while it grows. */
  readonly keptFrom?: Date | undefined;
  /** Where that is not by the retention of its class. */
  readonly keptUntil?: Date | undefined;
  /** What the operation that reads it is asked with, besides the account. */
  readonly request: Readonly<Record<string, string>>;
}

/**
 * A kind of data or media that services leave (API-2). Whatever is to stand in `…/services/{service}/data` is registered as one
 * where the control plane is put together: a recording needs no address of its own there.
 */
export interface DataKind {
  readonly name: string;
  readonly form: 'data' | 'media';
  readonly mediaType: string;
  /** By which it is kept. */
  readonly dataClass: DataClassName;
  /** The GET that reads one of it: whoever may not call this is not told what there is. */
  readonly readBy: `${string}.${string}`;
  /** Newest first, from behind an id on, whichever its prefix; as many as are asked for, as far as there are. */
  list(
    owner: DataOwner,
    page: { readonly before: string | undefined; readonly limit: number },
  ): Promise<readonly DataItem[]>;
}

/** Behind the prefix, where the time stands: by this, things of several kinds are in one order. */
export const placeOfId = (id: string): string => id.slice(id.indexOf('_') + 1);
