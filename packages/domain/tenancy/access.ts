import type { Access } from '@patchbay/kit/definition';
import type { roles } from './definition.ts';

export type Role = (typeof roles)[number];

/** What each role allows (ACC-3). The only table of it. */
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
  /** The service's or resource's name in kebab-case. */
  readonly owner: string;
  readonly operation: string;
  readonly isRead: boolean;
}

/** Whether one of the scopes of a key covers an operation: `*`, `name:*`, `name:read` or `name:operation` (ACC-4). */
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
