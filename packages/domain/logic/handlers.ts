import type { DomainHandlers } from '@patchbay/kit/definition';
import type { logic } from './definition.ts';
import { type DryStep, dryRun } from './dry-run.ts';
import { unavailableIn } from './interpreter.ts';
import { type LogicMapping, type LogicPorts, MAPPING_COUNT_MAX } from './ports.ts';

const HOUR_MS = 3_600_000;

const unknown = (mappingId: string) => `This account has no address of logic ${mappingId}.`;

const toAnswer = ({ id, applicationId, endpointId, kind, url, fallbackUrl, createdAt }: LogicMapping) => ({
  id,
  ...(applicationId === undefined ? {} : { applicationId }),
  ...(endpointId === undefined ? {} : { endpointId }),
  kind,
  url,
  ...(fallbackUrl === undefined ? {} : { fallbackUrl }),
  createdAt: createdAt.toISOString(),
});

export const handlers: DomainHandlers<typeof logic, LogicPorts> = {
  logic: {
    async list({ entity }, request, ports) {
      const { items, nextCursor } = await ports.mappings.list({ accountId: entity.accountId, ...request });
      return { items: items.map(toAnswer), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async get(context, { mappingId }, ports) {
      const { accountId } = context.entity;
      const found = await ports.mappings.find({ accountId, mappingId });
      if (found === undefined) throw context.error('resource.unknown', unknown(mappingId));
      return toAnswer(found);
    },

    async set(context, { applicationId, endpointId, kind, url, fallbackUrl }, ports) {
      const { accountId, chain } = context.entity;
      for (const [field, address] of Object.entries({ url, fallbackUrl })) {
        const refusal = address === undefined ? undefined : await ports.addresses.refusalOf(address);
        if (refusal !== undefined)
          throw context.error('callback.address_forbidden', `/${field}: Nothing is asked there: ${refusal}.`);
      }
      const place = { accountId, applicationId, endpointId };
      const set = await ports.mappings.set({ ...place, kind, url, fallbackUrl });
      if (set === 'unknown')
        throw context.error(
          'resource.unknown',
          endpointId === undefined
            ? `This account has no application ${applicationId}.`
            : `This account has no endpoint ${endpointId}.`,
        );
      if (set === 'too_many')
        throw context.error(
          'logic.too_many',
          `An account has at most ${MAPPING_COUNT_MAX} addresses of logic.`,
        );
      const secret = await ports.secrets.ensure({ accountId });
      const after = toAnswer(set.after);
      context.audit({ target: set.after.id, before: set.before && toAnswer(set.before), after });
      await context.emit('mapping.set', { mappingId: set.after.id, url });
      // The event tells the account's own nodes. Those of the accounts above may call it, and did not have to ask before.
      if (set.isFirst) for (const id of chain.slice(1, -1)) await ports.nodes.changed(id);
      return { ...after, ...(secret === undefined ? {} : { secret }) };
    },

    async remove(context, { mappingId }, ports) {
      const { accountId } = context.entity;
      const removed = await ports.mappings.remove({ accountId, mappingId });
      if (removed === undefined) throw context.error('resource.unknown', unknown(mappingId));
      context.audit({ target: mappingId, before: toAnswer(removed) });
      await context.emit('mapping.removed', { mappingId });
      return { id: mappingId };
    },

    async rotateSecret(context, { previousHours }, ports) {
      const { accountId } = context.entity;
      const previousEndsAt =
        previousHours === 0 ? undefined : new Date(context.nowMs() + previousHours * HOUR_MS);
      const secret = await ports.secrets.rotate({ accountId, previousEndsAt });
      const told = previousEndsAt === undefined ? {} : { previousEndsAt: previousEndsAt.toISOString() };
      context.audit({ target: `${accountId}/logic-secret`, after: told });
      await context.emit('secret.rotated', {});
      return { secret, ...told };
    },

    async dryRun(context, { kind, document: text, dialStatus }, ports) {
      const read = ports.documents.read(kind, text);
      if ('problem' in read) throw context.error('logic.document_invalid', read.problem);
      const unavailable = unavailableIn(read.document);
      if (unavailable !== undefined) throw context.error('logic.verb_unavailable', unavailable);
      const { steps, outcome } = dryRun(read.document, dialStatus);
      const { accountId } = context.entity;
      return { outcome, steps: await Promise.all(steps.map((step) => priced(step, accountId, ports))) };
    },
  },
};

async function priced({ meters, ...step }: DryStep, accountId: string, ports: LogicPorts) {
  return {
    ...step,
    meters: await Promise.all(
      meters.map(async ({ service, meter, quantity, unit, per }) => {
        const paid = await ports.prices.paidBy({ accountId, service, meter });
        const price = paid && costOf(quantity, paid);
        return {
          meter: `${service}.${meter}`,
          quantity,
          unit,
          per,
          ...(price === undefined ? {} : { price }),
        };
      }),
    ),
  };
}

/** In nano units, cut off to whole ones: what a statement has is multiplied once on the sum of a month (BIL-3). */
function costOf(
  quantity: number,
  { amount, per, currency }: { readonly amount: string; readonly per: string; readonly currency: string },
): { readonly amount: string; readonly currency: string } | undefined {
  // Per 0 is a flat amount of a period, and of no step.
  if (per === '0') return undefined;
  return { amount: String((BigInt(amount) * BigInt(quantity)) / BigInt(per)), currency };
}
