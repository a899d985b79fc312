/** Accounts on a started platform that have nothing to do with each other, or less than they would like. */
import { createId } from '@patchbay/kit/ids';
import { until } from '../until.ts';
import { callProcedure, signIn, signUp, type Visitor, visit } from './dashboard.ts';
import { actionRequest } from './dashboard-attack.ts';
import { serverActions } from './route-tree.ts';

/** Of everybody here. */
export const PASSWORD = 'correct horse battery';
/** In every name, address and identity of the victim, and nowhere else. */
export const MARK = 'zqmark';

export interface Tenant extends Visitor {
  readonly name: string;
  readonly accountId: string;
}

export interface Tenants {
  readonly parent: Tenant;
  /** Below the parent. */
  readonly victim: Tenant & {
    readonly ids: Readonly<Record<string, string>>;
    /** Of an invitation that was not taken. */
    readonly setUpPath: string;
  };
  readonly attackers: readonly (Tenant & {
    readonly isBelow: boolean;
    /** The first of those who stand alike: outside, or below. */
    readonly isFirst: boolean;
    /** An account of its own that is under none but the platform's. */
    readonly isTop?: boolean;
  })[];
}

/** Calls as the dashboard does, and wants to succeed. */
export async function ask(
  visitor: Visitor,
  procedure: string,
  input: object,
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what its test says.
): Promise<any> {
  const isQuery = /\.(get|list)/.test(procedure);
  const page = await callProcedure(visitor, procedure, { method: isQuery ? 'GET' : 'POST', input });
  if (page.status !== 200) throw new Error(`${procedure}: ${page.status} ${page.body}`);
  return JSON.parse(page.body).result.data;
}

async function enrol(url: string, name: string): Promise<Tenant & { readonly email: string }> {
  const email = `${name}@wall.test`;
  await signUp(url, { email, password: PASSWORD, name, organisationName: `${name} organisation` });
  const visitor = await signIn(url, email, PASSWORD);
  const me = await ask(visitor, 'me.get', {});
  return { ...visitor, name, email, accountId: me.accounts[0].id };
}

/**
 * A victim below a parent, with one thing of each kind; and who attacks it: a stranger with an account of its own,
 * one who was invited to the victim and has not taken the role, a member of a sibling, a member of a child, and one who holds a lesser role at the child alone.
 */
export async function makeTenants(url: string): Promise<Tenants> {
  const parent = await enrol(url, 'parent');
  const below = (above: string, name: string) => ask(parent, 'accounts.create', { accountId: above, name });
  const victimAccount = await below(parent.accountId, `${MARK}-victim`);
  const sibling = await below(parent.accountId, 'Sibling');
  const child = await below(victimAccount.id, `${MARK}-child`);
  const invite = ({ email, name }: { email: string; name: string }, accountId: string, role: string) =>
    ask(parent, 'team.add', { accountId, email, name, role });
  const memberOf = async (name: string, account: { id: string }, role: string): Promise<Tenant> => {
    const person = await enrol(url, name);
    const { setUpPath } = await invite(person, account.id, role);
    const joined = await takeInvitation(person, setUpPath);
    if (!joined.includes(account.id)) throw new Error(`${name} did not join: ${joined}`);
    return { ...person, accountId: account.id };
  };
  const owner = await memberOf(`${MARK}-owner`, victimAccount, 'owner');
  const stranger = await enrol(url, 'stranger');
  const invited = await enrol(url, 'invited');
  await invite(invited, victimAccount.id, 'owner');
  const attackers = [
    { ...stranger, isBelow: false, isTop: true, isFirst: true },
    { ...invited, isBelow: false, isTop: true, isFirst: false },
    { ...(await memberOf('sibling', sibling, 'owner')), isBelow: false, isFirst: false },
    { ...(await memberOf('child', child, 'owner')), isBelow: true, isFirst: true },
    { ...(await memberOf('viewer', child, 'viewer')), isBelow: true, isFirst: false },
  ];
  for (const top of [parent, stranger, invited])
    await ask(top, 'keys.create', { accountId: top.accountId, name: 'minting' });
  const furnished = await furnish(owner, victimAccount.id);
  const victim = { ...owner, accountId: victimAccount.id, ...furnished };
  return { parent, victim, attackers };
}

/** Takes the role of an invitation as its page does, and returns what the page hears. */
export async function takeInvitation(visitor: Visitor, setUpPath: string): Promise<string> {
  const id = serverActions().find(({ name }) => name === 'join')?.id;
  if (id === undefined) throw new Error('There is no server action join.');
  const token = setUpPath.split('/').at(-1);
  return (await visit(visitor, setUpPath, actionRequest(visitor, id, [token]))).body;
}

/** Gives an account one thing of each kind, and returns their ids by the field that takes them. */
async function furnish(
  owner: Visitor,
  accountId: string,
): Promise<Pick<Tenants['victim'], 'ids' | 'setUpPath'>> {
  const make = (procedure: string, input: object) => ask(owner, procedure, { accountId, ...input });
  const instanceType = `${MARK}-type`;
  const instanceTypes = [instanceType];
  const application = await make('applications.create', { name: `${MARK}-application`, instanceTypes });
  const key = await make('keys.create', { name: `${MARK}-key` });
  const added = { email: `${MARK}-member@wall.test`, name: `${MARK}-member`, role: 'viewer' };
  const member = await make('team.add', added);
  const config = { mode: 'auto', sessionSecondsMax: 7_654_321 };
  const { id: applicationId } = application;
  await make('signaling.putConfig', config);
  await make('signaling.putApplicationConfig', { applicationId, ...config });
  await make('signaling.putInstanceTypeConfig', { applicationId, instanceType, ...config });
  const price = { currency: 'EUR', prices: { connectedMs: { amount: '7654321', per: '60000' } } };
  await make('prices.setForChildren', { service: 'signaling', ...price });
  await make('spendingLimits.set', { limits: [{ per: 'month', amount: '7654321000000000' }] });
  const trigger = await make('triggers.create', {
    name: `${MARK}-trigger`,
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'threshold', limit: 7_654_321 },
  });
  const role = await make('roles.create', { name: `${MARK}-role`, scopes: ['usage:read'] });
  const policy = { sessionSecondsMax: 7_654_321 };
  const plan = await make('plans.create', { name: `${MARK}-plan`, policy });
  await make('policy.set', policy);
  await make('allowList.set', { keys: [], credentials: [{ network: '0.0.0.0/0', label: `${MARK}-office` }] });
  const declared = { uses: ['audio'], sessionsPerDay: 7_654_321, minutesPerSession: 1 };
  await make('services.enable', { service: 'signaling', ...declared });
  const ice = await make('networkDiscovery.createIceServers', {});
  // Nobody listens there: one attempt fails, and then the webhook rests, so that nothing of it changes by itself.
  const webhook = await make('webhooks.create', { url: `http://127.0.0.1:1/${MARK}` });
  const { id: webhookId } = webhook;
  await make('webhooks.sendTest', { webhookId });
  const delivery = await until(
    async () =>
      (await make('deliveries.list', { webhookId })).items.find((one: { error?: string }) => one.error),
    { what: 'an attempt' },
  );
  await make('webhooks.update', { webhookId, state: 'disabled' });
  const { id: exportId } = await make('exports.create', {});
  const isReady = async () => (await make('exports.get', { exportId })).state === 'ready';
  await until(isReady, { what: 'an export', timeoutMs: 30_000 });
  const { id: erasureId } = await make('erasures.create', { person: `user:${MARK}-nobody` });
  const isCounted = async () => (await make('erasures.get', { erasureId })).state === 'counted';
  await until(isCounted, { what: 'a count', timeoutMs: 30_000 });
  const endpoint = await make('endpoints.allocate', {
    identifier: `user:${MARK}`,
    label: `${MARK}-endpoint`,
  });
  const { id: endpointId } = endpoint;
  await make('signaling.putEndpointConfig', { endpointId, ...config });
  const channel = `${MARK}-channel`;
  await make('notification.publish', { channel, data: MARK });
  await make('notification.putNamespace', { namespace: `${MARK}-space` });
  const mapping = await make('logic.set', { endpointId, url: `http://127.0.0.1:1/${MARK}` });
  await make('brand.set', { name: `${MARK}-brand` });
  const brandHost = await make('brandHosts.add', { host: `${MARK}.wall.test` });
  const me = await ask(owner, 'me.get', {});
  const own = me.accounts.find((one: { id: string }) => one.id !== accountId);
  const transfer = await make('endpoints.transfer', { endpointId, toAccountId: own.id, note: MARK });
  const ids = {
    applicationId,
    exportId,
    erasureId,
    webhookId,
    deliveryId: delivery.id,
    instanceType,
    keyId: key.id,
    userId: member.userId,
    parentId: accountId,
    triggerId: trigger.id,
    planId: plan.id,
    roleId: role.id,
    viewId: createId('sin'),
    documentId: createId('doc'),
    creditId: createId('cdt'),
    buyerId: accountId,
    childId: accountId,
    // Of the organisation, which is the parent's, and of a domain that nobody has.
    organisationId: createId('org'),
    domainId: createId('dom'),
    endpointId,
    channel,
    namespace: `${MARK}-space`,
    mappingId: mapping.id,
    hostId: brandHost.id,
    theme: 'light',
    transferId: transfer.id,
    toAccountId: accountId,
    username: ice.iceServers.find((server: { username?: string }) => server.username !== undefined).username,
    period: new Date().toISOString().slice(0, 7),
    service: 'signaling',
  };
  return { ids, setUpPath: member.setUpPath };
}
