/** What an account is managed with: its team, applications, plans, organisation, configuration, triggers and webhooks. */
import { createId } from '@patchbay/kit/ids';
import { PatchbayError } from '@patchbay/sdk-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { problemText } from '../problem-text.ts';
import { startFakePlatform } from './fake-platform.testing.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
beforeAll(async () => {
  platform = await startFakePlatform();
});
beforeEach(() => {
  platform.asked.length = 0;
  platform.answers.clear();
  platform.refusals.clear();
});
afterAll(() => platform.stop());

const run = (...args: readonly string[]) => platform.run(...args);
const answer = (request: string, body: unknown) => platform.answers.set(request, body);
/** Of what was asked, the changes. */
const changes = () => platform.asked.filter(({ request }) => !request.startsWith('GET'));

const [userId, roleId] = [createId('usr'), createId('rol')];
const ada = (state = 'active') => ({
  userId,
  name: 'Ada',
  email: 'ada@example.com',
  role: 'developer',
  roleName: 'developer',
  state,
  accountId: platform.accountId,
});
const role = (id: string, name: string) => ({ id, name, isBuiltIn: true, scopes: [], memberCount: 0 });

function answerTeam(...members: readonly object[]): void {
  answer('GET ', { id: platform.accountId });
  answer('GET /team', { items: members });
  answer('GET /roles', { items: [role('admin', 'admin'), role(roleId, 'Support')] });
}

test('team: a role is given by its name, and the link of an invitation is an address', async () => {
  answerTeam(ada('invited'));
  answer('POST /team', { ...ada('invited'), setUpPath: '/set-up/abc', isMailed: false });
  const { stdout, stderr } = await run(
    'team',
    'invite',
    'ada@example.com',
    '--name',
    'Ada',
    '--role',
    'support',
  );
  expect(changes()).toEqual([
    { request: 'POST /team', body: { email: 'ada@example.com', name: 'Ada', role: roleId } },
  ]);
  expect(stdout).toMatch(/invited .*http:\/\/127\.0\.0\.1:\d+\/set-up\/abc/);
  expect(stderr).toContain('more than five invitations a day');
  expect((await run('team', 'list')).stdout).toMatch(/Ada +ada@example\.com +developer +invited/);
  await expect(run('team', 'role', 'ada@example.com', 'king')).rejects.toThrow('There are admin, Support.');
});

test('team: somebody is named by address or id, and one whose role is from above is not touched here', async () => {
  answerTeam(ada());
  answer(`DELETE /team/${userId}`, { userId });
  answer('POST /team', ada());
  await run('team', 'role', 'ADA@example.com', 'admin');
  await run('team', 'remove', userId);
  expect(changes()).toEqual([
    { request: 'POST /team', body: { email: 'ada@example.com', name: 'Ada', role: 'admin' } },
    { request: `DELETE /team/${userId}` },
  ]);
  await expect(run('team', 'resend', userId)).rejects.toThrow('has taken the role');
  answerTeam({ ...ada(), accountId: 'acc_above' });
  await expect(run('team', 'remove', userId)).rejects.toThrow('from acc_above');
  await expect(run('team', 'remove', 'bob@example.com')).rejects.toThrow('Nobody called bob@example.com');
  expect(changes()).toHaveLength(2);
});

test('application: instance types are a list, and nothing is said of what was not named', async () => {
  const made = {
    id: createId('app'),
    name: 'Shop',
    instanceTypes: ['web', 'ios'],
    createdAt: '2026-11-01T00:00:00Z',
  };
  answer('POST /applications', made);
  answer(`PATCH /applications/${made.id}`, made);
  expect((await run('application', 'create', 'Shop', '--instance-types', 'web, ios')).stdout).toMatch(
    /web, ios/,
  );
  await run('application', 'change', made.id, '--instance-types', '');
  await run('application', 'change', made.id, '--name', 'Store', '--json');
  expect(changes().map(({ body }) => body)).toEqual([
    { name: 'Shop', instanceTypes: ['web', 'ios'] },
    { instanceTypes: [] },
    { name: 'Store' },
  ]);
});

test('plan: a change keeps what was not named, and takes away what is to go', async () => {
  const plan = {
    id: createId('pln'),
    name: 'Basic',
    policy: { concurrentSessionsMax: 10, regions: ['eu'], locked: ['regions'] },
    accountCount: 2,
    createdAt: '2026-11-01T00:00:00Z',
  };
  answer(`GET /plans/${plan.id}`, plan);
  answer(`PUT /plans/${plan.id}`, plan);
  await run('plan', 'change', plan.id, '--set', 'concurrentSessionsMax=20', '--unset', 'locked');
  expect(changes()).toEqual([
    {
      request: `PUT /plans/${plan.id}`,
      body: { name: 'Basic', policy: { concurrentSessionsMax: 20, regions: ['eu'] } },
      // Somebody else may have changed it meanwhile.
      ifMatch: 'W/"1"',
    },
  ]);
  await expect(run('plan', 'change', plan.id, '--unset', 'countries')).rejects.toThrow(
    'does not set countries',
  );
  await expect(run('plan', 'change', plan.id, '--unset', 'colour')).rejects.toThrow(
    'no setting called colour',
  );
  answer('PUT /plan', { planId: plan.id, name: 'Basic' });
  await run('plan', 'assign', plan.id, platform.accountId);
  await run('plan', 'unassign', platform.accountId);
  expect(
    changes()
      .slice(1)
      .map(({ body }) => body),
  ).toEqual([{ planId: plan.id }, {}]);
});

test('organisation: everybody is listed with each of their roles', async () => {
  const at = (accountName: string) => ({ accountName, roleName: 'admin', state: 'active' });
  answer('GET /organisation/people', { items: [{ ...ada(), roles: [at('Acme'), at('Branch')] }] });
  answer('PATCH /organisation', { id: createId('org'), name: 'Acme GmbH', accountCount: 2, personCount: 1 });
  expect((await run('organisation', 'people')).stdout).toMatch(/admin +Acme +active\n.*admin +Branch/);
  await run('organisation', 'change', '--name', 'Acme GmbH');
  expect(changes()).toEqual([{ request: 'PATCH /organisation', body: { name: 'Acme GmbH' } }]);
});

test('config: shows which level says what, and changes one field of one level', async () => {
  const [applicationId, endpointId] = [createId('app'), createId('end')];
  const found = {
    stored: { mode: 'relay', tokenTtlSecondsMax: 600 },
    inherited: {},
    effective: { mode: 'relay', tokenTtlSecondsMax: 600, sessionSecondsMax: 60 },
    origins: {
      mode: { level: 'account', accountId: 'acc_1', by: 'above', setById: 'acc_0' },
      tokenTtlSecondsMax: { level: 'default' },
      sessionSecondsMax: { level: 'trigger', triggerId: 'trg_1' },
    },
  };
  for (const place of [
    '',
    `/applications/${applicationId}/instance-types/free`,
    `/endpoints/${endpointId}`,
  ]) {
    answer(`GET ${place}/services/signaling/config`, found);
    answer(`PUT ${place}/services/signaling/config`, found);
  }
  const { stdout } = await run('config', 'show', 'signaling');
  expect(stdout).toMatch(/mode +relay +relay +account acc_1 by acc_0/);
  expect(stdout).toMatch(/sessionSecondsMax +60 +trigger trg_1/);
  const type = ['--application', applicationId, '--instance-type', 'free'];
  await run('config', 'set', 'signaling', 'session-seconds-max=3600', ...type);
  await run('config', 'unset', 'signaling', 'mode', '--endpoint', endpointId);
  const from = createId('acc');
  await run('config', 'unset', 'signaling', 'mode', '--from', from);
  expect(changes()).toEqual([
    {
      request: `PUT /applications/${applicationId}/instance-types/free/services/signaling/config`,
      body: { mode: 'relay', tokenTtlSecondsMax: 600, sessionSecondsMax: 3_600 },
      ifMatch: 'W/"1"',
    },
    {
      request: `PUT /endpoints/${endpointId}/services/signaling/config`,
      body: { tokenTtlSecondsMax: 600 },
      ifMatch: 'W/"1"',
    },
    {
      request: 'PUT /services/signaling/config',
      body: { tokenTtlSecondsMax: 600, from },
      ifMatch: 'W/"1"',
    },
  ]);
  const changed = { code: 'request.precondition_failed', status: 412, title: 'Changed', retry: 'never' };
  answer('PUT /services/signaling/config', {
    ...changed,
    type: '/docs/errors/x',
    detail: '',
    requestId: 'req_1',
  });
  platform.refusals.set('PUT /services/signaling/config', 412);
  await expect(run('config', 'set', 'signaling', 'mode=relay')).rejects.toThrow(
    'Somebody changed this configuration meanwhile: nothing was set.',
  );
  await expect(run('config', 'show', 'telepathy')).rejects.toThrow(
    'There are conferencing, network-discovery, notification, presence, signaling, speech-detection, text-to-speech, transcoding.',
  );
  await expect(run('config', 'set', 'signaling', 'colour=red')).rejects.toThrow('no field colour');
  await expect(run('config', 'set', 'signaling', 'sessionSecondsMax=long')).rejects.toThrow('takes number');
  await expect(run('config', 'show', 'signaling', '--instance-type', 'free')).rejects.toThrow(
    '--application',
  );
});

test('trigger change: says what was named and nothing else, and shows the secret of a new callback', async () => {
  const trigger = {
    id: createId('trg'),
    name: 'Allowance',
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'threshold', limit: 5 },
    action: { kind: 'callback' },
    value: '1',
    hasFired: false,
    isEnabled: true,
  };
  answer(`PATCH /triggers/${trigger.id}`, { ...trigger, secret: 'whsec_1' });
  answer(`GET /triggers/${trigger.id}`, trigger);
  const url = 'https://example.com/hooks';
  const { stdout } = await run(
    'trigger',
    'change',
    trigger.id,
    '--action',
    'callback',
    '--url',
    url,
    '--hide',
  );
  expect(stdout).toContain('whsec_1');
  await run('trigger', 'change', trigger.id, '--limit', '7');
  await run('trigger', 'change', trigger.id, '--per', 'day', '--endpoint', 'user:bob');
  expect(changes().map(({ body }) => body)).toEqual([
    { action: { kind: 'callback', url }, isShown: false },
    { limit: 7 },
    // In another window it keeps the limit that it has.
    {
      condition: { kind: 'recurring', limit: 5, per: 'day' },
      target: { scope: 'descendants', endpointId: 'user:bob' },
    },
  ]);
  expect((await run('trigger', 'show', trigger.id)).stdout).toMatch(
    /Allowance +network-discovery\.bytes +1 +5 in all/,
  );
  await expect(run('trigger', 'change', trigger.id, '--show', '--hide')).rejects.toThrow('not both');
  await expect(run('trigger', 'change', trigger.id, '--action', 'email')).rejects.toThrow('--to');
  await expect(run('trigger', 'change', trigger.id, '--kbps', '64')).rejects.toThrow('give --action as well');
});

test('webhook: is made, changed, told to, and its secret is shown where it came to be', async () => {
  const webhook = {
    id: createId('whk'),
    url: 'https://example.com/hooks',
    description: '',
    eventTypes: ['signaling.*'],
    scope: 'own',
    batchEventsMax: 1,
    batchWaitMs: 1_000,
    state: 'active',
    health: 'ok',
  };
  const at = `/webhooks/${webhook.id}`;
  answer('POST /webhooks', { ...webhook, secret: 'whsec_1' });
  answer(`POST ${at}/secret`, { ...webhook, secret: 'whsec_2' });
  for (const request of [`GET ${at}`, `PATCH ${at}`, `POST ${at}/tests`, `DELETE ${at}`])
    answer(request, webhook);
  const made = await run('webhook', 'create', webhook.url, '--events', 'signaling.*,triggers.*');
  expect(made.stdout).toMatch(/signaling\.\* +own.*whsec_1/);
  expect((await run('webhook', 'show', webhook.id)).stdout).not.toContain('secret');
  await run('webhook', 'change', webhook.id, '--fallback', 'none');
  await run('webhook', 'disable', webhook.id);
  expect((await run('webhook', 'rotate-secret', webhook.id, '--overlap', '0')).stdout).toContain('whsec_2');
  await run('webhook', 'test', webhook.id);
  await run('webhook', 'remove', webhook.id);
  expect(changes()).toEqual([
    { request: 'POST /webhooks', body: { url: webhook.url, eventTypes: ['signaling.*', 'triggers.*'] } },
    { request: `PATCH ${at}`, body: { fallbackUrl: null } },
    { request: `PATCH ${at}`, body: { state: 'disabled' } },
    { request: `POST ${at}/secret`, body: { overlapSeconds: 0 } },
    { request: `POST ${at}/tests`, body: {} },
    { request: `DELETE ${at}` },
  ]);
  await expect(run('webhook', 'change', webhook.id)).rejects.toThrow('Say what is to change');
});

test('test: the clock is set to a UTC date or a time, and an invoice is paid by nobody', async () => {
  const clock = { accountId: platform.accountId, now: '2027-02-01T00:00:00.000Z', aheadMs: 86_400_000 };
  const month = { period: '2027-01', state: 'closing', accountCount: 4, doneCount: 1, documentCount: 0 };
  answer('POST /test-clock/advance', { ...clock, state: 'closing', months: [month] });
  answer('POST /test-payments', {
    ...{ documentId: createId('doc'), outcome: 'paid', state: 'paid' },
    ...{ paidMinorUnits: '2000', refundedMinorUnits: '0', disputedMinorUnits: '0' },
  });
  const { stdout } = await run('test', 'clock', 'advance', '2027-02-01');
  expect(stdout).toMatch(/2027-02-01T00:00:00\.000Z +1\.0 +closing +2027-01 +1 of 4/);
  await run('test', 'pay', platform.accountId, '2027-01');
  expect(changes()).toEqual([
    { request: 'POST /test-clock/advance', body: { to: '2027-02-01T00:00:00.000Z' } },
    { request: 'POST /test-payments', body: { period: '2027-01', outcome: 'paid' } },
  ]);
  await expect(run('test', 'clock', 'advance', 'tomorrow')).rejects.toThrow('give a UTC date');
});

test('usage, listen: a time zone that there is none of, and an address that no webhook goes to, are refused at once', async () => {
  await expect(run('usage', '--time-zone', 'X/Y')).rejects.toThrow('--time-zone X/Y');
  for (const to of ['ftp://localhost/x', 'file:///etc/x'])
    await expect(run('listen', '--to', to)).rejects.toThrow('http or https');
  expect(platform.asked).toEqual([]);
});

test('key create: says that a key without --scope has all rights', async () => {
  const key = { id: createId('key'), name: 'key', secret: 'pb_live_1', scopes: ['*'] };
  answer('POST /keys', key);
  const whole = await run('key', 'create');
  expect(whole.stdout).toMatch(/\* +pb_live_1/);
  expect(whole.stderr).toContain('all rights of the account: give --scope');
  expect((await run('key', 'create', '--scope', '*')).stderr).toBe('');
});

test('why: says of which account each is, where it lists those of several', async () => {
  const refused = {
    at: '2026-11-29T10:00:00.000Z',
    requestId: 'req_1',
    operation: 'keys.create',
    code: 'auth.scope',
  };
  const other = createId('acc');
  answer('GET /why', { items: [{ ...refused, accountId: platform.accountId }] });
  expect((await run('why')).stdout).not.toContain(platform.accountId);
  answer('GET /why', { items: [platform.accountId, other].map((accountId) => ({ ...refused, accountId })) });
  expect((await run('why')).stdout).toContain(other);
});

test.each(['client.unreachable', 'client.timeout'] as const)(
  '%s: what to do is said, and no page of the platform that does not answer',
  (code) => {
    const helpUrl = `http://down.example/docs/errors/${code}`;
    const error = new PatchbayError({ code, message: 'It could not be reached.', helpUrl });
    for (const json of [true, false]) {
      const said = problemText(error, { json, baseUrl: 'http://down.example' });
      expect(said).toContain('patchbay doctor');
      expect(said).not.toContain('down.example');
    }
  },
);
