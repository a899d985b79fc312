import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { setCreditLine } from '@patchbay/adapters/metering/tenants.testing';
import { realSamlProvider } from '@patchbay/adapters/saml/real-provider.testing';
import { pngOf } from '@patchbay/domain/branding/logo-image.testing';
import { roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import { writtenRules } from '@patchbay/domain/conferencing/room-words';
import { declaredPayloadOf } from '@patchbay/faces/event-catalogue';
import { isOfOneself, type MountedOperation, mountedOperations } from '@patchbay/faces/mounted';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  enrolNode,
  makePlatform,
  type Served,
  serve,
  signUp,
  type Tenant,
  type TestNode,
} from './served.testing.ts';
import { ofCollecting, ofPeople, ofTestBooks, untold } from './untold-changes.testing.ts';

let database: TestDatabase;
let owner: Client;
let served: Served;
let account: Tenant;
let childId: string;
/** Of nobody that the account sees. */
let otherId: string;
let username: string;
let nodes: readonly TestNode[];
const sessionId = createId('ses');
const legId = createId('leg');

/** A database that is started for this file, on a busy machine. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  // Whatever a host or a domain has to prove, its record says it.
  const textsAt = async () => {
    const { rows } = await owner.query<{ token: string }>(
      "SELECT token FROM brand_host UNION ALL SELECT 'patchbay-domain=' || challenge FROM sso_domain",
    );
    return rows.map(({ token }) => token);
  };
  served = serve(database.applicationUrl, { PATCHBAY_ALLOW_LOOPBACK_PEERS: '1' }, { names: { textsAt } });
  account = await signUp(served, 'audited');
  await setCreditLine(database.url, account.accountId);
  nodes = await Promise.all([enrolNode(served, ['relay']), enrolNode(served, ['signaling'])]);
  await beat();
  const created = {
    sessionId,
    sequence: 1,
    type: 'session.created',
    atMs: Date.now(),
    region: 'local',
    data: {},
  };
  const event = { ...created, accountId: account.accountId };
  const joined = { ...event, sequence: 2, type: 'leg.joined', legId, legAccountId: account.accountId };
  const reported =
    nodes[1] && (await served.internal(nodes[1].request('sessionEvents', { events: [event, joined] })));
  expect(reported?.status).toBe(200);
  // Whatever is ordered of a session, its node has done.
  const { bus } = served.control;
  const standing = { muted: [] };
  const muted = { muted: [{ legId, muted: { audio: true, video: false, screen: false } }] };
  const before = {
    phase: 'live' as const,
    peakCount: 1,
    rules: writtenRules(roomRulesOnTheFly),
    participants: [],
  };
  const talking = { standing: 'in' as const, isMuted: true, isHeld: false, role: 'speaker' as const };
  const heard = { joinedAtMs: 1, isSpeaking: false, minusDbov: 127, spokeMs: 0 };
  const after = {
    ...before,
    phase: 'ended' as const,
    participants: [{ ...talking, ...heard, legId, sessionId, identity: 'bob' }],
  };
  bus.subscribe(
    ({ message }) => {
      if (message.type === 'room.control') {
        const { orderId } = message.order;
        const answer = { kind: 'done' as const, isChanged: true, before, after };
        void bus.publish({ type: 'room.controlled', orderId, answer });
      }
      if (message.type !== 'session.control') return;
      const answer = {
        kind: 'done',
        isChanged: true,
        isEnded: false,
        before: standing,
        after: muted,
      } as const;
      void bus.publish({ type: 'session.controlled', orderId: message.order.orderId, answer });
    },
    await bus.latest(),
  );
  otherId = (await signUp(served, 'other')).accountId;
  childId = (await ask('POST', '/accounts', { name: 'Child' })).id;
  const ice = await ask('POST', '/services/network-discovery/ice-servers', {});
  username = ice.iceServers[0].username;
}, START_MS_MAX);

afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

/** A node counts as live for a while after it was heard of, which on a busy machine is over soon. */
async function beat(): Promise<void> {
  const urls = { turn: ['turn:192.0.2.1:3478'], signal: ['ws://192.0.2.1:1'] };
  for (const node of nodes) {
    await served.internal(node.request('heartbeat', { boot: 1, urls, load: {}, isDraining: false }));
  }
}

async function mintingPath(path: string): Promise<string> {
  await beat();
  return servicePath(path);
}

async function runningRoom(name: string): Promise<string> {
  await owner.query(
    `INSERT INTO live_room (account_id, name, node_id, lease_until) VALUES ($1, $2, 'nod_x', now() + interval '1 hour')`,
    [account.accountId, name],
  );
  return servicePath(`conferencing/rooms/${name}`);
}

async function ask(method: string, path: string, body?: object) {
  const answer = await served.rest(method, `/v1/accounts/${account.accountId}${path}`, {
    key: account.key,
    ...(body === undefined ? {} : { body }),
  });
  expect(answer, path).toMatchObject({ status: 200 });
  return answer.body;
}

const logo = { theme: 'light', data: pngOf().toString('base64') };

/** The brand of an account of its own. */
async function brandPath(name: string): Promise<string> {
  const { id } = await ask('POST', '/accounts', { name });
  const path = `/v1/accounts/${id}/brand`;
  await served.rest('PUT', path, { key: account.key, body: { name } });
  return path;
}

async function hostPath(host: string): Promise<string> {
  const { id } = await ask('POST', '/brand-hosts', { host });
  return `/v1/accounts/${account.accountId}/brand-hosts/${id}`;
}

const reminders = { afterDays: [5], lastAction: 'mark' };
const credit = { amount: '1', reason: 'Welcome' };
const price = { currency: 'EUR', prices: { bytes: { amount: '1', per: '1' } } };

/** Of a child that is prepaid: no other is given any. */
async function creditsPath(): Promise<string> {
  const body = { isPrepaid: true };
  await served.rest('PUT', `/v1/accounts/${childId}/balance/terms`, { key: account.key, body });
  return `/v1/accounts/${childId}/credits`;
}

/** Other than what is configured: who sets what is set has changed nothing. */
const changedConfig = {
  'network-discovery': { credentialTtlSecondsMax: 80_000 },
  conferencing: { participantCountMax: 80 },
  notification: { tokenTtlSecondsMax: 80_000 },
  presence: { noteLengthMax: 80 },
  signaling: { tokenTtlSecondsMax: 80_000 },
  'speech-detection': { mediaSecondsMax: 80 },
  'text-to-speech': { charactersMax: 80 },
  transcoding: { mediaSecondsMax: 80 },
} as const;

/** A request that succeeds, for each operation that changes something. What it needs beforehand, it makes itself. */
const changes: Readonly<Record<string, () => Promise<readonly [path: string, body?: object]>>> = {
  'prices.set': async () => [`/v1/accounts/${childId}/prices/network-discovery`, price],
  'prices.setForChildren': async () => [
    `/v1/accounts/${account.accountId}/child-prices/network-discovery`,
    price,
  ],
  'spendingLimits.set': async () => [
    `/v1/accounts/${childId}/spending-limits`,
    { limits: [{ per: 'month', amount: '1' }] },
  ],
  'balances.setTerms': async () => [`/v1/accounts/${childId}/balance/terms`, { isPrepaid: true }],
  'creditLines.set': async () => [`/v1/accounts/${childId}/credit-line`, { amount: '5' }],
  'creditLines.remove': async () => {
    const path = `/v1/accounts/${childId}/credit-line`;
    await served.rest('PUT', path, { key: account.key, body: { amount: '6' } });
    return [path];
  },
  'credits.give': async () => [await creditsPath(), credit],
  'credits.takeBack': async () => {
    const path = await creditsPath();
    const { body } = await served.rest('POST', path, { key: account.key, body: credit });
    return [`${path}/${body.id}`];
  },
  'sellers.set': async () => [
    `/v1/accounts/${childId}/seller`,
    { legalName: 'Child GmbH', addressLines: ['1 Way'] },
  ],
  'reminders.set': async () => [`/v1/accounts/${account.accountId}/reminders`, reminders],
  'reminders.reset': async () => {
    await ask('PUT', '/reminders', { ...reminders, childId });
    return [`/v1/accounts/${account.accountId}/reminders/resets`, { childId }];
  },
  'triggers.create': async () => [`/v1/accounts/${account.accountId}/triggers`, trigger],
  'triggers.update': async () => [await triggerPath(), { limit: 2 }],
  'triggers.reset': async () => [`${await triggerPath()}/resets`, {}],
  'triggers.remove': async () => [await triggerPath()],
  'logic.set': async () => [`/v1/accounts/${account.accountId}/logic`, logicAddress],
  'logic.remove': async () => [
    `/v1/accounts/${account.accountId}/logic/${(await ask('PUT', '/logic', logicAddress)).id}`,
  ],
  'logic.rotateSecret': async () => [`/v1/accounts/${account.accountId}/logic-secret`, {}],
  'reconciliation.start': async () => [`/v1/accounts/${account.accountId}/reconciliation`, {}],
  'logic.dryRun': async () => [
    `/v1/accounts/${account.accountId}/logic-runs`,
    { document: '{"version":1,"verbs":[]}' },
  ],
  'endpoints.allocate': async () => [
    `/v1/accounts/${account.accountId}/endpoints`,
    { identifier: 'tel:+49301234567' },
  ],
  'endpoints.update': async () => [await endpointPath('user:anna'), { label: 'Anna' }],
  'endpoints.release': async () => [await endpointPath('user:bert')],
  'endpoints.transfer': async () => [
    `${await endpointPath('user:carl')}/transfers`,
    { toAccountId: otherId },
  ],
  'endpointTransfers.update': async () => [await transferPath('user:dora'), { state: 'withdrawn' }],
  'sessions.update': async () => [
    `/v1/accounts/${account.accountId}/sessions/${sessionId}`,
    { state: 'ended' },
  ],
  'sessions.updateAll': async () => [`/v1/accounts/${account.accountId}/sessions`, { state: 'paused' }],
  'sessions.redirect': async () => [
    `/v1/accounts/${account.accountId}/sessions/${sessionId}/redirects`,
    { url: 'https://receiver.test/next' },
  ],
  'sessions.updateLeg': async () => [
    `/v1/accounts/${account.accountId}/sessions/${sessionId}/legs/${legId}`,
    { muted: { audio: true } },
  ],
  'sessions.removeLeg': async () => [`/v1/accounts/${account.accountId}/sessions/${sessionId}/legs/${legId}`],
  'allowList.set': async () => [
    `/v1/accounts/${account.accountId}/allow-list`,
    { keys: [], credentials: [{ network: '192.0.2.0/24' }] },
  ],
  'services.enable': async () => {
    const path = await serviceAccessPath('Enabling');
    await served.rest('DELETE', path, { key: account.key });
    return [path, { uses: ['audio'], sessionsPerDay: 1, minutesPerSession: 1 }];
  },
  'exports.create': async () => [`/v1/accounts/${childId}/exports`, {}],
  'exports.createLink': async () => [`${await exportPath()}/links`, {}],
  'exports.remove': async () => [await exportPath()],
  'erasures.create': async () => [`/v1/accounts/${childId}/erasures`, { person: 'user:bob' }],
  'erasures.update': async () => {
    const { id } = await ask('POST', '/erasures', { person: 'user:bob' });
    return [`/v1/accounts/${account.accountId}/erasures/${id}`, { state: 'cancelled' }];
  },
  'retention.set': async () => [`/v1/accounts/${childId}/retention`, { events: { keepDays: 9 } }],
  'brand.set': async () => [`/v1/accounts/${childId}/brand`, { name: 'Northwind' }],
  'brand.remove': async () => [await brandPath('Removing')],
  'brand.setLogo': async () => [`${await brandPath('Drawing')}/logos/light`, logo],
  'brand.removeLogo': async () => {
    const path = `${await brandPath('Drawn')}/logos/light`;
    await served.rest('PUT', path, { key: account.key, body: logo });
    return [path];
  },
  'brandHosts.add': async () => [`/v1/accounts/${childId}/brand-hosts`, { host: 'added.nw.test' }],
  'brandHosts.verify': async () => [`${await hostPath('verified.nw.test')}/checks`, {}],
  'brandHosts.remove': async () => [await hostPath('removed.nw.test')],
  'services.disable': async () => [await serviceAccessPath('Disabling')],
  'policy.set': async () => [`/v1/accounts/${childId}/policy`, { concurrentSessionsMax: 100 }],
  'plans.create': async () => [`/v1/accounts/${account.accountId}/plans`, { name: 'Free', policy: {} }],
  'plans.update': async () => [await planPath('Basic'), { name: 'Better', policy: {} }],
  'plans.remove': async () => [await planPath('Gone')],
  'plans.assign': async () => {
    const { id: planId } = await ask('POST', '/plans', { name: 'Given', policy: {} });
    return [`/v1/accounts/${childId}/plan`, { planId }];
  },
  'enrolment.signUp': async () => [
    '/v1/sign-up',
    { email: 'new@example.test', password: 'correct horse', name: 'N', organisationName: 'New' },
  ],
  'accounts.create': async () => [`/v1/accounts/${account.accountId}/accounts`, { name: 'Another' }],
  'accounts.openTest': async () => [`/v1/accounts/${childId}/test-account`, {}],
  'accounts.update': async () => [`/v1/accounts/${childId}`, { state: 'suspended' }],
  'accounts.move': async () => {
    const { id } = await ask('POST', '/accounts', { name: 'Moving' });
    const { id: parentId } = await ask('POST', '/accounts', { name: 'Above' });
    return [`/v1/accounts/${id}/move`, { parentId }];
  },
  'organisation.update': async () => [`/v1/accounts/${account.accountId}/organisation`, { name: 'Renamed' }],
  'sso.set': async () => [ssoPath(), ssoProvider],
  'sso.setSaml': async () => [`${ssoPath()}/saml`, { metadata: realSamlProvider().metadata }],
  'sso.update': async () => [await setSsoPath(), { emergencyUserIds: [account.userId] }],
  'sso.rotateSamlKey': async () => [`${ssoPath()}/saml-keys`, {}],
  'sso.endReplacedSamlKey': async () => {
    // Whether or not a test before made one: of two, one is replaced.
    await ask('POST', '/organisation/sso/saml-keys', { overlapSeconds: 0 });
    await ask('POST', '/organisation/sso/saml-keys', {});
    return [`${ssoPath()}/saml-keys/replaced`];
  },
  'sso.rotateScimToken': async () => [`${ssoPath()}/scim-token`, {}],
  'sso.removeScimToken': async () => {
    await ask('POST', '/organisation/sso/scim-token', {});
    return [`${ssoPath()}/scim-token`];
  },
  'sso.test': async () => [`${await setSsoPath()}/tests`, {}],
  'sso.remove': async () => [await setSsoPath()],
  'ssoDomains.add': async () => [`${ssoPath()}/domains`, { domain: 'added.example.test' }],
  'ssoDomains.verify': async () => [`${await ssoDomainPath('verified')}/verifications`, {}],
  'ssoDomains.remove': async () => [await ssoDomainPath('removed')],
  'applications.create': async () => [`/v1/accounts/${account.accountId}/applications`, { name: 'App' }],
  'applications.update': async () => [await applicationPath(), { name: 'Other' }],
  'applications.remove': async () => [await applicationPath()],
  'webhooks.create': async () => [`/v1/accounts/${account.accountId}/webhooks`, webhook],
  'webhooks.update': async () => [await webhookPath(), { description: 'Other' }],
  'webhooks.remove': async () => [await webhookPath()],
  'webhooks.rotateSecret': async () => [`${await webhookPath()}/secret`, {}],
  'webhooks.sendTest': async () => [`${await webhookPath()}/tests`, {}],
  'replays.start': async () => [`${await webhookPath()}/replay`, {}],
  'replays.cancel': async () => {
    const path = await webhookPath();
    await ask('POST', `${path.replace(`/v1/accounts/${account.accountId}`, '')}/replay`, {});
    return [`${path}/replay`];
  },
  'deliveries.resend': async () => {
    const path = (await webhookPath()).replace(`/v1/accounts/${account.accountId}`, '');
    await ask('POST', `${path}/tests`, {});
    while ((await placeEvents(served.control.pool)) > 0);
    const { items } = await ask('GET', `${path}/deliveries`);
    return [`/v1/accounts/${account.accountId}${path}/deliveries/${items[0].id}/attempts`, {}];
  },
  'keys.create': async () => [`/v1/accounts/${account.accountId}/keys`, {}],
  'keys.update': async () => [
    `/v1/accounts/${account.accountId}/keys/${(await ask('POST', '/keys', {})).id}`,
    { name: 'Renamed' },
  ],
  'keys.rotate': async () => [
    `/v1/accounts/${account.accountId}/keys/${(await ask('POST', '/keys', {})).id}/rotate`,
    {},
  ],
  'keys.revoke': async () => [
    `/v1/accounts/${account.accountId}/keys/${(await ask('POST', '/keys', {})).id}`,
  ],
  'credentials.revoke': async () => [
    `/v1/accounts/${account.accountId}/credentials/revocations`,
    { username },
  ],
  'roles.create': async () => [
    `/v1/accounts/${account.accountId}/roles`,
    { name: 'Made', scopes: ['usage:read'] },
  ],
  'roles.update': async () => [await rolePath('Changed'), { scopes: ['usage:*'] }],
  'roles.remove': async () => [await rolePath('Removed')],
  'team.add': async () => [
    `/v1/accounts/${account.accountId}/team`,
    { email: 'added@example.test', name: 'Added', role: 'viewer' },
  ],
  'team.remove': async () => {
    const body = { email: 'removed@example.test', name: 'Removed', role: 'viewer' };
    return [`/v1/accounts/${account.accountId}/team/${(await ask('POST', '/team', body)).userId}`];
  },
  'networkDiscovery.createIceServers': async () => [await mintingPath('network-discovery/ice-servers'), {}],
  'networkDiscovery.putConfig': async () => [
    servicePath('network-discovery/config'),
    changedConfig['network-discovery'],
  ],
  ...Object.fromEntries(
    Object.entries({
      networkDiscovery: 'network-discovery',
      conferencing: 'conferencing',
      notification: 'notification',
      presence: 'presence',
      signaling: 'signaling',
      speechDetection: 'speech-detection',
      textToSpeech: 'text-to-speech',
      transcoding: 'transcoding',
    } as const).flatMap(([key, service]) => [
      [
        `${key}.putApplicationConfig`,
        async () => [`${await applicationPath()}/services/${service}/config`, changedConfig[service]],
      ],
      [
        `${key}.putInstanceTypeConfig`,
        async () => [
          `${await applicationPath()}/instance-types/free/services/${service}/config`,
          changedConfig[service],
        ],
      ],
      [`${key}.putCallbacks`, async () => [servicePath(`${service}/callbacks`), callbacks(service)]],
      [
        `${key}.putApplicationCallbacks`,
        async () => [`${await applicationPath()}/services/${service}/callbacks`, callbacks(service)],
      ],
      [
        `${key}.putInstanceTypeCallbacks`,
        async () => [
          `${await applicationPath()}/instance-types/free/services/${service}/callbacks`,
          callbacks(service),
        ],
      ],
      [
        `${key}.putEndpointCallbacks`,
        async () => [
          `${await endpointPath(`user:called of ${service}`)}/services/${service}/callbacks`,
          callbacks(service),
        ],
      ],
      [
        `${key}.putEndpointConfig`,
        async () => [
          `${await endpointPath(`user:of ${service}`)}/services/${service}/config`,
          changedConfig[service],
        ],
      ],
    ]),
  ),
  'presence.putConfig': async () => [servicePath('presence/config'), changedConfig.presence],
  'presence.set': async () => [servicePath('presence/identities/set'), { state: 'away', note: 'Out' }],
  'presence.clear': async () => {
    await served.rest('PUT', servicePath('presence/identities/cleared'), {
      key: account.key,
      body: { state: 'away' },
    });
    return [servicePath('presence/identities/cleared')];
  },
  'conferencing.putConfig': async () => [servicePath('conferencing/config'), changedConfig.conferencing],
  'conferencing.setRoom': async () => [servicePath('conferencing/rooms/set'), { isLocked: true }],
  'conferencing.removeRoom': async () => {
    await served.rest('PUT', servicePath('conferencing/rooms/gone'), { key: account.key, body: {} });
    return [servicePath('conferencing/rooms/gone')];
  },
  'conferencing.endRoom': async () => [`${await runningRoom('ended')}/end`, {}],
  'conferencing.updateParticipant': async () => [
    `${await runningRoom('changed')}/participants/${legId}`,
    { isMuted: true },
  ],
  'conferencing.removeParticipant': async () => [`${await runningRoom('left')}/participants/${legId}`],
  'conferencing.announce': async () => [
    `${await runningRoom('announced')}/announcements`,
    { text: 'correct horse' },
  ],
  'notification.createToken': async () => [await mintingPath('notification/tokens'), { identity: 'bob' }],
  'notification.putConfig': async () => [servicePath('notification/config'), changedConfig.notification],
  'notification.putNamespace': async () => [servicePath('notification/namespaces/set'), { historyCount: 7 }],
  'notification.removeNamespace': async () => {
    await served.rest('PUT', servicePath('notification/namespaces/gone'), { key: account.key, body: {} });
    return [servicePath('notification/namespaces/gone')];
  },
  'notification.removeChannel': async () => {
    await ask('POST', '/services/notification/channels/gone/messages', { data: 'correct horse' });
    return [servicePath('notification/channels/gone')];
  },
  'notification.cancelNotice': async () => {
    const { id } = await ask('POST', '/services/notification/notices', {
      identity: 'nobody',
      title: 'correct horse',
    });
    return [servicePath(`notification/notices/${id}`)];
  },
  'notification.addSubscription': async () => [
    servicePath('notification/subscriptions'),
    { identity: 'bob', email: { address: 'correct.horse@example.test' } },
  ],
  'notification.removeSubscription': async () => {
    const { id } = await ask('POST', '/services/notification/subscriptions', {
      identity: 'bob',
      fcm: { token: 'correct horse' },
    });
    return [servicePath(`notification/subscriptions/${id}`)];
  },
  'notification.putWay': async () => [servicePath('notification/ways/sms'), { sms: smsWay }],
  'notification.removeWay': async () => {
    await served.rest('PUT', servicePath('notification/ways/sms'), {
      key: account.key,
      body: { sms: smsWay },
    });
    return [servicePath('notification/ways/sms')];
  },
  'signaling.createToken': async () => [await mintingPath('signaling/tokens'), { identity: 'bob' }],
  'signaling.putConfig': async () => [servicePath('signaling/config'), changedConfig.signaling],
  'textToSpeech.putConfig': async () => [
    servicePath('text-to-speech/config'),
    changedConfig['text-to-speech'],
  ],
  'textToSpeech.removeSpeech': async () => {
    const asked = { text: 'correct horse', delivery: 'async' };
    const { id } = await ask('POST', '/services/text-to-speech/speech', asked);
    return [servicePath(`text-to-speech/speech/${id}`)];
  },
  'speechDetection.putConfig': async () => [
    servicePath('speech-detection/config'),
    changedConfig['speech-detection'],
  ],
  'speechDetection.cancelJob': async () => [
    servicePath(`speech-detection/jobs/${await detectionJobId()}`),
    { state: 'cancelled' },
  ],
  'speechDetection.removeJob': async () => [servicePath(`speech-detection/jobs/${await detectionJobId()}`)],
  'transcoding.putConfig': async () => [servicePath('transcoding/config'), changedConfig.transcoding],
  'transcoding.cancelJob': async () => [
    servicePath(`transcoding/jobs/${await transcodingJobId()}`),
    { state: 'cancelled' },
  ],
  'transcoding.removeJob': async () => [servicePath(`transcoding/jobs/${await transcodingJobId()}`)],
};

const detectionJobId = async (): Promise<string> =>
  (await ask('POST', '/services/speech-detection/jobs', { uri: 'https://correct.horse.test/a.mp3' })).id;
const smsWay = {
  ...{
    baseUrl: 'https://sms.example.com',
    accountSid: 'AC1',
    authToken: 'correct horse',
    from: '+49301234567',
  },
};

const transcodingJobId = async (): Promise<string> =>
  (await ask('POST', '/services/transcoding/probes', { uri: 'https://correct.horse.test/a.mp3' })).id;

/** Where nobody is: what it offers is asked for in vain, and that it was asked is on record. */
const ssoProvider = { issuer: 'http://127.0.0.1:1', clientId: 'audited', clientSecret: 'correct horse' };
const ssoPath = () => `/v1/accounts/${account.accountId}/organisation/sso`;
const setSsoPath = async () => {
  await ask('PUT', '/organisation/sso', ssoProvider);
  return ssoPath();
};
const ssoDomainPath = async (name: string) =>
  `${ssoPath()}/domains/${(await ask('POST', '/organisation/sso/domains', { domain: `${name}.example.test` })).id}`;
const logicAddress = { url: 'https://receiver.test/logic' };
const eventOf: Readonly<Record<string, string>> = {
  'network-discovery': 'allocation.ended',
  conferencing: 'participant.left',
  presence: 'identity.said',
  notification: 'channel.left',
  signaling: 'session.ended',
  'speech-detection': 'completed',
  'text-to-speech': 'completed',
  transcoding: 'completed',
};
/** Of an event that the service declares. */
const callbacks = (service: string) => ({
  callbacks: [
    {
      url: 'https://receiver.test/calls',
      events: [eventOf[service] ?? ''],
    },
  ],
});
const trigger = {
  name: 'Gigabytes',
  counter: { meter: 'network-discovery.bytes' },
  condition: { kind: 'recurring', limit: 1_000, per: 'month' },
};
const triggerPath = async () =>
  `/v1/accounts/${account.accountId}/triggers/${(await ask('POST', '/triggers', trigger)).id}`;
const endpointPath = async (identifier: string) =>
  `/v1/accounts/${account.accountId}/endpoints/${(await ask('POST', '/endpoints', { identifier })).id}`;
const transferPath = async (identifier: string) => {
  const path = (await endpointPath(identifier)).replace(`/v1/accounts/${account.accountId}`, '');
  const { id } = await ask('POST', `${path}/transfers`, { toAccountId: otherId });
  return `/v1/accounts/${account.accountId}/endpoint-transfers/${id}`;
};
const webhook = { url: 'https://receiver.test/hooks' };
const webhookPath = async () =>
  `/v1/accounts/${account.accountId}/webhooks/${(await ask('POST', '/webhooks', webhook)).id}`;
/** Of one that is ready. */
const exportPath = async () => {
  const { id } = await ask('POST', '/exports', {});
  await served.control.privacyWork.runDue();
  return `/v1/accounts/${account.accountId}/exports/${id}`;
};
const servicePath = (rest: string) => `/v1/accounts/${account.accountId}/services/${rest}`;
const rolePath = async (name: string) =>
  `/v1/accounts/${account.accountId}/roles/${(await ask('POST', '/roles', { name, scopes: ['usage:read'] })).id}`;
const serviceAccessPath = async (name: string) =>
  `/v1/accounts/${(await ask('POST', '/accounts', { name })).id}/service-access/signaling`;
const planPath = async (name: string) =>
  `/v1/accounts/${account.accountId}/plans/${(await ask('POST', '/plans', { name, policy: {} })).id}`;
const applicationPath = async () =>
  `/v1/accounts/${account.accountId}/applications/${(await ask('POST', '/applications', { name: 'One', instanceTypes: ['free'] })).id}`;

/** What concerns more accounts than the one in the path. A move: who moved, the parent it leaves, which is above both, and the new one. */
const concernedCounts: Readonly<Record<string, number>> = { 'accounts.move': 3 };
/** What another account has a part in is in its log, too: without saying who of this one did it. */
const sharedChanges: readonly string[] = ['endpoints.transfer', 'endpointTransfers.update'];

interface Entry {
  readonly account_id: string;
  readonly action: string;
  readonly actor_id: string;
  readonly request_id: string;
}

const entries = async () =>
  (await owner.query<Entry & { text: string }>('SELECT *, e::text AS text FROM audit_entry e ORDER BY e.id'))
    .rows;

const events = async () =>
  (
    await owner.query<{ id: string; type: string; data: Readonly<Record<string, unknown>> }>(
      'SELECT id, type, data FROM platform_event',
    )
  ).rows;

const eventIds = async () => (await events()).map(({ id }) => id);

/** Of a request: no event says more of one change than one thing. */
const EVENTS_OF_ONE_CHANGE_MAX = 3;

/** What is something else when it is said a second time, and why. */
const eachTimeAnew: Readonly<Record<string, string>> = {
  'prices.set': 'a price is one from its minute on, and lines name it by its id',
  'prices.setForChildren': 'a price is one from its minute on, and lines name it by its id',
  'sso.set': 'nobody sees of a secret whether it is the one that was set',
  'sessions.update': 'the node says what it changed, and ends a session when it hears of it',
  'sessions.updateAll': 'the node says what it changed',
  'sessions.updateLeg': 'the node says what it changed',
  'sessions.removeLeg': 'the node says when a leg has left',
  'conferencing.updateParticipant': 'the node says what it changed',
  'conferencing.removeParticipant': 'the node says what it changed',
};

/** Of a person's own sign-in own-sign-in.test.ts has the entries; no event tells of it, for it is of no account. */
const mutations = mountedOperations.filter((mounted) => !isOfOneself(mounted) && isTold(mounted));

function isTold({ operation, group, name }: MountedOperation): boolean {
  return (
    operation.method !== 'GET' &&
    operation.isTrial !== true &&
    operation.isUse !== true &&
    !ofTestBooks.includes(group) &&
    ![...ofPeople, ...ofCollecting].includes(`${group}.${name}`)
  );
}

test.each(mutations.map((mounted) => [`${mounted.group}.${mounted.name}`, mounted] as const))(
  'C54: %s leaves exactly one entry in the audit log of each account it concerns, and an event as it is declared, with no secret in either (ACC-8, HKS-2)',
  async (name, { operation, scopeName, name: operationName, authentication }) => {
    const make = changes[name];
    if (make === undefined) throw new Error(`Say in this file how ${name} succeeds.`);
    const [path, body] = await make();
    const known = new Set((await entries()).map(({ request_id }) => request_id));
    const told = new Set(await eventIds());
    const answer = await served.rest(operation.method, path, {
      ...(authentication === 'none' ? {} : { key: account.key }),
      ...(body === undefined ? {} : { body }),
    });
    expect(answer).toMatchObject({ status: 200 });
    const newlyTold = (await events()).filter(({ id }) => !told.has(id));
    expect(newlyTold.length > 0, 'an event tells of it, or `untold` says why none does').toBe(
      !(name in untold),
    );
    expect(newlyTold.length).toBeLessThanOrEqual(EVENTS_OF_ONE_CHANGE_MAX);
    for (const { type, data } of newlyTold)
      expect(declaredPayloadOf(type)?.safeParse(data), type).toMatchObject({ success: true, data });
    const all = (await entries()).filter(({ request_id }) => !known.has(request_id));
    const others = all.filter(({ account_id }) => account_id === otherId);
    const added = all.filter((entry) => !others.includes(entry));
    expect(others.map(({ actor_id }) => actor_id)).toEqual(
      sharedChanges.includes(name) ? [account.accountId] : [],
    );
    const entry = {
      action: `${scopeName}.${operationName}`,
      actor_id: authentication === 'none' ? 'stranger' : account.keyId,
      request_id: answer.headers.get('x-request-id'),
    };
    expect(added).toMatchObject(Array(concernedCounts[name] ?? 1).fill(entry));
    expect(new Set(added.map(({ account_id }) => account_id)).size).toBe(added.length);
    const { secret = answer.body.callbacks?.[0].secret, token, iceServers, setUpPath } = answer.body;
    const password = iceServers?.[0]?.credential ?? String(token ?? '').split('.')[1];
    const secrets = [secret, password, setUpPath?.split('/').at(-1), 'correct horse'];
    for (const hidden of secrets)
      if (hidden) expect(JSON.stringify([added, newlyTold])).not.toContain(hidden);

    // What sets something finds it set the second time. What only acts, as a rotation or a resending, acts again.
    if (operation.method === 'POST' || name in eachTimeAnew) return;
    const saidOnce = [await entries(), await events()].map(({ length }) => length);
    await served.rest(operation.method, path, {
      key: account.key,
      ...(body === undefined ? {} : { body }),
    });
    expect([await entries(), await events()].map(({ length }) => length)).toEqual(saidOnce);
  },
);

test('what is another each time is something that can be done', () => {
  const names = mutations.map(({ group, name }) => `${group}.${name}`);
  expect(Object.keys(eachTimeAnew).filter((name) => !names.includes(name))).toEqual([]);
});

test('what no event tells of is something that can be done, and is told to nobody', () => {
  const names = mutations.map(({ group, name }) => `${group}.${name}`);
  expect(Object.keys(untold).filter((name) => !names.includes(name))).toEqual([]);
});

test('who sets what is set already, or only tries what might be set, has changed nothing, and no log says that they did (ACC-8)', async () => {
  const path = `/v1/accounts/${childId}/policy`;
  const word = { sessionSecondsMax: 600, overridable: { sessionSecondsMax: 900 }, locked: ['regions'] };
  const send = async (method: string, at: string, body: object) =>
    expect(await served.rest(method, at, { key: account.key, body })).toMatchObject({ status: 200 });
  await send('PUT', path, word);
  const known = (await entries()).length;
  const told = (await eventIds()).length;
  await send('PUT', path, word);
  await send('POST', `${path}/simulations`, { regions: ['local'] });
  const month = new Date().toISOString().slice(0, 7);
  const prices = { currency: 'EUR', period: month, services: { 'network-discovery': price.prices } };
  await send('POST', `/v1/accounts/${account.accountId}/prices/simulations`, prices);
  expect([(await entries()).length, (await eventIds()).length]).toEqual([known, told]);
  await send('PUT', path, { sessionSecondsMax: 600 });
  expect((await entries()).length).toBe(known + 1);
});
