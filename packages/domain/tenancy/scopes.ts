import type { Access } from '@patchbay/kit/definition';

/** What a scope stands for, as the registry of services and domains knows it. */
export interface ScopeCatalogue {
  /** The accesses of all operations that a scope covers; none for a scope that covers no operation. */
  accessesOf(scope: string): readonly Access[];
  /** Whether each operation that `wanted` covers is one that `held` covers. */
  covers(held: string, wanted: string): boolean;
}

/** Who makes a key: another key, which has scopes, or somebody with a role. */
export type KeyMaker =
  | { readonly kind: 'key'; readonly scopes: readonly string[] }
  | { readonly kind: 'role'; readonly accesses: ReadonlySet<Access> };

/** The scopes that a maker may not give, because they would allow more than the maker may (ACC-4). */
export function scopesTooWide(
  wanted: readonly string[],
  maker: KeyMaker,
  catalogue: ScopeCatalogue,
): readonly string[] {
  return wanted.filter((scope) =>
    maker.kind === 'key'
      ? !maker.scopes.some((held) => coversByName(held, scope) || catalogue.covers(held, scope))
      : !catalogue.accessesOf(scope).every((access) => maker.accesses.has(access)),
  );
}

/** What the form of two scopes says without knowing any operation: `*` over `name:*` over everything of that name. */
export function coversByName(held: string, wanted: string): boolean {
  if (held === '*' || held === wanted) return true;
  const [name, verb] = held.split(':');
  return verb === '*' && wanted.startsWith(`${name}:`);
}
