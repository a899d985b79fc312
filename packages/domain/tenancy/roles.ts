import type { DomainHandlers } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import { type CataloguedOperation, heldRoleAllows, type Role } from './access.ts';
import { callerAlong } from './caller.ts';
import type { tenancy } from './definition.ts';
import type { RoleRecord, TenancyPorts } from './ports.ts';
import { roles as builtInRoles, ROLE_COUNT_MAX } from './role-operations.ts';
import { type KeyMaker, refuseUnknownScopes, scopesFor, scopesTooWide } from './scopes.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

const toAnswer = ({ id, name, scopes, memberCount }: RoleRecord) => ({
  id,
  name,
  isBuiltIn: false,
  scopes: [...scopes],
  memberCount,
});

/** A built-in role in the words of those that accounts define. */
const builtIn = (role: Role, memberCount: number, catalogue: readonly CataloguedOperation[]) => ({
  id: role,
  name: role,
  isBuiltIn: true,
  scopes: [...scopesFor((operation) => heldRoleAllows({ role }, operation), catalogue)],
  memberCount,
});

/** What a maker may not give: scopes that they do not hold themselves, or that cover nothing. */
const refusedScopes = (
  scopes: readonly string[],
  maker: KeyMaker,
  { catalogue }: Pick<TenancyPorts, 'catalogue'>,
): string | undefined => {
  refuseUnknownScopes(scopes, catalogue);
  const tooWide = scopesTooWide(scopes, maker, catalogue);
  return tooWide.length === 0 ? undefined : `You do not have ${tooWide.join(', ')} yourself.`;
};

export const roles: Handlers['roles'] = {
  async list({ entity: { accountId } }, request, { roles: stored, catalogue }) {
    const { items, nextCursor } = await stored.list({ accountId, ...request });
    const isFirstPage = request.cursor === undefined;
    const counts = isFirstPage ? await stored.memberCounts({ accountId }) : new Map<Role, number>();
    const known = isFirstPage ? builtInRoles : [];
    return {
      items: [
        ...known.map((role) => builtIn(role, counts.get(role) ?? 0, catalogue)),
        ...items.map(toAnswer),
      ],
      ...(nextCursor === undefined ? {} : { nextCursor }),
    };
  },

  async create(context, { name, scopes }, ports) {
    const { accountId, chain } = context.entity;
    const { maker } = await callerAlong(chain, context.actor, ports);
    const refused = refusedScopes(scopes, maker, ports);
    if (refused !== undefined) throw context.error('tenancy.scope_too_wide', refused);
    const created = await ports.roles.create({
      accountId,
      name,
      scopes: [...new Set(scopes)],
      countMax: ROLE_COUNT_MAX,
    });
    if (created === 'name_taken')
      throw context.error('tenancy.role_name_taken', `There is another role ${name} here.`);
    if (created === 'too_many')
      throw context.error('tenancy.too_many_roles', `At most ${ROLE_COUNT_MAX} are kept.`);
    context.audit({ target: created.id, after: { name, scopes: [...created.scopes] } });
    await context.emit('role.created', { roleId: created.id });
    return toAnswer(created);
  },

  async update(context, { roleId, name, scopes }, ports) {
    const { accountId, chain } = context.entity;
    const { maker } = await callerAlong(chain, context.actor, ports);
    // The row is held until the end: what is judged here is what is changed.
    const before = await ports.roles.find({ accountId, roleId });
    if (before === undefined) throw context.error('resource.unknown', `There is no role ${roleId} here.`);
    // Who may do less than a role neither widens nor narrows it.
    const refused = refusedScopes([...before.scopes, ...(scopes ?? [])], maker, ports);
    if (refused !== undefined) throw context.error('tenancy.scope_too_wide', refused);
    const change = { name: name ?? before.name, scopes: [...new Set(scopes ?? before.scopes)] };
    const after = await ports.roles.update({ accountId, roleId, ...change });
    if (after === 'name_taken')
      throw context.error('tenancy.role_name_taken', `There is another role ${name} here.`);
    const said = (role: RoleRecord) => ({ name: role.name, scopes: [...role.scopes] });
    context.audit({ target: roleId, before: said(before), after: said(after) });
    if (isChanged(said(before), said(after))) await context.emit('role.changed', { roleId });
    return toAnswer(after);
  },

  async remove(context, { roleId }, ports) {
    const { accountId, chain } = context.entity;
    const { maker } = await callerAlong(chain, context.actor, ports);
    const before = await ports.roles.find({ accountId, roleId });
    if (before === undefined) throw context.error('resource.unknown', `There is no role ${roleId} here.`);
    const refused = refusedScopes(before.scopes, maker, ports);
    if (refused !== undefined) throw context.error('tenancy.scope_too_wide', refused);
    const userIds = await ports.roles.remove({ accountId, roleId });
    context.audit({
      target: roleId,
      before: { name: before.name, scopes: [...before.scopes], userIds: [...userIds] },
    });
    for (const userId of userIds) await context.emit('member.removed', { userId, role: roleId });
    await context.emit('role.removed', { roleId });
    return { id: roleId, memberCount: userIds.length };
  },
};
