import type { Access } from '@patchbay/kit/definition';
import type { roles } from './role-operations.ts';

export type Role = (typeof roles)[number];

/** What each built-in role allows (ACC-3). The only table of it. */
export const accessesOf: Readonly<Record<Role, readonly Access[]>> = {
  owner: ['read', 'develop', 'bill', 'administer', 'own'],
  admin: ['read', 'develop', 'bill', 'administer'],
  developer: ['read', 'develop'],
  billing: ['read', 'bill'],
  viewer: ['read'],
};

export const roleAllows = (role: Role, access: Access): boolean => accessesOf[role].includes(access);

/** Until their address is proved somebody looks and changes nothing, whatever role they were given (PRD-3). */
export const countingRole = (role: Role, isAddressProved: boolean): Role =>
  isAddressProved ? role : 'viewer';

interface ScopedOperation {
  /** The service's or resource's name in kebab-case: the first half of a scope. */
  readonly owner: string;
  readonly operation: string;
  readonly isRead: boolean;
}

/** What a scope can cover, as the registry of services and domains has it. */
export interface CataloguedOperation extends ScopedOperation {
  readonly access: Access;
}

/** Whether one of the scopes of a key or a role covers an operation: `*`, `name:*`, `name:read` or `name:operation` (ACC-4). */
export function scopesAllow(
  scopes: readonly string[],
  { owner, operation, isRead }: ScopedOperation,
): boolean {
  return scopes.some(
    (scope) =>
      scope === '*' ||
      scope === `${owner}:*` ||
      scope === `${owner}:${operation}` ||
      (isRead && scope === `${owner}:read`),
  );
}

/** A role as somebody holds it: a built-in one, or one that an account defined as a set of scopes (ACC-3). */
export type HeldRole =
  | { readonly role: Role }
  | { readonly role: 'custom'; readonly scopes: readonly string[] };

export const heldRoleAllows = (held: HeldRole, operation: CataloguedOperation): boolean =>
  held.role === 'custom' ? scopesAllow(held.scopes, operation) : roleAllows(held.role, operation.access);

/** The same of a role that an account defined: what it only reads, and of everything what a viewer sees. */
export const countingScopes = (scopes: readonly string[], isAddressProved: boolean): HeldRole => {
  if (isAddressProved) return { role: 'custom', scopes };
  if (scopes.includes('*')) return { role: 'viewer' };
  const reads = scopes
    .filter((scope) => /:(\*|read)$/.test(scope))
    .map((scope) => scope.replace(/\*$/, 'read'));
  return { role: 'custom', scopes: reads };
};

/** What several roles come to. */
export interface Rights {
  readonly accesses: ReadonlySet<Access>;
  readonly scopes: readonly string[];
}

export const rightsOf = (held: readonly HeldRole[]): Rights => ({
  accesses: new Set(held.flatMap((one) => (one.role === 'custom' ? [] : accessesOf[one.role]))),
  scopes: held.flatMap((one) => (one.role === 'custom' ? one.scopes : [])),
});

export const rightsAllow = ({ accesses, scopes }: Rights, operation: CataloguedOperation): boolean =>
  accesses.has(operation.access) || scopesAllow(scopes, operation);
