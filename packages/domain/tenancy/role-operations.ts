import { idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { dateTime, name, scope } from './fields.ts';

export const roles = ['owner', 'admin', 'developer', 'billing', 'viewer'] as const;
/** How many roles an account may define. */
export const ROLE_COUNT_MAX = 50;

const accountId = idSchema('acc');
const roleId = idSchema('rol');
const userId = idSchema('usr');
/** A built-in role has its name for itself. */
const roleName = name.refine(
  (text) => !roles.some((builtIn) => builtIn === text.toLowerCase()),
  'This is the name of a built-in role.',
);

/** A built-in role by its name, or one that the account defined by its id. */
export const roleRef = z.union([z.enum(roles), roleId]);

const member = z.object({
  userId,
  name: z.string(),
  email: z.email(),
  role: roleRef,
  /** What the account calls it: of a built-in one, its name again. */
  roleName: z.string(),
  /** One who is invited reaches nothing until they take the role with the link of their invitation. */
  state: z.enum(['invited', 'active']),
  /** The account at which the role was given: it reaches down from there. */
  accountId,
});

const role = z.object({
  id: roleRef,
  name: z.string(),
  /** The built-in ones are the same everywhere, and nobody changes them. */
  isBuiltIn: z.boolean(),
  /** All that whoever holds it may do, at the account and below it. */
  scopes: z.array(scope),
  /** Who holds it here, those included who are invited. */
  memberCount: z.int(),
});

/** How long somebody may look at one time. */
export const VIEW_MINUTES_MAX = 60;

export const view = z.object({
  /** Of the sign-in session that the view is. It carries no right without its cookie. */
  id: idSchema('sin'),
  accountId,
  until: dateTime,
});

/** Who may do what at an account: roles, who holds them, and looking as somebody below does. */
export const roleResources = {
  views: {
    title: 'Views',
    mount: 'account',
    operations: {
      start: {
        method: 'POST',
        path: '/views',
        summary:
          'Look at the dashboard as this account does, for a time, changing nothing. It is told who looks, and why.',
        access: 'administer',
        isAllowedAtClosed: true,
        authority: 'ancestor',
        request: z.strictObject({
          /** It stands in the audit log of the account, and in yours. */
          reason: z.string().trim().min(1).max(500),
          minutes: z.int().min(1).max(VIEW_MINUTES_MAX).default(30),
        }),
        response: view,
        errors: ['auth.scope'],
      },
      end: {
        method: 'DELETE',
        path: '/views/{viewId}',
        summary: 'End a view of yours before its time.',
        access: 'read',
        isAllowedAtClosed: true,
        request: z.object({ viewId: idSchema('sin') }),
        response: z.object({ id: idSchema('sin') }),
        errors: [],
      },
    },
  },
  roles: {
    title: 'Roles',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/roles',
        summary: 'Read the built-in roles and those that this account defined, each as the scopes it has.',
        access: 'read',
        request: pageRequest,
        response: pageOf(role),
        errors: [],
      },
      create: {
        method: 'POST',
        path: '/roles',
        summary: 'Define a role as a set of scopes. It can have no more than who defines it.',
        access: 'administer',
        request: z.strictObject({ name: roleName, scopes: z.array(scope).min(1).max(64) }),
        response: role,
        errors: ['tenancy.scope_too_wide', 'tenancy.role_name_taken', 'tenancy.too_many_roles'],
      },
      update: {
        method: 'PATCH',
        path: '/roles/{roleId}',
        summary: 'Rename a role or change its scopes: at once for everybody who holds it.',
        access: 'administer',
        request: z.strictObject({
          roleId,
          name: roleName.optional(),
          scopes: z.array(scope).min(1).max(64).optional(),
        }),
        response: role,
        errors: ['tenancy.scope_too_wide', 'tenancy.role_name_taken'],
      },
      remove: {
        method: 'DELETE',
        path: '/roles/{roleId}',
        summary: 'Remove a role. Whoever holds it loses it at once.',
        access: 'administer',
        request: z.object({ roleId }),
        response: z.object({ id: roleId, memberCount: z.int() }),
        errors: ['tenancy.scope_too_wide'],
      },
    },
  },
  team: {
    title: 'Team',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/team',
        summary: 'Read who holds a role here, roles from levels above included.',
        access: 'read',
        request: pageRequest,
        response: pageOf(member),
        errors: [],
      },
      add: {
        method: 'POST',
        path: '/team',
        summary: 'Give somebody a role. They take it with a link that works once, which is mailed to them.',
        access: 'administer',
        request: z.strictObject({ email: z.email().max(254), name, role: roleRef }),
        response: member.extend({
          setUpPath: z.string().optional(),
          /** Whether the invitation went by mail: nobody is mailed more than five of them in a day, whoever invites. */
          isMailed: z.boolean().optional(),
        }),
        errors: ['auth.scope', 'tenancy.last_owner', 'tenancy.people_at_live'],
      },
      remove: {
        method: 'DELETE',
        path: '/team/{userId}',
        summary: 'Take the role that somebody was given at this account.',
        access: 'administer',
        isAllowedAtClosed: true,
        request: z.object({ userId }),
        response: z.object({ userId }),
        errors: ['tenancy.last_owner', 'auth.scope'],
      },
    },
  },
} as const;
