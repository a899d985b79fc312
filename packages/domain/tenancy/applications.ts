import type { DomainHandlers } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import { accountInactive } from './account-closed.ts';
import type { tenancy } from './definition.ts';
import type { ApplicationRecord, TenancyPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof tenancy, TenancyPorts>;

const toAnswer = ({ id, name, instanceTypes, createdAt }: ApplicationRecord) => ({
  id,
  name,
  instanceTypes: [...instanceTypes],
  createdAt: createdAt.toISOString(),
});

const unknown = (applicationId: string) => `This account has no application ${applicationId}.`;

export const applications: Handlers['applications'] = {
  async list(context, request, ports) {
    const { accountId } = context.entity;
    const { items, nextCursor } = await ports.applications.list({ accountId, ...request });
    return { items: items.map(toAnswer), ...(nextCursor === undefined ? {} : { nextCursor }) };
  },

  async get(context, { applicationId }, ports) {
    const { accountId } = context.entity;
    const application = await ports.applications.find({ accountId, applicationId });
    if (application === undefined) throw context.error('resource.unknown', unknown(applicationId));
    return toAnswer(application);
  },

  async create(context, request, ports) {
    const { accountId } = context.entity;
    const account = await ports.accounts.find({ accountId });
    if (account === undefined) throw context.error('resource.unknown', `There is no account ${accountId}.`);
    if (account.effectiveState !== 'active') {
      throw accountInactive(account.effectiveState);
    }
    const answer = toAnswer(await ports.applications.create({ accountId, ...request }));
    context.audit({ target: answer.id, after: answer });
    const { id: applicationId, instanceTypes } = answer;
    await context.emit('application.created', { applicationId, instanceTypes });
    return answer;
  },

  async update(context, request, ports) {
    const { accountId } = context.entity;
    const { applicationId } = request;
    const before = await ports.applications.find({ accountId, applicationId });
    const after = before && (await ports.applications.update({ accountId, ...request }));
    if (after === undefined) throw context.error('resource.unknown', unknown(applicationId));
    const [was, answer] = [toAnswer(before ?? after), toAnswer(after)];
    context.audit({ target: applicationId, before: was, after: answer });
    if (isChanged(was, answer))
      await context.emit('application.changed', {
        applicationId,
        addedInstanceTypes: answer.instanceTypes.filter((type) => !was.instanceTypes.includes(type)),
        removedInstanceTypes: was.instanceTypes.filter((type) => !answer.instanceTypes.includes(type)),
      });
    return answer;
  },

  async remove(context, { applicationId }, ports) {
    const { accountId } = context.entity;
    const before = await ports.applications.find({ accountId, applicationId });
    const isRemoved = before !== undefined && (await ports.applications.remove({ accountId, applicationId }));
    if (!isRemoved) throw context.error('resource.unknown', unknown(applicationId));
    context.audit({ target: applicationId, before: toAnswer(before) });
    await context.emit('application.removed', { applicationId });
    return { id: applicationId };
  },
};
