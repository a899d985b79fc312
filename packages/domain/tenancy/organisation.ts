import type { Actor, DomainHandlers, Entity } from '@patchbay/kit/definition';
import type { ServiceError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { type Caller, callerAlong } from './caller.ts';
import { tenancy } from './definition.ts';
import type { OrganisationRecord, TenancyPorts } from './ports.ts';
import { operationOf } from './scopes.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

const renaming = operationOf(tenancy, 'organisation', 'update');

const toAnswer = ({ createdAt, ...rest }: OrganisationRecord) => ({
  ...rest,
  createdAt: createdAt.toISOString(),
});

interface Context {
  readonly entity: Entity;
  readonly actor: Actor;
  readonly error: (code: 'resource.unknown', publicDetail: string) => ServiceError;
}

/**
 * The organisation of an account, for one who reaches its top account. Whoever has a role further down, as a customer of
 * a reseller has, belongs to it no more than the reseller's name is theirs to read: nothing above a caller is told.
 */
export async function organisationOf(
  { entity, actor, error }: Context,
  ports: Pick<TenancyPorts, 'organisations' | 'people' | 'keys'>,
): Promise<{ readonly found: OrganisationRecord; readonly caller: Caller }> {
  // The platform's own account is above every organisation.
  const toTop = entity.chain.slice(0, 2);
  const [, topId] = toTop;
  const caller = await callerAlong(toTop, actor, ports);
  const isWithinReach = topId !== undefined && caller.visibleChain.includes(topId);
  const found = isWithinReach ? await ports.organisations.find({ accountId: topId }) : undefined;
  if (found === undefined)
    throw error('resource.unknown', 'There is no organisation within your reach here.');
  return { found, caller };
}

export const organisation: Handlers['organisation'] = {
  async get(context, _request, ports) {
    return toAnswer((await organisationOf(context, ports)).found);
  },

  async update(context, { name }, ports) {
    const { found, caller } = await organisationOf(context, ports);
    // A role at the account in the path is not one at the top.
    if (!caller.may(renaming)) {
      throw context.error('auth.scope', 'Only who administers its top account renames an organisation.');
    }
    const after = await ports.organisations.rename({ accountId: found.accountId, name });
    if (after === undefined)
      throw context.error('resource.unknown', 'There is no such organisation any more.');
    const answer = toAnswer(after);
    const before = toAnswer(found);
    context.audit({ accountId: found.accountId, target: found.id, before, after: answer });
    if (isChanged(before, answer))
      await context.emit('organisation.changed', { organisationId: found.id }, found.accountId);
    return answer;
  },

  async people(context, request, ports) {
    const { found } = await organisationOf(context, ports);
    const { items, nextCursor } = await ports.organisations.people({
      ...request,
      accountId: found.accountId,
    });
    return {
      items: items.map(({ roles, ...person }) => ({ ...person, roles: roles.map((role) => ({ ...role })) })),
      ...(nextCursor === undefined ? {} : { nextCursor }),
    };
  },
};
