import type { DomainDefinition } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import {
  type CataloguedOperation,
  type HeldRole,
  heldRoleAllows,
  type Rights,
  rightsAllow,
  scopesAllow,
} from './access.ts';

/** Who makes a key, or a role: a key, which has scopes, or somebody with roles of their own. */
export type KeyMaker =
  | { readonly kind: 'key'; readonly scopes: readonly string[] }
  | ({ readonly kind: 'role' } & Rights);

/** A misspelt scope is an error, and not a key or a role that works nowhere (ACC-4). */
export function refuseUnknownScopes(
  wanted: readonly string[],
  catalogue: readonly CataloguedOperation[],
): void {
  const unknown = wanted.filter((scope) => !catalogue.some((operation) => scopesAllow([scope], operation)));
  if (unknown.length > 0)
    throw platformError(
      'request.invalid',
      `/scopes: ${unknown.join(', ')} covers no operation; a scope is of the form resource:operation, resource:read or resource:*.`,
    );
}

/** The scopes that a maker may not give, because they would cover an operation that the maker may not call (ACC-4). */
export function scopesTooWide(
  wanted: readonly string[],
  maker: KeyMaker,
  catalogue: readonly CataloguedOperation[],
): readonly string[] {
  return wanted.filter((scope) => {
    const covered = catalogue.filter((operation) => scopesAllow([scope], operation));
    return !covered.every((operation) => mayCall(maker, operation));
  });
}

/**
 * Whether a role would allow an operation that its giver may not call: a key that may add to the team makes nobody who can
 * do more than the key can (ACC-4).
 */
export const isRoleTooWide = (
  role: HeldRole,
  maker: KeyMaker,
  catalogue: readonly CataloguedOperation[],
): boolean =>
  !catalogue
    .filter((operation) => heldRoleAllows(role, operation))
    .every((operation) => mayCall(maker, operation));

export const mayCall = (maker: KeyMaker, operation: CataloguedOperation): boolean =>
  maker.kind === 'key' ? scopesAllow(maker.scopes, operation) : rightsAllow(maker, operation);

/**
 * The fewest scopes that cover just these operations of a catalogue: so a built-in role is shown in the same words as one
 * that an account defined.
 */
export function scopesFor(
  allowed: (operation: CataloguedOperation) => boolean,
  catalogue: readonly CataloguedOperation[],
): readonly string[] {
  if (catalogue.every(allowed)) return ['*'];
  return [...Map.groupBy(catalogue, ({ owner }) => owner)].flatMap(([owner, operations]) => {
    if (operations.every(allowed)) return [`${owner}:*`];
    const reads = operations.filter(({ isRead }) => isRead);
    const mayReadAll = reads.length > 0 && reads.every(allowed);
    const single = operations.filter((operation) => allowed(operation) && !(mayReadAll && operation.isRead));
    return [
      ...(mayReadAll ? [`${owner}:read`] : []),
      ...single.map(({ operation }) => `${owner}:${operation}`),
    ];
  });
}

/** An operation of a domain, as a scope covers it. */
export function operationOf(domain: DomainDefinition, group: string, operation: string): CataloguedOperation {
  const declared = domain.resources[group]?.operations[operation];
  if (declared === undefined) throw new RangeError(`${domain.name} has no operation ${group}.${operation}.`);
  const owner = group.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { owner, operation, access: declared.access, isRead: declared.method === 'GET' };
}
