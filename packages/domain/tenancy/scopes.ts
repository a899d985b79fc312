import type { Access } from '@patchbay/kit/definition';
import { type Role, roleAllows, scopesAllow } from './access.ts';

/** What a scope can cover, as the registry of services and domains has it. */
export interface CataloguedOperation {
  /** The service's or resource's name in kebab-case: the first half of a scope. */
  readonly owner: string;
  readonly operation: string;
  readonly access: Access;
  readonly isRead: boolean;
}

/** Who makes a key: another key, which has scopes, or somebody with a role. */
export type KeyMaker =
  | { readonly kind: 'key'; readonly scopes: readonly string[] }
  | { readonly kind: 'role'; readonly accesses: ReadonlySet<Access> };

/**
 * The scopes that a maker may not give, because they would cover an operation that the maker may not call, or because
 * they cover none: a misspelt scope is an error, not a key that works nowhere (ACC-4).
 */
export function scopesTooWide(
  wanted: readonly string[],
  maker: KeyMaker,
  catalogue: readonly CataloguedOperation[],
): readonly string[] {
  return wanted.filter((scope) => {
    const covered = catalogue.filter((operation) => scopesAllow([scope], operation));
    return covered.length === 0 || !covered.every((operation) => mayCall(maker, operation));
  });
}

/**
 * Whether a role would allow an operation that its giver may not call: a key that may add to the team makes nobody who can
 * do more than the key can (ACC-4).
 */
export const isRoleTooWide = (
  role: Role,
  maker: KeyMaker,
  catalogue: readonly CataloguedOperation[],
): boolean =>
  !catalogue.filter(({ access }) => roleAllows(role, access)).every((operation) => mayCall(maker, operation));

const mayCall = (maker: KeyMaker, operation: CataloguedOperation): boolean =>
  maker.kind === 'key' ? scopesAllow(maker.scopes, operation) : maker.accesses.has(operation.access);
