import type { DomainContext, DomainHandlers, Entity } from '@patchbay/kit/definition';
import { policyChain } from '../policy/policy-chain.ts';
import type { PolicyChain } from '../policy/policy-level.ts';
import { visibleOrigin } from '../policy/reading.ts';
import { serviceStanding } from '../policy/service-standing.ts';
import { notYours } from '../tenancy/caller.ts';
import { operationOf } from '../tenancy/scopes.ts';
import { access } from './definition.ts';
import type { AccessPorts, SaidServiceAccess } from './ports.ts';
import { setterOf, speakersAt } from './speaking.ts';

type Access = typeof access;

/** Which services are on for an account, by its own word and by that of each account above it (ACC-10). */
export const turnedServices: DomainHandlers<Access, AccessPorts>['services'] = {
  async list(context, _request, ports) {
    const standing = await standingOf(context, ports);
    return { items: ports.services.map((service) => toServiceAccess(service, standing)) };
  },

  async enable(context, { service: name, from, ...declared }, ports) {
    const { chain } = context.entity;
    const service = serviceNamed(name, context.error, ports);
    const uses = [...new Set(declared.uses)];
    const volume = { ...declared, uses };
    const setById = await setterOf(context, { operation: turning, named: from }, ports);
    // Whoever is above takes back what those below them said, and nobody else does (ACC-10).
    const lifts = setById === undefined ? [] : chain.slice(chain.indexOf(setById) + 1);
    const wasOn = await isOnAt(context, name, ports);
    await turn(context, { service: name, setById, state: 'enabled', declared: volume, lifts }, ports);
    const answer = toServiceAccess(service, await standingOf(context, ports));
    if (answer.isOn && !wasOn) await context.emit('service.enabled', { service: name, ...volume });
    return answer;
  },

  async disable(context, { service: name, from }, ports) {
    const service = serviceNamed(name, context.error, ports);
    const setById = await setterOf(context, { operation: turning, named: from }, ports);
    const wasOn = await isOnAt(context, name, ports);
    await turn(context, { service: name, setById, state: 'disabled' }, ports);
    const answer = toServiceAccess(service, await standingOf(context, ports));
    if (wasOn && !answer.isOn) await context.emit('service.disabled', { service: name });
    return answer;
  },
};

type Change = Omit<Parameters<AccessPorts['serviceAccess']['put']>[0], 'accountId'>;
type ChangeContext = Pick<
  DomainContext<Access, 'services', 'enable'>,
  'entity' | 'visibleIds' | 'actor' | 'audit' | 'error'
>;

/** Events tell what came of a word: somebody else's may keep the service as it was. */
const isOnAt = async ({ entity }: Pick<ChangeContext, 'entity'>, service: string, ports: AccessPorts) =>
  serviceStanding(await chainOf(entity, ports), service).isOn;

/** Says it, and whose word it was, and which others it took back. */
async function turn(
  { entity: { accountId }, audit, error }: ChangeContext,
  change: Change,
  { serviceAccess }: AccessPorts,
): Promise<void> {
  const { service, setById } = change;
  const changed = await serviceAccess.put({ accountId, ...change });
  if (changed === 'not_above') throw error('resource.unknown', notYours(setById ?? accountId));
  const { before, after, lifted } = changed;
  const target = `${accountId}/services/${service}`;
  audit({
    target: setById === undefined ? target : `${target}/above`,
    before: { ...said(before), ...(lifted.length === 0 ? {} : { lifted: lifted.map(said) }) },
    after: said(after),
  });
}

async function standingOf(
  { entity, visibleIds = [], actor }: Pick<ChangeContext, 'entity' | 'visibleIds' | 'actor'>,
  ports: AccessPorts,
): Promise<Standing> {
  return {
    entity,
    visibleIds,
    speakerIds: await speakersAt({ entity, actor }, turning, ports),
    all: await ports.serviceAccess.list(entity),
    chain: await chainOf(entity, ports),
  };
}

const turning = operationOf(access, 'services', 'disable');

export const chainOf = async ({ accountId, chain }: Entity, { policies }: Pick<AccessPorts, 'policies'>) =>
  policyChain({ chain }, await policies.chain({ accountId }));

function serviceNamed(
  name: string,
  error: DomainContext<Access, 'services', 'enable'>['error'],
  { services }: Pick<AccessPorts, 'services'>,
) {
  const service = services.find((one) => one.name === name);
  if (service === undefined) throw error('resource.unknown', `There is no service ${name}.`);
  return service;
}

/** As the audit log shows it. */
const said = (one: SaidServiceAccess | undefined) => {
  if (one === undefined) return {};
  const { setById, state, uses, sessionsPerDay, minutesPerSession } = one;
  return {
    ...(setById === undefined ? {} : { from: setById }),
    state,
    uses,
    sessionsPerDay,
    minutesPerSession,
  };
};

interface Standing {
  readonly entity: Entity;
  readonly chain: PolicyChain;
  readonly visibleIds: readonly string[];
  readonly speakerIds: readonly string[];
  readonly all: readonly SaidServiceAccess[];
}

function toServiceAccess(
  { name, title }: AccessPorts['services'][number],
  { entity, chain, visibleIds, speakerIds, all }: Standing,
) {
  const { isOn, reason, ...more } = serviceStanding(chain, name);
  const ofService = all.filter(({ service }) => service === name);
  const own = ofService.find(({ setById }) => setById === undefined);
  const above = entity.chain
    .slice(0, -1)
    .flatMap((id) => ofService.find(({ setById }) => setById === id) ?? []);
  return {
    service: name,
    title,
    isOn,
    reason,
    ...('origin' in more ? { origin: visibleOrigin(more.origin, visibleIds) } : {}),
    ...(own === undefined ? {} : { own: toSaid(own) }),
    fromAbove: toldAbove(above, visibleIds),
    speakerIds: [...speakerIds],
  };
}

/** What those said that the caller does not see is one word, the one that has its way, so that nobody counts them (C1). */
function toldAbove(above: readonly SaidServiceAccess[], visibleIds: readonly string[]) {
  const isSeen = ({ setById = '' }: SaidServiceAccess) => visibleIds.includes(setById);
  const hidden = above.filter((one) => !isSeen(one));
  const heldOf = hidden.find(({ state }) => state === 'disabled') ?? hidden.at(-1);
  return [
    ...(heldOf === undefined ? [] : [toSaid(heldOf)]),
    ...above.filter(isSeen).map((one) => ({ ...toSaid(one), setById: one.setById })),
  ];
}

const toSaid = ({ state, uses, sessionsPerDay, minutesPerSession, changedAt }: SaidServiceAccess) => ({
  state,
  uses: [...uses],
  ...(sessionsPerDay === undefined ? {} : { sessionsPerDay }),
  ...(minutesPerSession === undefined ? {} : { minutesPerSession }),
  changedAt: changedAt.toISOString(),
});
