import type { DomainHandlers } from '@patchbay/kit/definition';
import type { HeldRole } from './access.ts';
import { type Caller, callerAlong } from './caller.ts';
import type { tenancy } from './definition.ts';
import { invitationMail } from './mails.ts';
import type { MemberRecord, RoleRef, TenancyPorts } from './ports.ts';
import { isRoleTooWide } from './scopes.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

/**
 * The accounts of which at least one keeps an owner: those of the account's own tree, from its top account down.
 * An owner of the platform reaches everywhere and is nobody's owner.
 */
const ownersAlong = (chain: readonly string[]) => (chain.length > 1 ? chain.slice(1) : chain);

/** Who is no owner neither makes owners nor unmakes them. */
const isBeyond = (caller: Caller, touched: readonly (RoleRef | undefined)[]) =>
  touched.includes('owner') && !caller.isOwner;

const isDefined = (role: RoleRef): role is Extract<RoleRef, `rol_${string}`> => role.startsWith('rol_');

/** A role as it is held. Undefined for one that the account did not define. */
export async function heldRoleOf(
  accountId: string,
  role: RoleRef,
  { roles }: Pick<TenancyPorts, 'roles'>,
): Promise<HeldRole | undefined> {
  if (!isDefined(role)) return { role };
  const found = await roles.find({ accountId, roleId: role });
  return found && { role: 'custom', scopes: found.scopes };
}

interface Unmaking {
  readonly accountId: string;
  /** What the person was given there. */
  readonly held: { readonly role: string } | undefined;
  readonly caller: Caller;
}

/** Who may do less than a role neither gives it nor takes it away (ACC-3). */
async function refuseUnmaking(
  { error }: Pick<Parameters<Handlers['team']['add' | 'remove']>[0], 'error'>,
  { accountId, held, caller }: Unmaking,
  ports: TenancyPorts,
): Promise<void> {
  const role = held && (await heldRoleOf(accountId, held.role as RoleRef, ports));
  if (role !== undefined && isRoleTooWide(role, caller.maker, ports.catalogue))
    throw error('auth.scope', `The role ${held?.role} may do what you may not do yourself.`);
}

export const team: Handlers['team'] = {
  async list(context, request, ports) {
    const { visibleChain } = await callerAlong(context.entity.chain, context.actor, ports);
    const [accountId] = visibleChain;
    if (accountId === undefined) return { items: [] };
    const { items, nextCursor } = await ports.team.list({ accountId, at: visibleChain, ...request });
    return { items: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
  },

  async add(context, { email, name, role: asked }, ports) {
    const role = asked as RoleRef;
    const { accountId, chain } = context.entity;
    const account = await ports.accounts.find({ accountId });
    if (account?.isTest === true)
      throw context.error('tenancy.people_at_live', 'This is a test account: it has no people of its own.');
    const caller = await callerAlong(chain, context.actor, ports);
    const before = await ports.team.findByEmail({ accountId, email });
    if (isBeyond(caller, [role, before?.role])) {
      throw context.error('auth.scope', 'Only an owner makes somebody an owner, or something else again.');
    }
    await refuseUnmaking(context, { accountId, held: before, caller }, ports);
    const held = await heldRoleOf(accountId, role, ports);
    if (held === undefined)
      throw context.error('resource.unknown', `This account has not defined a role ${role}.`);
    if (isRoleTooWide(held, caller.maker, ports.catalogue)) {
      throw context.error('auth.scope', `The role ${role} may do what you may not do yourself.`);
    }
    const put = await ports.team.put({ accountId, email, name, role, ownersAt: ownersAlong(chain) });
    if (put === 'last_owner') {
      throw context.error('tenancy.last_owner', 'This is the last owner of the account.');
    }
    const { member, invitation } = put;
    context.audit({ target: member.userId, ...(before === undefined ? {} : { before }), after: member });
    await tellOfRole(context, { before, after: member, isInvited: invitation !== undefined });
    if (invitation?.mailed !== undefined) {
      const accountName = account?.name ?? '';
      const path = setUpPathOf(invitation.mailed);
      await ports.mails.send({
        accountId,
        to: member.email,
        reader: { accountId },
        ...invitationMail({ name, accountName, path }),
      });
    }
    // Not the link of the mail: with it, whoever invites could prove an address that is not theirs (PRD-3).
    return {
      ...member,
      ...(invitation === undefined
        ? {}
        : { setUpPath: setUpPathOf(invitation.shown), isMailed: invitation.mailed !== undefined }),
    };
  },

  async remove(context, { userId }, ports) {
    const { accountId, chain } = context.entity;
    const caller = await callerAlong(chain, context.actor, ports);
    const before = await ports.team.find({ accountId, userId });
    if (isBeyond(caller, [before?.role])) {
      throw context.error('auth.scope', 'Only an owner takes the role of an owner away.');
    }
    const { actor } = context;
    if (actor.kind !== 'user' || actor.userId !== userId)
      await refuseUnmaking(context, { accountId, held: before, caller }, ports);
    const outcome = await ports.team.remove({ accountId, userId, ownersAt: ownersAlong(chain) });
    if (outcome === 'unknown') {
      throw context.error('resource.unknown', `${userId} was given no role at this account.`);
    }
    if (outcome === 'last_owner') {
      throw context.error('tenancy.last_owner', 'This is the last owner of the account.');
    }
    context.audit({ target: userId, before });
    if (before !== undefined) await context.emit('member.removed', { userId, role: before.role });
    return { userId };
  },
};

interface GivenRole {
  readonly before: MemberRecord | undefined;
  readonly after: MemberRecord;
  /** There are new links to take it. */
  readonly isInvited: boolean;
}

/** Whoever had the role already, and took it, was given nothing: nobody is told of that. */
async function tellOfRole(
  { emit }: Pick<Parameters<Handlers['team']['add']>[0], 'emit'>,
  { before, after: { userId, role }, isInvited }: GivenRole,
): Promise<void> {
  if (before === undefined)
    return await emit(isInvited ? 'member.invited' : 'member.joined', { userId, role });
  if (before.role !== role) await emit('member.role-changed', { userId, role, previousRole: before.role });
  if (isInvited) await emit('member.invited-again', { userId, role });
}

/** Where a set-up link leads, below the address of the dashboard. */
export const setUpPathOf = (token: string): `/set-up/${string}` => `/set-up/${token}`;
