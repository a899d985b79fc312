import type { DomainHandlers } from '@patchbay/kit/definition';
import { accountInactive } from '../tenancy/account-closed.ts';
import { effectiveState } from '../tenancy/account-state.ts';
import type { endpoints } from './definition.ts';
import { type Identifier, proofOf, reachOf, readIdentifier } from './identifier.ts';
import { ENDPOINT_COUNT_MAX, type EndpointRecord, type EndpointsPorts } from './ports.ts';
import { restsUntil } from './rest.ts';
import { endpointTransfers, transfer } from './transfers.ts';

interface Refusing<Code extends string> {
  readonly error: (code: Code, detail: string) => Error;
}

const unknown = (endpointId: string) => `This account has no endpoint ${endpointId}.`;

const toAnswer = (record: EndpointRecord) => ({
  id: record.id,
  accountId: record.accountId,
  namespace: record.namespace,
  identifier: record.identifier,
  reach: reachOf(record.namespace),
  proof: proofOf(record.namespace),
  label: record.label,
  ...(record.applicationId === undefined ? {} : { applicationId: record.applicationId }),
  state: record.restsUntil === undefined ? ('active' as const) : ('resting' as const),
  ...(record.restsUntil === undefined ? {} : { restsUntil: record.restsUntil.toISOString() }),
  allocatedAt: record.allocatedAt.toISOString(),
});

function readOrRefuse(context: Refusing<'endpoints.identifier_invalid'>, text: string): Identifier {
  const read = readIdentifier(text);
  if ('problem' in read) throw context.error('endpoints.identifier_invalid', `/identifier: ${read.problem}`);
  return read;
}

async function refuseUnknownApplication(
  context: Refusing<'resource.unknown'>,
  application: { readonly accountId: string; readonly applicationId: string | null | undefined },
  { applications }: EndpointsPorts,
): Promise<void> {
  const { accountId, applicationId } = application;
  if (applicationId == null) return;
  if ((await applications.find({ accountId, applicationId })) === undefined)
    throw context.error('resource.unknown', `This account has no application ${applicationId}.`);
}

export const handlers: DomainHandlers<typeof endpoints, EndpointsPorts> = {
  endpoints: {
    async list(context, { identifier, ...request }, ports) {
      const { accountId } = context.entity;
      const wanted = identifier === undefined ? undefined : readOrRefuse(context, identifier).text;
      const { items, nextCursor } = await ports.endpoints.list({ accountId, identifier: wanted, ...request });
      return { items: items.map(toAnswer), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async get(context, { endpointId }, ports) {
      const { accountId } = context.entity;
      const found = await ports.endpoints.find({ accountId, endpointId, scope: 'own' });
      if (found === undefined) throw context.error('resource.unknown', unknown(endpointId));
      return toAnswer(found);
    },

    async allocate(context, request, ports) {
      const { accountId } = context.entity;
      const identifier = readOrRefuse(context, request.identifier);
      const state = effectiveState((await ports.accounts.chainOf(accountId)).map((account) => account.state));
      if (state !== 'active') throw accountInactive(state);
      const { label, applicationId } = request;
      await refuseUnknownApplication(context, { accountId, applicationId }, ports);
      const made = await ports.endpoints.allocate({ accountId, identifier, label, applicationId });
      if (made === 'taken')
        throw context.error('endpoints.identifier_taken', `/identifier: ${identifier.text} is held already.`);
      if (made === 'too_many')
        throw context.error(
          'endpoints.too_many',
          `An account holds at most ${ENDPOINT_COUNT_MAX} endpoints.`,
        );
      if ('restsUntil' in made && !('id' in made))
        throw context.error(
          'endpoints.identifier_resting',
          `/identifier: ${identifier.text} rests until ${made.restsUntil.toISOString()}.`,
        );
      const answer = toAnswer(made);
      context.audit({ target: made.id, after: answer });
      await context.emit('allocated', { endpointId: made.id, identifier: made.identifier });
      await ports.settings.came({ accountId, endpointId: made.id });
      return answer;
    },

    async update(context, request, ports) {
      const { accountId } = context.entity;
      const { endpointId, applicationId } = request;
      const before = await ports.endpoints.find({ accountId, endpointId, scope: 'own' });
      if (before === undefined || before.restsUntil !== undefined)
        throw context.error('resource.unknown', unknown(endpointId));
      await refuseUnknownApplication(context, { accountId, applicationId }, ports);
      const after = await ports.endpoints.update({ accountId, ...request });
      if (after === undefined) throw context.error('resource.unknown', unknown(endpointId));
      const answer = toAnswer(after);
      context.audit({ target: endpointId, before: toAnswer(before), after: answer });
      await context.emit('changed', { endpointId, identifier: after.identifier });
      return answer;
    },

    async release(context, { endpointId }, ports) {
      const { accountId } = context.entity;
      const before = await ports.endpoints.find({ accountId, endpointId, scope: 'own' });
      const until = before && restsUntil(before.namespace, context.nowMs());
      const isReleased =
        before?.restsUntil === undefined &&
        (await ports.endpoints.release({ accountId, endpointId, restsUntil: until }));
      if (before === undefined || !isReleased) throw context.error('resource.unknown', unknown(endpointId));
      const rest = until === undefined ? {} : { restsUntil: until.toISOString() };
      context.audit({ target: endpointId, before: toAnswer(before), after: rest });
      await context.emit('released', { endpointId, identifier: before.identifier, ...rest });
      return { id: endpointId, identifier: before.identifier, ...rest };
    },

    transfer,
  },

  endpointTransfers,
};
