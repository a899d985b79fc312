import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { notYours } from '../tenancy/caller.ts';
import { operationOf } from '../tenancy/scopes.ts';
import { whyNotKept } from './data-regions.ts';
import { asText } from './decide.ts';
import { policy } from './definition.ts';
import { type WordRefusal, wordRefusal } from './effective-policy.ts';
import { holdOf, levelText, type PolicyWord, saysNothing, setterText } from './policy-level.ts';
import type { PlanRecord, PolicyPorts } from './ports.ts';
import { PLACE_COUNT_FROM_ABOVE_MAX, PLACE_COUNT_MAX } from './ports.ts';
import { chainToPlace, type Reading, readPlace, toAnswer, withWord } from './reading.ts';
import { simulate, simulatePlan } from './simulation.ts';
import { countedByUsage, fromWritten, ofWholeAccount, toWritten } from './written-word.ts';

type Policy = typeof policy;
type SetContext = DomainContext<Policy, 'policy', 'set'>;
type PlanContext = DomainContext<Policy, 'plans', 'create'>;

const assigning = operationOf(policy, 'plans', 'assign');

export const handlers: DomainHandlers<Policy, PolicyPorts> = {
  policy: {
    async get(context, request, ports) {
      const reading = await readPlace(context, request, ports);
      return await answerOf(reading, ports);
    },

    async set(context, request, ports) {
      const reading = await readPlace(context, request, ports);
      const word = fromWritten(request);
      await refuseWord(context, { reading, word, ports });
      const { accountId, by, setById, place } = reading;
      const before = await ports.policies.set({ accountId, by, setById, ...place, word });
      if (before === 'too_many')
        throw context.error(
          'policy.too_many_levels',
          `At most ${by === 'above' ? PLACE_COUNT_FROM_ABOVE_MAX : PLACE_COUNT_MAX} are kept.`,
        );
      if (before === 'not_above') throw context.error('resource.unknown', notYours(setById ?? accountId));
      if (before === 'unknown')
        throw context.error('resource.unknown', 'What this is said of is there no longer.');
      const target = [accountId, ...Object.values(place), 'policy', ...(by === 'above' ? ['above'] : [])];
      // Whose word it was: not always that of who changed it.
      const said = (one: PolicyWord) => ({
        ...(setById === undefined ? {} : { from: setById }),
        ...toWritten(one),
      });
      context.audit({ target: target.join('/'), before: said(before), after: said(word) });
      if (isChanged(toWritten(before), toWritten(word)))
        await context.emit('changed', { accountId, ...place });
      const stored = withWord(reading, reading.stored, word);
      return await answerOf({ ...reading, stored, word }, ports);
    },

    async simulate(context, request, ports) {
      const reading = await readPlace(context, request, ports);
      const word = fromWritten(request);
      await refuseWord(context as unknown as SetContext, { reading, word, ports });
      return await simulate({ reading, word, days: request.days, nowMs: context.nowMs() }, ports);
    },
  },

  plans: {
    async list({ entity }, request, { plans }) {
      const { items, nextCursor } = await plans.list({ accountId: entity.accountId, ...request });
      return { items: items.map(toPlan), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async create(context, { name, policy: written }, ports) {
      const word = fromWritten(written);
      await refusePlanWord(context, word, ports);
      const created = await ports.plans.create({ accountId: context.entity.accountId, name, word });
      if (created === 'name_taken') throw nameTaken(context, name);
      context.audit({ target: created.id, after: { name, policy: toWritten(word) } });
      await context.emit('plan.created', { planId: created.id });
      return toPlan(created);
    },

    async get(context, { planId }, { plans }) {
      return toPlan(await findPlan(context, planId, plans));
    },

    async update(context, { planId, name, policy: written }, ports) {
      const { accountId } = context.entity;
      const word = fromWritten(written);
      await refusePlanWord(context as unknown as PlanContext, word, ports);
      const changed = await ports.plans.update({ accountId, planId, name, word });
      if (changed === undefined) throw context.error('resource.unknown', `There is no plan ${planId} here.`);
      if (changed === 'name_taken') throw nameTaken(context as unknown as PlanContext, name);
      const said = (plan: PlanRecord) => ({ name: plan.name, policy: toWritten(plan.word) });
      context.audit({ target: planId, before: said(changed.before), after: said(changed.after) });
      if (isChanged(said(changed.before), said(changed.after)))
        await context.emit('plan.changed', { planId });
      // Nodes hold it for accounts below this one alone.
      await context.emit('changed', { accountId });
      return toPlan(changed.after);
    },

    async simulate(context, { planId, policy: written, days }, ports) {
      const plan = await findPlan(context, planId, ports.plans);
      const word = fromWritten(written);
      await refusePlanWord(context as unknown as PlanContext, word, ports);
      const { accountId, chain } = context.entity;
      const { visibleChain: visibleIds } = await ports.caller(chain, context.actor);
      const asked = { accountId, visibleIds, days, nowMs: context.nowMs() };
      return await simulatePlan({ ...asked, plan, word }, ports);
    },

    async remove(context, { planId }, { plans }) {
      const removed = await plans.remove({ accountId: context.entity.accountId, planId });
      if (removed === undefined) throw context.error('resource.unknown', `There is no plan ${planId} here.`);
      if (removed === 'in_use')
        throw context.error('policy.plan_in_use', `Some account has the plan ${planId}.`);
      context.audit({ target: planId, before: { name: removed.name, policy: toWritten(removed.word) } });
      await context.emit('plan.removed', { planId });
      return { id: planId };
    },

    async assign(context, { planId, from }, { plans, caller }) {
      const { entity, actor } = context;
      const { accountId, chain } = entity;
      const { speakers } = await caller(chain, actor);
      // Whoever is above them gives their own plans: nobody replaces those, or takes them.
      const speakerIds = speakers(assigning).filter((id) => id !== accountId);
      const ownerId = from ?? speakerIds[0];
      if (ownerId === undefined || !speakerIds.includes(ownerId))
        throw context.error('resource.unknown', notYours(ownerId ?? accountId));
      const changed =
        planId === undefined
          ? { before: await plans.unassign({ accountId, ownerId }), after: undefined }
          : await plans.assign({ accountId, planId, ownerIds: from === undefined ? speakerIds : [from] });
      if (changed === undefined)
        throw context.error(
          'resource.unknown',
          `There is no plan ${planId} of an account that you speak for here.`,
        );
      const { before, after } = changed;
      if (before === undefined && after === undefined) return {};
      context.audit({ target: `${accountId}/plan`, before: before ?? {}, after: after ?? {} });
      if (before?.planId !== after?.planId)
        await context.emit('plan.assigned', { hasPlan: after !== undefined });
      await context.emit('changed', { accountId });
      return after ?? {};
    },
  },
};

async function answerOf(reading: Reading, { plans }: PolicyPorts) {
  const { accountId, visibleIds } = reading;
  const ownerIds = visibleIds.filter((id) => id !== accountId);
  return { ...toAnswer(reading), plans: [...(await plans.assigned({ accountId, ownerIds }))] };
}

async function findPlan(
  { entity, error }: Pick<DomainContext<Policy, 'plans', 'get'>, 'entity' | 'error'>,
  planId: string,
  plans: PolicyPorts['plans'],
): Promise<PlanRecord> {
  const plan = await plans.find({ accountId: entity.accountId, planId });
  if (plan === undefined) throw error('resource.unknown', `There is no plan ${planId} here.`);
  return plan;
}

const nameTaken = (context: PlanContext, name: string) =>
  context.error('policy.plan_name_taken', `There is another plan ${name} here.`);

const toPlan = ({ word, createdAt, ...plan }: PlanRecord) => ({
  ...plan,
  policy: toWritten(word),
  createdAt: createdAt.toISOString(),
});

interface Asked {
  readonly reading: Reading;
  readonly word: PolicyWord;
  readonly ports: NamePorts;
}

type NamePorts = Pick<
  PolicyPorts,
  'serviceNames' | 'featureNames' | 'countries' | 'regionNames' | 'dataPlaces'
>;

/** What is stored and cannot hold would be read as if it did (POL-2). */
async function refuseWord(context: SetContext, { reading, word, ports }: Asked): Promise<void> {
  const { applicationId, endpoint, region } = reading.place;
  await refuseUnknownNames({ word, region }, ports);
  const [whole] = ofWholeAccount(word);
  if (whole !== undefined && Object.keys(reading.place).length > 0)
    throw context.error('policy.not_at_level', `/${whole}: it is of whole accounts.`);
  await refuseUnkept(context, word, ports);
  const [counted] = countedByUsage(word);
  if (counted !== undefined && (applicationId ?? endpoint) !== undefined)
    throw context.error('policy.not_at_level', `/${counted}: it is counted for accounts and regions.`);
  const refusal = wordRefusal(chainToPlace(reading, word));
  if (refusal !== undefined) throw refusalError(context, refusal, reading.visibleIds);
}

async function refusePlanWord(context: PlanContext, word: PolicyWord, ports: NamePorts): Promise<void> {
  await refuseUnknownNames({ word }, ports);
  await refuseUnkept(context as unknown as SetContext, word, ports);
  const origin = { level: 'plan', accountId: context.entity.accountId, planId: '' } as const;
  const refusal = wordRefusal([{ origin, timeZone: 'UTC', ...word }]);
  if (refusal !== undefined)
    throw context.error('policy.bound_invalid', `/overridable/${refusal.setting}: ${boundFault(refusal)}`);
}

/** Nobody is promised a place for their data that they would not be kept in (PRD-4). */
async function refuseUnkept(
  context: SetContext,
  { values: { dataRegions } }: PolicyWord,
  { dataPlaces }: Pick<PolicyPorts, 'dataPlaces'>,
): Promise<void> {
  if (dataRegions === undefined) return;
  const why = whyNotKept(dataRegions, await dataPlaces());
  if (why !== undefined) throw context.error('policy.data_region_unavailable', `/dataRegions: ${why}`);
}

/** A name that is none would let nobody pass, and look like one that does. */
async function refuseUnknownNames(
  { word, region }: { readonly word: PolicyWord; readonly region?: string | undefined },
  { serviceNames, featureNames, countries, regionNames, dataPlaces }: NamePorts,
): Promise<void> {
  const { values, overridable } = word;
  refuseUnknown('/services', values.services, serviceNames);
  refuseUnknown('/features', values.features, featureNames);
  refuseUnknown('/overridable/features', overridable.features, featureNames);
  // Nodes without a table refuse everybody: whoever sets it is told before.
  if (values.countries !== undefined && countries === undefined)
    throw platformError(
      'request.invalid',
      '/countries: this platform has no table that says in which country an address is (PATCHBAY_COUNTRY_TABLE).',
    );
  // A level of a region that is gone can be taken back.
  const placed = region === undefined || saysNothing(word) ? [] : [region];
  const ofNodes = [...placed, ...(values.regions ?? []), ...(overridable.regions ?? [])];
  const ofData = [...(values.dataRegions ?? []), ...(overridable.dataRegions ?? [])];
  if (ofNodes.length + ofData.length === 0) return;
  const known = await regionNames();
  // Before the first node nobody can say which there will be.
  if (known.length === 0) return;
  refuseUnknown('/region', placed, known);
  refuseUnknown('/regions', values.regions, known);
  refuseUnknown('/overridable/regions', overridable.regions, known);
  if (ofData.length === 0) return;
  const withStorage = [...new Set([...known, ...(await dataPlaces()).storageRegions])];
  refuseUnknown('/dataRegions', values.dataRegions, withStorage);
  refuseUnknown('/overridable/dataRegions', overridable.dataRegions, withStorage);
}

function refuseUnknown(field: string, names: readonly string[] = [], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw platformError('request.invalid', `${field}: ${unknown} is none of ${known.join(', ')}.`);
}

const boundFault = ({ reason }: WordRefusal): string =>
  reason === 'bound_without_value'
    ? 'there is no value that it is a bound of.'
    : 'it is narrower than the value.';

function refusalError(
  context: SetContext,
  refusal: WordRefusal,
  visibleIds: readonly string[],
): ServiceError {
  const { setting, reason, origin, ceiling } = refusal;
  const level = levelText(origin, visibleIds);
  const isPlain = holdOf(origin) === undefined && setterText(origin, visibleIds) === undefined;
  const said = isPlain ? level : asText(origin, visibleIds);
  const error = () => {
    switch (reason) {
      case 'locked':
        return context.error('policy.locked', `/${setting}: it is locked above (${said}).`);
      case 'wider':
        return context.error(
          'policy.wider',
          `/${setting}: at most ${JSON.stringify(ceiling)} is allowed above (${said}).`,
        );
      case 'bound_without_value':
      case 'bound_narrower':
        return context.error('policy.bound_invalid', `/overridable/${setting}: ${boundFault(refusal)}`);
    }
  };
  return new ServiceError({ ...error().fields, rule: setting, level });
}
