import { isRetained } from '@patchbay/domain/privacy/data-classes';
import { type DataItem, type DataKind, type DataOwner, placeOfId } from '@patchbay/domain/privacy/data-kind';
import { effectiveRetention } from '@patchbay/domain/privacy/retention';
import type { Entity } from '@patchbay/kit/definition';
import { mountedOperations } from './mounted.ts';
import type { Platform } from './platform.ts';

const DAY_MS = 86_400_000;

interface Context {
  readonly entity: Entity;
  /** Whether the caller may do something else here, by its name. */
  readonly mayCall: (operation: string) => boolean;
}

interface Asked {
  readonly kind?: string | undefined;
  readonly form: DataKind['form'] | 'all';
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/**
 * What a service left of an entity, of all kinds in one order (API-2). Each kind is listed for whoever may read it one by one,
 * and for nobody else.
 */
export async function listServiceData(
  platform: Pick<Platform, 'dataKinds' | 'domainPorts'>,
  service: string,
  { context: { entity, mayCall }, asked }: { readonly context: Context; readonly asked: Asked },
) {
  const { accountId, applicationId, endpoint } = entity;
  // An endpoint has one list, whatever its application.
  const owner: DataOwner = {
    accountId,
    service,
    ...(endpoint === undefined ? { applicationId } : { endpoint }),
  };
  const { kind: wanted, form, cursor: before, limit } = asked;
  const kinds = platform.dataKinds.filter(
    (kind) =>
      (wanted === undefined || kind.name === wanted) &&
      (form === 'all' || kind.form === form) &&
      mayCall(kind.readBy),
  );
  const found = await Promise.all(
    kinds.map(async (kind) =>
      (await kind.list(owner, { before, limit: limit + 1 })).map((item) => ({ kind, item })),
    ),
  );
  const inOrder = found
    .flat()
    .toSorted((left, right) => (placeOfId(left.item.id) < placeOfId(right.item.id) ? 1 : -1));
  const page = inOrder.slice(0, limit);
  const last = page.at(-1);
  const levels = page.length === 0 ? [] : await platform.domainPorts.privacy.retention.words.chain(accountId);
  const { defaults } = platform.domainPorts.privacy.retention;
  const keptDaysOf = ({ dataClass }: DataKind) =>
    isRetained(dataClass) ? effectiveRetention(dataClass, levels, defaults).held.days : undefined;
  return {
    items: page.map(({ kind, item }) => toAnswer(item, { kind, accountId, keptDays: keptDaysOf(kind) })),
    ...(inOrder.length > limit && last !== undefined ? { nextCursor: placeOfId(last.item.id) } : {}),
  };
}

function toAnswer(
  item: DataItem,
  {
    kind,
    accountId,
    keptDays,
  }: { readonly kind: DataKind; readonly accountId: string; readonly keptDays: number | undefined },
) {
  const { id, createdAt, sizeBytes } = item;
  const keptUntil = item.keptUntil ?? lastDayOf(item, keptDays);
  return {
    id,
    kind: kind.name,
    form: kind.form,
    mediaType: item.mediaType ?? kind.mediaType,
    sizeBytes,
    createdAt: createdAt.toISOString(),
    ...(keptUntil === undefined ? {} : { keptUntil: keptUntil.toISOString() }),
    dataClass: kind.dataClass,
    path: addressOf(kind, { accountId, ...item.request }),
  };
}

function lastDayOf({ keptFrom }: DataItem, keptDays: number | undefined): Date | undefined {
  if (keptFrom === undefined || keptDays === undefined) return undefined;
  return new Date(keptFrom.getTime() + keptDays * DAY_MS);
}

/** The address of the operation that reads it: what its path does not name stands behind it. */
function addressOf({ readBy }: DataKind, request: Readonly<Record<string, string>>): string {
  const mounted = mountedOperations.find(({ group, name }) => `${group}.${name}` === readBy);
  if (mounted === undefined) throw new Error(`Nothing serves ${readBy}, by which data is read.`);
  const fields = new Map(Object.entries(request));
  const path = mounted.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = fields.get(name) ?? '';
    fields.delete(name);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams([...fields]).toString();
  return query === '' ? path : `${path}?${query}`;
}
