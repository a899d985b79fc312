/** A reseller's account as it looks after a few weeks, for pictures and tests of pages. */
import { billingStore } from '@patchbay/adapters/billing/billing-store';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { nano } from '@patchbay/domain/billing/money';
import { periodAt } from '@patchbay/domain/billing/period';
import { ingestUsage } from '@patchbay/domain/metering/ingest';
import { meterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { createId } from '@patchbay/kit/ids';
import type { Patchbay } from '@patchbay/sdk-node';
import { meterCatalogue as declaredMeters } from '@patchbay/services/meters.generated';
import { Pool } from 'pg';
import { addCollectedTaxes, addDocuments } from './dashboard-documents.ts';
import { addMoney } from './dashboard-money.ts';
import { addPatch } from './dashboard-patch.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface FilledAccount {
  readonly sessionId: string;
  /** Of the application that the account's own sessions and use are of. */
  readonly applicationId: string;
  /** One that is taken, that fails and that is told again. */
  readonly webhookId: string;
  /** One that was used, with settings of its own. */
  readonly endpointId: string;
  /** In which something was said, and somebody is. */
  readonly channel: string;
  readonly room: string;
  /** An invoice that is open. */
  readonly documentId: string;
  /** The dearest line of this month's statement. */
  readonly lineKey: string;
  readonly customerIds: readonly string[];
}

/** Names as long and as short as they come, in a tree three deep below the account. */
const customers = [
  { name: 'Bluebird Health', externalId: 'crm_1042', below: ['Bluebird Berlin', 'Bluebird Kraków'] },
  { name: 'Lakeside Veterinary Telemedicine Cooperative', externalId: 'crm_1077', below: ['North shore'] },
  { name: 'Orchid', externalId: 'crm_1103', below: [] },
  { name: 'Kestrel Support', below: [] },
  { name: 'Maple Tutors', externalId: 'crm_1131', below: [] },
] as const;

/** Fills the account of a key: customers with their own, applications, keys, a team, prices, sessions and usage. */
export async function fillAccount(
  pb: Patchbay,
  { accountId, databaseUrl }: { readonly accountId: string; readonly databaseUrl: string },
): Promise<FilledAccount> {
  const customerIds: string[] = [];
  const childIds: string[] = [];
  for (const { below, ...fields } of customers) {
    const { id } = await pb.accounts.create(accountId, fields);
    customerIds.push(id);
    childIds.push(id);
    for (const name of below) customerIds.push((await pb.accounts.create(id, { name })).id);
  }
  const [first = ''] = customerIds;
  await setPrices(databaseUrl, { accountId, childIds });
  await pb.accounts.update(childIds[3] ?? '', { state: 'suspended' });
  // Wide enough for all that is filled in below.
  await pb.policy.set(accountId, {
    services: [
      'conferencing',
      'network-discovery',
      'notification',
      'presence',
      'signaling',
      'speech-detection',
      'text-to-speech',
      'transcoding',
    ],
    mediaKinds: ['audio', 'video', 'screen'],
    sessionSecondsMax: 14_400,
    concurrentSessionsMax: 500,
    locked: ['mediaKinds'],
    overridable: { concurrentSessionsMax: 2_000 },
  });
  await pb.allowList.set(accountId, {
    keys: [],
    credentials: [
      { network: '0.0.0.0/0', label: 'Anywhere, over IPv4' },
      { network: '::/0', label: 'Anywhere, over IPv6' },
    ],
  });
  await pb.ssoDomains.add(accountId, { domain: 'bluebird-telemedicine.example' });
  await pb.sso.set(accountId, {
    issuer: 'https://login.bluebird-telemedicine.example/realms/everybody',
    clientId: 'patchbay',
    clientSecret: 'of nobody',
    newcomerRole: 'viewer',
    groupRoles: [{ group: 'engineering', role: 'developer' }],
  });
  await pb.services.enable(accountId, {
    service: 'signaling',
    uses: ['audio', 'video', 'screen'],
    sessionsPerDay: 400,
    minutesPerSession: 12,
  });
  const { id: planId } = await pb.plans.create(accountId, {
    name: 'Clinic',
    policy: { concurrentSessionsMax: 50, relayBytesPerMonthMax: 5_000_000_000_000 },
  });
  await pb.plans.assign(first, { planId });
  // Refused: for whoever asks why.
  await pb.policy.set(first, { mediaKinds: ['audio'] }).catch(() => undefined);
  const unknown = accountId.replace('acc_', 'app_');
  await pb.applications.get(accountId, { applicationId: unknown }).catch(() => undefined);
  await pb.triggers.create(accountId, {
    name: 'Monthly allowance of Bluebird',
    counter: { meter: 'network-discovery.bytes' },
    target: { accountId: first },
    condition: { kind: 'recurring', limit: 100_000_000_000, per: 'month' },
    action: { kind: 'throttle', bitsPerSecondMax: 256_000 },
  });
  await pb.triggers.create(accountId, {
    name: 'Calls that lost their node',
    counter: { event: 'signaling.session.ended', where: { code: 'signaling.node_lost' } },
    condition: { kind: 'rate', limit: 3, seconds: 300 },
  });
  await pb.triggers.create(accountId, {
    name: 'First relayed byte',
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'recurring', limit: 1, per: 'month' },
  });
  const applicationIds: string[] = [];
  for (const [name, instanceTypes] of [
    ['Telehealth', ['free', 'paid', 'hospital']],
    ['Classroom', []],
    ['Night support', ['trial']],
  ] as const) {
    const { id } = await pb.applications.create(accountId, { name, instanceTypes: [...instanceTypes] });
    applicationIds.push(id);
  }
  const [applicationId = ''] = applicationIds;
  await pb.triggers.create(accountId, {
    name: 'Trial of the telehealth app',
    counter: { meter: 'network-discovery.bytes' },
    target: { accountId, applicationId },
    condition: { kind: 'recurring', limit: 100_000_000, per: 'month' },
    action: { kind: 'disableFeature', feature: 'signaling.change-media' },
  });
  await pb.signaling.putConfig(accountId, { sessionSecondsMax: 5_400 });
  const ends = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
  await pb.keys.create(accountId, { name: 'Production' });
  await pb.keys.create(accountId, { name: 'Staging', mode: 'test', expiresAt: ends(5) });
  const old = await pb.keys.create(accountId, {
    name: 'Nightly export',
    scopes: ['usage:read', 'statements:read', 'sessions:read'],
    expiresAt: ends(90),
  });
  const lost = await pb.keys.create(accountId, { name: 'Laptop that was lost' });
  await pb.keys.revoke(accountId, { keyId: lost.id });
  await pb.keys.create(first, { name: `Rotated after ${old.name}` });
  for (const [name, email, role] of [
    ['Ada Lovelace', 'ada@bluebird.example', 'admin'],
    ['Grace Brewster Murray Hopper', 'grace.brewster.murray.hopper@lakeside-telemedicine.example', 'billing'],
    ['Li', 'li@orchid.example', 'viewer'],
  ] as const)
    await pb.team.add(accountId, { name, email, role });
  const accountIds = [accountId, ...customerIds];
  const sessionId = await addSessions(databaseUrl, { accountIds, applicationId, count: 40 });
  await addUsage(databaseUrl, { accountIds, applicationId });
  await addRefusedUsage(databaseUrl, accountId);
  await addMoney(pb, { accountId, databaseUrl });
  const webhookId = await addWebhooks(databaseUrl, { accountId, sessionId });
  const endpointId = await addEndpoints(pb, { accountId, applicationId, customerIds });
  const channel = await addChannels(pb, { accountId, databaseUrl });
  await addPresence(pb, { accountId, databaseUrl });
  const room = await addRooms(pb, { accountId, databaseUrl });
  await addSpeech(pb, accountId);
  await addPatch(pb, { accountId, applicationId, databaseUrl });
  await pb.sellers.set(accountId, {
    legalName: 'Northwind Voice GmbH',
    addressLines: ['1 Long Way', '10115 Berlin', 'Germany'],
    country: 'DE',
    taxId: 'DE123456789',
    email: 'invoices@northwind.example',
  });
  const documentId = await addDocuments({ databaseUrl, accountId, childId: first, nowMs: Date.now() });
  await addCollectedTaxes({
    databaseUrl,
    accountId,
    childId: customerIds.at(-1) ?? first,
    nowMs: Date.now(),
  });
  const { lines } = await pb.statements.get(accountId, { period: new Date().toISOString().slice(0, 7) });
  const [dearest] = lines.toSorted((one, other) => Number(BigInt(other.amount) - BigInt(one.amount)));
  const lineKey = dearest?.key ?? '';
  return { sessionId, applicationId, webhookId, endpointId, channel, room, documentId, lineKey, customerIds };
}

/** Texts in one voice and in two; where nobody speaks them, they wait. */
async function addSpeech(pb: Patchbay, accountId: string): Promise<void> {
  const delivery = 'async';
  await pb.textToSpeech.synthesize(accountId, {
    text: 'Your results are in. Please call us back.',
    delivery,
  });
  const second = '<voice name="kal16">This call is recorded.</voice>';
  await pb.textToSpeech.synthesize(accountId, { ssml: `<speak>Welcome. ${second}</speak>`, delivery });
}

/** Channels with messages of each form, and members on whichever node there is. */
async function addChannels(
  pb: Patchbay,
  { accountId, databaseUrl }: { readonly accountId: string; readonly databaseUrl: string },
): Promise<string> {
  const channel = 'consultation:room-7';
  await pb.notification.putNamespace(accountId, {
    namespace: 'consultation',
    publishers: 'anybody',
    historySeconds: 86_400,
  });
  await pb.notification.putNamespace(accountId, { namespace: 'inbox', subscribers: 'named' });
  await pb.notification.publish(accountId, { channel: 'news', data: 'Maintenance tonight at ten.' });
  const said = ['Good morning.', 'The results of your blood test are in. '.repeat(6), 'Thank you!'];
  for (const text of said)
    await pb.notification.publish(accountId, { channel, data: { kind: 'chat', text } });
  await pb.notification.publish(accountId, { channel, base64: 'AQIDBAUGBwgJ' });
  await addNotices(pb, { accountId, databaseUrl });
  await withOwner(databaseUrl, async (pool) => {
    await pool.query(
      `INSERT INTO channel_member (account_id, channel, connection_id, identity, device, node_id, boot)
       SELECT $1, $2, 'con_' || who.identity, who.identity, who.device, n.id, coalesce(n.boot_id, '')
       FROM (VALUES ('dr.anna.hoffmann', 'desktop'), ('patient-20417', 'mobile')) who (identity, device),
         (SELECT * FROM node WHERE 'signaling' = ANY (roles) LIMIT 1) n`,
      [accountId, channel],
    );
    await pool.query(`UPDATE channel_message SET publisher = 'patient-20417' WHERE message_offset = 3`);
  });
  return channel;
}

/** Notices in each state, where somebody is reached, and by whom they go out. */
async function addNotices(
  pb: Patchbay,
  { accountId, databaseUrl }: { readonly accountId: string; readonly databaseUrl: string },
): Promise<void> {
  const webPush = { contact: 'mailto:ops@klinik-am-park.example' };
  await pb.notification.putWay(accountId, { way: 'web-push', webPush });
  const sms = { accountSid: 'AC5f1c', authToken: 'secret', from: '+4930123456' };
  await pb.notification.putWay(accountId, { way: 'sms', sms });
  const identity = 'patient-20417';
  await pb.notification.addSubscription(accountId, {
    ...{ identity, device: 'Firefox on the kitchen table' },
    email: { address: 'patient@example.com' },
  });
  const fcm = { token: 'dLw8Qm2fTz:APA91bH' };
  const { id: subscriptionId } = await pb.notification.addSubscription(accountId, {
    identity,
    device: 'Phone',
    fcm,
  });
  const told = [
    ['waiting', 'Dr. Hoffmann is ready for you', 'Please come to the consultation.'],
    ['read', 'Your prescription can be collected', undefined],
    ['failed', 'Your appointment was moved to Thursday at half past nine in the morning', undefined],
  ] as const;
  for (const [state, title, body] of told) {
    const { id } = await pb.notification.send(accountId, {
      ...{ identity, title, ways: ['fcm'], ttlSeconds: 86_400 },
      ...(body === undefined ? {} : { body }),
    });
    await withOwner(databaseUrl, async (pool) => {
      const due = state === 'waiting' ? "now() + interval '1 day'" : 'NULL';
      await pool.query(
        `UPDATE notice SET state = $2, ways = '{push,email+900}', due_at = ${due} WHERE id = $1`,
        [...[id, state]],
      );
      await pool.query('DELETE FROM notice_delivery WHERE notice_id = $1', [id]);
      if (state === 'waiting') return;
      await pool.query(
        `INSERT INTO notice_delivery (account_id, notice_id, number, step, way, subscription_id, device, state, attempt_count, reason)
         VALUES ($1, $2, 0, 0, 'fcm', $3, 'Phone', $4, $5, $6), ($1, $2, 1, 1, 'email', NULL, NULL, $7, 1, $8)`,
        [
          ...[accountId, id, subscriptionId],
          ...(state === 'failed' ? ['failed', 5, 'status_503'] : ['accepted', 1, null]),
          ...(state === 'failed' ? ['refused', 'emails_per_day'] : ['accepted', null]),
        ],
      );
    });
  }
}

/** Somebody on two devices who says how they are, somebody on one, and somebody who is not there. */
async function addPresence(
  pb: Patchbay,
  { accountId, databaseUrl }: { readonly accountId: string; readonly databaseUrl: string },
): Promise<void> {
  const said = { state: 'busy', note: 'In the ward until ten, then on the phone.' } as const;
  await pb.presence.set(accountId, { identity: 'dr.anna.hoffmann', ...said });
  await pb.presence.set(accountId, { identity: 'dr.li', state: 'away', lastsSeconds: 28_800 });
  await withOwner(databaseUrl, async (pool) => {
    await pool.query(
      `INSERT INTO endpoint_registration (account_id, identity, connection_id, device_id, device_name, device_kind, node_id, boot, since)
       SELECT $1, who.identity, 'con_' || who.device_id, who.device_id, who.device_name, who.kind, n.id, coalesce(n.boot_id, ''), now()
       FROM (VALUES ('dr.anna.hoffmann', 'dev_desk', 'Ward 3', 'desktop'), ('dr.anna.hoffmann', 'dev_phone', NULL, 'mobile'),
           ('patient-20417', 'dev_tablet', 'Tablet', 'tablet')) who (identity, device_id, device_name, kind),
         (SELECT * FROM node WHERE 'signaling' = ANY (roles) LIMIT 1) n`,
      [accountId],
    );
    await pool.query(
      `INSERT INTO identity_presence (account_id, identity, is_online, last_seen_at)
       VALUES ($1, 'patient-20417', true, now()), ($1, 'dr.jansen', false, now() - interval '2 hours')`,
      [accountId],
    );
  });
}

/** A room with people in it, and one that is set for later. */
async function addRooms(
  pb: Patchbay,
  { accountId, databaseUrl }: { readonly accountId: string; readonly databaseUrl: string },
): Promise<string> {
  const room = 'tumour-board';
  const organiser = 'user:dr.anna.hoffmann';
  await pb.conferencing.setRoom(accountId, {
    room,
    organiser,
    hasWaitingRoom: true,
    participantCountMax: 20,
  });
  await pb.conferencing.setRoom(accountId, { room: 'grand-round', startsWith: 'moderator' });
  const nowMs = Date.now();
  const person = (name: string, said: object) => ({
    ...{ legId: createId('leg'), sessionId: createId('ses'), identity: `user:${name}`, role: 'speaker' },
    ...{ standing: 'in', isMuted: false, isHeld: false, joinedAtMs: nowMs - 600_000 },
    ...{ isSpeaking: false, minusDbov: 127, spokeMs: 0, ...said },
  });
  const snapshot = {
    ...{ phase: 'live', startedAtMs: nowMs - 900_000, peakCount: 6 },
    rules: {
      ...{ participantCountMax: 20, startsWith: 'anybody', endsWith: 'last', tones: 'both' },
      ...{ hasWaitingRoom: true, isLocked: false },
    },
    participants: [
      person('dr.anna.hoffmann', { role: 'moderator', isSpeaking: true, minusDbov: 19, spokeMs: 402_000 }),
      person('dr.ben.okafor', { isSpeaking: true, minusDbov: 34, spokeMs: 61_000 }),
      person('radiology.desk.second-floor', { isMuted: true, minusDbov: 52 }),
      person('student-31', { role: 'listener' }),
      person('dr.carla.meyer', { isHeld: true, spokeMs: 12_000 }),
      person('dr.li.wei', { standing: 'waiting' }),
    ],
  };
  await withOwner(databaseUrl, async (pool) => {
    await pool.query(
      `INSERT INTO live_room (account_id, name, node_id, lease_until, snapshot) VALUES ($1, $2, 'nod_x', now() + interval '1 day', $3)`,
      [accountId, room, JSON.stringify(snapshot)],
    );
  });
  return room;
}

/** The endpoint whose page is looked at, as its use names it. */
const shownEndpoint = 'user:dr.anna.hoffmann';

/** Endpoints of each kind: held, on offer, offered to the account, moved and released. */
async function addEndpoints(
  pb: Patchbay,
  {
    accountId,
    applicationId,
    customerIds,
  }: { readonly accountId: string; readonly applicationId: string; readonly customerIds: readonly string[] },
): Promise<string> {
  const [first = '', second = ''] = customerIds;
  const allocate = async (identifier: string, label = '') =>
    (await pb.endpoints.allocate(accountId, { identifier, label, applicationId })).id;
  await allocate('tel:+49 30 901820', 'Hotline');
  await allocate('sip:reception.of-the-northern-region@telehealth.example', 'Reception desk, second floor');
  await allocate('room:morning-round');
  const endpointId = await allocate(shownEndpoint, 'Dr. Anna Hoffmann');
  await pb.signaling.putEndpointConfig(accountId, { endpointId, sessionSecondsMax: 1_800 });
  await pb.signaling.putEndpointCallbacks(accountId, {
    endpointId,
    callbacks: [
      {
        url: 'https://api.telehealth.example/doctors/hoffmann',
        fallbackUrl: 'https://standby.telehealth.example/doctors',
        events: ['session.started', 'session.ended'],
      },
    ],
  });
  const released = await allocate('tel:+442079460018');
  await pb.logic.set(accountId, {
    endpointId,
    url: 'https://api.telehealth.example/calls',
    fallbackUrl: 'https://standby.telehealth.example/calls',
  });
  await pb.endpoints.release(accountId, { endpointId: released });
  const moved = await allocate('tel:+4930901821');
  await pb.endpoints.transfer(accountId, { endpointId: moved, toAccountId: first });
  const offered = await pb.endpoints.allocate(second, { identifier: 'tel:+12015550123' });
  await pb.endpoints.transfer(second, {
    endpointId: offered.id,
    toAccountId: accountId,
    note: 'The old number of the Berlin practice, as agreed with Ms. Hoffmann.',
  });
  return endpointId;
}

/**
 * Webhooks with what became of events at one of them. Nobody is sent anything: these events have their places already, and
 * none of the names is of an event to come. Answers the one with the deliveries.
 */
async function addWebhooks(
  databaseUrl: string,
  { accountId, sessionId }: { readonly accountId: string; readonly sessionId: string },
): Promise<string> {
  const [main, failing, gone] = [createId('whk'), createId('whk'), createId('whk')];
  const nowMs = Date.now();
  const types = ['signaling.session.started', 'signaling.session.connected', 'signaling.session.ended'];
  const events = Array.from({ length: 24 }, (_, index) => {
    const isFresh = index < 2;
    const isRefused = index % 7 === 3;
    return {
      id: createId('evt', nowMs - index * 41_000),
      delivery: createId('dlv', nowMs - index * 41_000),
      type: types[(24 - index) % types.length] ?? '',
      sequence: 24 - index,
      at: new Date(nowMs - index * 41_000).toISOString(),
      state: isFresh ? 'waiting' : isRefused ? 'failed' : 'delivered',
      attempts: isFresh ? index : isRefused ? 8 : 1,
    };
  });
  await withOwner(databaseUrl, async (pool) => {
    await pool.query(
      `INSERT INTO webhook (id, account_id, url, fallback_url, event_types, scope, state, disabled_reason, secret_ciphertext)
       VALUES ($1, $4, 'https://api.telehealth.example/patchbay/hooks', 'https://standby.telehealth.example/hooks',
               '{signaling.session.*,signaling.limit.reached}', 'descendants', 'active', NULL, ''),
              ($2, $4, 'https://billing.telehealth-of-the-northern-region.example/internal/events/patchbay', NULL,
               '{hooks.webhook.failing}', 'own', 'active', NULL, ''),
              ($3, $4, 'https://old.telehealth.example/hooks', NULL, '{hooks.webhook.disabled}', 'own', 'disabled', 'gone', '')`,
      [main, failing, gone, accountId],
    );
    await pool.query(
      `UPDATE webhook_lane SET succeeded_at = CASE WHEN webhook_id = $1 THEN now() END,
         failed_count = CASE WHEN webhook_id = $2 THEN 5 ELSE 0 END,
         failing_since = CASE WHEN webhook_id = $2 THEN now() - interval '3 hours' END WHERE webhook_id IN ($1, $2)`,
      [main, failing],
    );
    await pool.query(
      `WITH placed AS (UPDATE event_place SET position = position + 100 RETURNING position - 100 AS before)
       INSERT INTO platform_event (id, position, account_id, type, at, session_id, session_sequence, data)
       SELECT row->>'id', before + (row->>'sequence')::int, $2, row->>'type', (row->>'at')::timestamptz, $3, (row->>'sequence')::int,
              jsonb_build_object('sessionId', $3::text)
       FROM placed, jsonb_array_elements($1::jsonb) AS row`,
      [JSON.stringify(events), accountId, sessionId],
    );
    await pool.query(
      `INSERT INTO webhook_delivery (id, webhook_id, account_id, event_id, position, session_id, session_sequence, state,
                                     attempt_count, next_attempt_at, created_at, ended_at)
       SELECT row->>'delivery', $2, $3, e.id, e.position, e.session_id, e.session_sequence, row->>'state', (row->>'attempts')::int,
              CASE WHEN row->>'state' = 'waiting' AND row->>'attempts' <> '0' THEN now() + interval '5 minutes' END, e.at,
              CASE WHEN row->>'state' <> 'waiting' THEN e.at + interval '1 second' END
       FROM jsonb_array_elements($1::jsonb) AS row JOIN platform_event e ON e.id = row->>'id'`,
      [JSON.stringify(events), main, accountId],
    );
    await pool.query(
      `INSERT INTO webhook_attempt (delivery_id, number, target, account_id, started_at, status, latency_ms, error, response, url,
                                    request_headers, response_headers)
       SELECT row->>'delivery', number, 'main', $2, (row->>'at')::timestamptz + number * interval '7 seconds',
              CASE WHEN row->>'state' = 'delivered' THEN 200 WHEN number % 2 = 0 THEN 503 END,
              CASE WHEN row->>'state' = 'delivered' THEN 41 WHEN number % 2 = 0 THEN 212 ELSE 15000 END,
              CASE WHEN row->>'state' = 'delivered' THEN NULL WHEN number % 2 = 0 THEN 'status' ELSE 'timeout' END,
              CASE WHEN row->>'state' = 'delivered' THEN '{"ok":true}' WHEN number % 2 = 0 THEN 'upstream connect error' END,
              'https://api.example.com/hooks',
              jsonb_build_object('content-type', 'application/json', 'webhook-id', row->>'id', 'webhook-timestamp',
                extract(epoch FROM (row->>'at')::timestamptz)::bigint::text, 'webhook-signature', 'v1,mZ4kQ0aT…'),
              CASE WHEN row->>'state' = 'delivered' OR number % 2 = 0 THEN '{"content-type": "application/json", "server": "envoy"}'::jsonb END
       FROM jsonb_array_elements($1::jsonb) AS row, generate_series(1, (row->>'attempts')::int) AS number`,
      [JSON.stringify(events), accountId],
    );
  });
  return main;
}

const euro = (amount: number) => nano(BigInt(Math.round(amount * 1e6)) * 1_000n);

/** From the first of the month on, which no request can ask for. The last child pays less than it costs: a subsidy. */
async function setPrices(
  databaseUrl: string,
  { accountId, childIds }: { readonly accountId: string; readonly childIds: readonly string[] },
): Promise<void> {
  const nowMs = Date.now();
  const { fromMs } = periodAt(nowMs);
  const pool = new Pool({ connectionString: databaseUrl, max: 1, options: '-c role=patchbay_app' });
  const store = billingStore({
    pool,
    catalogue: meterCatalogue(declaredMeters),
    nowMs: () => nowMs,
  });
  try {
    for (const childId of childIds)
      await store.setPrices({
        accountId,
        childId,
        service: 'network-discovery',
        currency: 'EUR',
        fromMs,
        prices: [
          { meter: 'bytes', amount: euro(childId === childIds.at(-1) ? 0.03 : 0.4), per: 1_000_000_000n },
          { meter: 'allocationMs', amount: euro(0.002), per: 60_000n },
        ].map(({ meter, amount, per }) => ({
          meter,
          where: {},
          tariff: { kind: 'per-unit' as const, amount, per },
        })),
      });
  } finally {
    await pool.end();
  }
}

interface Traffic {
  readonly accountIds: readonly string[];
  /** Of the first of them. */
  readonly applicationId: string;
}

const identities = ['dr.okafor', 'patient-311', 'marta', 'room-7', 'bob', 'support-desk', 'jürgen'];
const endings = ['signaling.hung_up', 'signaling.hung_up', 'signaling.connection_lost', 'credential.expired'];

/** Sessions of the last day, the newest three of them live. Answers the newest. */
async function addSessions(
  databaseUrl: string,
  { accountIds, applicationId, count }: Traffic & { readonly count: number },
): Promise<string> {
  const nowMs = Date.now();
  const sessions = Array.from({ length: count }, (_, index) => {
    const startedAtMs = nowMs - 60_000 - index * 35 * 60_000;
    return {
      id: createId('ses', startedAtMs),
      account: accountIds[index % accountIds.length] ?? '',
      application: index % accountIds.length === 0 ? applicationId : null,
      isLive: index < 3,
      mode: index % 3 === 1 ? 'p2p' : 'relay',
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: new Date(startedAtMs + (4 + (index % 9)) * 60_000).toISOString(),
      endCode: endings[index % endings.length] ?? '',
      legs: [0, 1].map((leg) => ({
        id: createId('leg', startedAtMs),
        identity: identities[(index + leg * 3) % identities.length] ?? '',
        isSecond: leg === 1,
      })),
    };
  });
  const legs = sessions.flatMap((session) => session.legs.map((leg) => ({ ...leg, session })));
  await withOwner(databaseUrl, async (pool) => {
    await pool.query(
      `INSERT INTO session (id, account_id, application_id, state, mode, region, leg_ids, joined_leg_ids, left_leg_ids, started_at,
                            connected_at, ended_at, end_code)
       SELECT row->>'id', row->>'account', row->>'application', CASE WHEN (row->>'isLive')::boolean THEN 'live' ELSE 'ended' END,
              row->>'mode', 'local', legs, legs, CASE WHEN (row->>'isLive')::boolean THEN '{}' ELSE legs END,
              (row->>'startedAt')::timestamptz, (row->>'startedAt')::timestamptz + interval '1 second',
              CASE WHEN NOT (row->>'isLive')::boolean THEN (row->>'endedAt')::timestamptz END,
              CASE WHEN NOT (row->>'isLive')::boolean THEN row->>'endCode' END
       FROM jsonb_array_elements($1::jsonb) AS row,
            LATERAL (SELECT array_agg(leg->>'id') AS legs FROM jsonb_array_elements(row->'legs') AS leg) AS of_row`,
      [JSON.stringify(sessions)],
    );
    await pool.query(
      `INSERT INTO session_leg (id, session_id, account_id, identity, state, audio, video, muted_video, bits_per_second, joined_at,
                                left_at)
       SELECT row->>'id', row->'session'->>'id', row->'session'->>'account', row->>'identity',
              CASE WHEN live THEN 'joined' ELSE 'left' END, true, true, live AND (row->>'isSecond')::boolean, CASE WHEN live THEN 1480000 END,
              (row->'session'->>'startedAt')::timestamptz,
              CASE WHEN NOT live THEN (row->'session'->>'endedAt')::timestamptz END
       FROM jsonb_array_elements($1::jsonb) AS row,
            LATERAL (SELECT (row->'session'->>'isLive')::boolean AS live) AS of_row`,
      [JSON.stringify(legs)],
    );
  });
  return sessions[0]?.id ?? '';
}

/** Relayed bytes and minutes, hour by hour, of the month so far and at least two days: more by day than by night. */
async function addUsage(databaseUrl: string, { accountIds, applicationId }: Traffic): Promise<void> {
  const nowMs = Date.now();
  const hours = Math.min(24 * 24, Math.max(48, new Date(nowMs).getUTCDate() * 24));
  const path = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'high-video' };
  const records = Array.from({ length: hours * accountIds.length }, (_, index): UsageRecord => {
    const hour = Math.floor(index / accountIds.length);
    const which = index % accountIds.length;
    const toMs = nowMs - hour * HOUR_MS - which * 60_000;
    const load = 1 + Math.sin((new Date(toMs).getUTCHours() / 12) * Math.PI - Math.PI / 2);
    const bytes = Math.round((40_000_000 + 31_000_000 * which) * load + 1_000_000);
    return {
      id: { nodeId: 'nod_pictures', boot: 1, sequence: index + 1 },
      accountId: accountIds[which] ?? '',
      ...(which === 0 ? { applicationId } : {}),
      ...(which === 0 && hour % 3 === 0 ? { endpointId: shownEndpoint } : {}),
      segment: 0,
      service: 'network-discovery',
      region: 'local',
      modality: which % 2 === 0 ? 'video' : 'audio',
      fromMs: toMs - 5_000,
      toMs,
      quantities: [
        { meter: 'bytes', quantity: bytes, dimensions: { ...path, direction: 'in' } },
        { meter: 'bytes', quantity: Math.round(bytes * 0.94), dimensions: { ...path, direction: 'out' } },
        { meter: 'allocationMs', quantity: Math.round(bytes / 300), dimensions: path },
      ],
    };
  });
  await withIngest(databaseUrl, async (ingest) => {
    for (let at = 0; at < records.length; at += 2_000) {
      const { conflicts } = await ingest(records.slice(at, at + 2_000));
      if (conflicts.length > 0) throw new Error(`Usage was refused: ${conflicts[0]?.reason}`);
    }
  });
}

/** What a node reports that no service declares: it is kept, shown, and on no statement. */
async function addRefusedUsage(databaseUrl: string, accountId: string): Promise<void> {
  const toMs = Date.now() - HOUR_MS;
  const refused = ['frames', 'pictures'].map(
    (meter, index): UsageRecord => ({
      id: { nodeId: 'nod_pictures', boot: 2, sequence: index + 1 },
      accountId,
      segment: 0,
      service: 'network-discovery',
      region: 'local',
      modality: 'video',
      fromMs: toMs - 5_000,
      toMs,
      quantities: [{ meter, quantity: 7_200, dimensions: { transport: 'udp' } }],
    }),
  );
  await withIngest(databaseUrl, async (ingest) => {
    const { conflicts } = await ingest(refused);
    if (conflicts.length !== refused.length) throw new Error('Undeclared usage was counted.');
  });
}

async function withIngest(
  databaseUrl: string,
  work: (ingest: (records: readonly UsageRecord[]) => ReturnType<typeof ingestUsage>) => Promise<void>,
): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 2, options: '-c role=patchbay_app' });
  try {
    const ports = {
      usage: usageStore(pool),
      catalogue: meterCatalogue(declaredMeters),
      nowMs: () => Date.now(),
    };
    await work((records) => ingestUsage(records, ports));
  } finally {
    await pool.end();
  }
}

/** Ten thousand of whatever a page lists: accounts in a tree, applications, keys, members, lines of the audit log. */
export async function addManyRows(databaseUrl: string, accountId: string, count = 10_000): Promise<void> {
  const ids = (prefix: 'acc' | 'app' | 'key' | 'usr' | 'aud') =>
    Array.from({ length: count }, (_, index) => createId(prefix, Date.now() - (count - index) * 60_000));
  await withOwner(databaseUrl, async (pool) => {
    // Every hundredth is a parent of the 99 that follow it.
    await pool.query(
      `INSERT INTO account (id, parent_id, root_id, name, external_id, currency)
       SELECT id, CASE WHEN (place - 1) % 100 = 0 THEN $1 ELSE ($2::text[])[place - (place - 1) % 100] END, $1,
              CASE WHEN (place - 1) % 100 = 0 THEN 'Group ' ELSE 'Practice ' END || place, 'crm_' || place, 'EUR'
       FROM unnest($2::text[]) WITH ORDINALITY AS of_row(id, place) ORDER BY place`,
      [accountId, ids('acc')],
    );
    await pool.query(
      `INSERT INTO application (id, account_id, name, instance_types)
       SELECT id, $1, 'Product ' || place, '{free,paid}' FROM unnest($2::text[]) WITH ORDINALITY AS of_row(id, place)`,
      [accountId, ids('app')],
    );
    await pool.query(
      `INSERT INTO api_key (id, account_id, name, display, mode, scopes, api_hash, mint_ciphertext, created_by)
       SELECT id, $1, 'Server ' || place, 'pb_live_038ge1ys5mcj', 'live', '{usage:read}', sha256(id::bytea), '', 'usr_x'
       FROM unnest($2::text[]) WITH ORDINALITY AS of_row(id, place)`,
      [accountId, ids('key')],
    );
    await pool.query(
      `WITH made AS (INSERT INTO app_user (id, email, name)
         SELECT id, 'person' || place || '@example.com', 'Person ' || place
         FROM unnest($2::text[]) WITH ORDINALITY AS of_row(id, place) RETURNING id)
       INSERT INTO role_grant (user_id, account_id, role) SELECT id, $1, 'viewer' FROM made`,
      [accountId, ids('usr')],
    );
    await pool.query(
      `INSERT INTO audit_entry (id, account_id, actor_id, actor_name, action, target, request_id, after, account_path,
                                sequence, previous_hash, hash)
       SELECT id, $1, 'usr_x', 'Ada Lovelace', 'keys.create', id, 'req_x', jsonb_build_object('name', 'Server ' || place),
              ARRAY[$1], 0, '', ''
       FROM unnest($2::text[]) WITH ORDINALITY AS of_row(id, place) ORDER BY place`,
      [accountId, ids('aud')],
    );
    await pool.query('ANALYZE');
  });
}

async function withOwner(databaseUrl: string, work: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}
