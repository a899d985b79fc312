/** The only wiring of the control plane: what implements which port, once for each process. */

import { billingStore, chainPricesUnder } from '@patchbay/adapters/billing/billing-store';
import { testBooksStore } from '@patchbay/adapters/billing/test-books-store';
import { usedSpansReader } from '@patchbay/adapters/billing/use-spans';
import { createPostgresBus } from '@patchbay/adapters/bus/postgres-bus';
import { countryTableIn } from '@patchbay/adapters/country-file';
import { eventCursors } from '@patchbay/adapters/hooks/event-cursors';
import { credentialTotals, readCredentialTotals } from '@patchbay/adapters/metering/credential-totals';
import { noteIngestLag } from '@patchbay/adapters/metering/ingest-lag-store';
import { sessionUsage } from '@patchbay/adapters/metering/session-totals';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { browserRefusal, issuerRefusal } from '@patchbay/adapters/oidc/issuer-refusal';
import { relyingClient } from '@patchbay/adapters/oidc/relying-client';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { endpointCheck } from '@patchbay/adapters/outgoing/endpoint-check';
import { resolveHost } from '@patchbay/adapters/outgoing/resolve-host';
import { safeFetch } from '@patchbay/adapters/outgoing/safe-fetch';
import { textRecords } from '@patchbay/adapters/outgoing/text-records';
import {
  createApplicationPool,
  jobLimits,
  requestLimits,
} from '@patchbay/adapters/postgres/application-pool';
import { keptAtEnd } from '@patchbay/adapters/postgres/at-once';
import { listJobRuns } from '@patchbay/adapters/postgres/job-runs';
import { allowListStore, serviceAccessStore } from '@patchbay/adapters/prisma/access-store';
import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { auditStore } from '@patchbay/adapters/prisma/audit-store';
import { billingPeople } from '@patchbay/adapters/prisma/billing-people';
import { brandStore, shownBrands } from '@patchbay/adapters/prisma/brand-store';
import { callbackStore } from '@patchbay/adapters/prisma/callback-store';
import { openClient } from '@patchbay/adapters/prisma/client';
import { credentialEnds } from '@patchbay/adapters/prisma/credential-ends';
import { credentialStore } from '@patchbay/adapters/prisma/credential-store';
import { decisionStore } from '@patchbay/adapters/prisma/decision-store';
import { emailLinks } from '@patchbay/adapters/prisma/email-links';
import { tellOfEndingCertificates } from '@patchbay/adapters/prisma/ending-certificates';
import { endpointNotices } from '@patchbay/adapters/prisma/endpoint-notices';
import { endpointSettings } from '@patchbay/adapters/prisma/endpoint-settings';
import { endpointStore, endpointTransferStore } from '@patchbay/adapters/prisma/endpoint-store';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { fleetStore } from '@patchbay/adapters/prisma/fleet-store';
import { flowStore } from '@patchbay/adapters/prisma/flow-store';
import { idempotencyStore, isTakenOver, prune } from '@patchbay/adapters/prisma/idempotency-store';
import { keyStore } from '@patchbay/adapters/prisma/key-store';
import { mintBranchCipher, readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { minting, NoMintingKeyError } from '@patchbay/adapters/prisma/minting';
import { movedRules } from '@patchbay/adapters/prisma/moved-rules';
import { ownProofs } from '@patchbay/adapters/prisma/own-proof';
import { passkeys } from '@patchbay/adapters/prisma/passkeys';
import { pastRequests } from '@patchbay/adapters/prisma/past-requests';
import { accountsWithin } from '@patchbay/adapters/prisma/people-store';
import { policyClaims } from '@patchbay/adapters/prisma/policy-claims';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { recheckProofs } from '@patchbay/adapters/prisma/proof-rechecks';
import { relaysMet } from '@patchbay/adapters/prisma/relays-met';
import { type Drawing, drawRequests, forgetRequestRates } from '@patchbay/adapters/prisma/request-rate';
import { samlKeyStore } from '@patchbay/adapters/prisma/saml-keys';
import { scimStore, scimTokenStore } from '@patchbay/adapters/prisma/scim-store';
import { secondFactors } from '@patchbay/adapters/prisma/second-factor';
import { findPlatform, topAccounts } from '@patchbay/adapters/prisma/seed';
import { serviceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { eventData, sessionLogData } from '@patchbay/adapters/prisma/service-data';
import { ingestSessionEvents } from '@patchbay/adapters/prisma/session-ingest';
import { sessionStanding } from '@patchbay/adapters/prisma/session-standing';
import { sessionStore } from '@patchbay/adapters/prisma/session-store';
import {
  acceptInvitation,
  readSetUpLink,
  type SetUp,
  useSetUpLink,
} from '@patchbay/adapters/prisma/set-up-links';
import { signIns } from '@patchbay/adapters/prisma/sign-in';
import { snapshots } from '@patchbay/adapters/prisma/snapshots';
import { ssoSignIns } from '@patchbay/adapters/prisma/sso-sign-in';
import { ssoDomainStore, ssoProviderStore } from '@patchbay/adapters/prisma/sso-store';
import { teamAddresses } from '@patchbay/adapters/prisma/team-addresses';
import { tenancyPorts } from '@patchbay/adapters/prisma/tenancy-ports';
import { toldHooks } from '@patchbay/adapters/prisma/told-hooks';
import { triggerCallbacks } from '@patchbay/adapters/prisma/trigger-callbacks';
import { triggerOutbox } from '@patchbay/adapters/prisma/trigger-outbox';
import { readMeasures, triggerStore, triggerTargets } from '@patchbay/adapters/prisma/trigger-store';
import { atomically, atomicallyAgain, inTurn } from '@patchbay/adapters/prisma/unit-of-work';
import { viewOf } from '@patchbay/adapters/prisma/view-store';
import { mailWebhookTroubles } from '@patchbay/adapters/prisma/webhook-mails';
import { deliveryLog, eventLog, replayStore, webhookStore } from '@patchbay/adapters/prisma/webhook-store';
import { erasureStore } from '@patchbay/adapters/privacy/erasure-store';
import { exportLinkSigner, exportStore, openExport } from '@patchbay/adapters/privacy/export-store';
import { lastRound, removeOld, retentionStore } from '@patchbay/adapters/privacy/retention-store';
import { readCertificates } from '@patchbay/adapters/saml/certificates';
import { readMetadata } from '@patchbay/adapters/saml/metadata';
import { metadataFetcher } from '@patchbay/adapters/saml/metadata-fetcher';
import { serviceProvider } from '@patchbay/adapters/saml/service-provider';
import { detectionStore } from '@patchbay/adapters/speech-detection/detection-jobs';
import { balanceStore } from '@patchbay/adapters/spending/balance-store';
import { creditLineStore } from '@patchbay/adapters/spending/credit-line-store';
import { limitStore } from '@patchbay/adapters/spending/limit-store';
import { originAt, PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import type { BrandingPorts } from '@patchbay/domain/branding/ports';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { ingestUsage } from '@patchbay/domain/metering/ingest';
import { meterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { exportData } from '@patchbay/domain/privacy/export-data';
import type { RetentionDefaults } from '@patchbay/domain/privacy/retention';
import { callerAlong } from '@patchbay/domain/tenancy/caller';
import { takenOver } from '@patchbay/faces/answer-once';
import { countableEvents } from '@patchbay/faces/countable-events';
import { eventTypes } from '@patchbay/faces/event-catalogue';
import { isOfOneself, mountedOperations } from '@patchbay/faces/mounted';
import { type OpenApiDocument, openApiDocument } from '@patchbay/faces/openapi';
import { createRestHandler, toResponse } from '@patchbay/faces/rest';
import { createAppRouter, createRequestId } from '@patchbay/faces/trpc';
import { unserved } from '@patchbay/faces/unserved';
import { apiVersionNewest } from '@patchbay/kit/api-version';
import { networkOf } from '@patchbay/kit/cidr';
import { featureNamesOf } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { ServicePorts } from '@patchbay/services/handlers.generated';
import { meterCatalogue as declaredMeters } from '@patchbay/services/meters.generated';
import { services } from '@patchbay/services/registry.generated';
import { pino } from 'pino';
import { errorPageOf } from '../features/error-pages/error-pages.ts';
import { ApiUsage } from './api-usage.ts';
import { auditWork } from './audit-work.ts';
import { aroundPorts, databaseAway, whileDatabaseAnswers, withoutDatabase } from './availability.ts';
import { billingPorts, collecting } from './billing-ports.ts';
import { brandRelays } from './brand-relays.ts';
import { type NamedDelivery, runDelivery } from './callback-runs.ts';
import { channelWork } from './channel-work.ts';
import { CredentialEndsWork } from './credential-ends-work.ts';
import { principalOfCredential } from './credential-principal.ts';
import { credentialStanding } from './credential-standing.ts';
import { dataPlaces, type ServingIn, signalUrlIn } from './data-places.ts';
import { connectionCounts } from './database-connections.ts';
import { databasePing } from './database-ping.ts';
import { type ControlPlaneEnv, readEnv } from './env.ts';
import { rootOf } from './failure-log.ts';
import { IngestLag } from './ingest-lag.ts';
import { JobRunner } from './job-runner.ts';
import { platformJobs } from './jobs.ts';
import { addressLists, listingPorts } from './listed-addresses.ts';
import { logicWork } from './logic-work.ts';
import { mailWork } from './mail-work.ts';
import { moneyWork } from './money-work.ts';
import { NodeAuthentication } from './node-authentication.ts';
import { noticeWork } from './notice-work.ts';
import { ownSignIn } from './own-sign-in.ts';
import { createPlatform } from './platform.ts';
import { presenceWork } from './presence-work.ts';
import { PRIVACY_ASK_MS, privacyJobs, tellOfFailedExport } from './privacy-jobs.ts';
import type { Rate } from './rate-limiter.ts';
import { RefusedRequests } from './refused-requests.ts';
import { relyingPartyAt } from './relying-party.ts';
import { requestCounters } from './request-counters.ts';
import { type RequestHost, RequestHosts, unknownHost } from './request-host.ts';
import { roomWork } from './room-work.ts';
import { sealedAnswers } from './sealed-answers.ts';
import { sealedCursors } from './sealed-cursors.ts';
import { sessionOrders } from './session-orders.ts';
import { SharedRate, SharedRates } from './shared-rates.ts';
import { signInSessionOf } from './sign-in-session.ts';
import { controlPlaneSoftware } from './software.ts';
import { speechWork } from './speech-work.ts';
import { spendingWork } from './spending-work.ts';
import { spentNow } from './spent-now.ts';
import { storedMedia } from './stored-media.ts';
import { uploadingServices, uploadTaker } from './take-upload.ts';
import { transcodingWork } from './transcoding-work.ts';
import { policyChanged, TriggerActions } from './trigger-actions.ts';
import { usageWatch } from './usage-watch.ts';
import { verificationWork } from './verification-work.ts';

export type ControlPlane = ReturnType<typeof compose>;

/** What is outside of the platform, and not the same everywhere. */
interface World {
  readonly names: BrandingPorts['names'];
  readonly resolve: typeof resolveHost;
}

/** Builds everything from its settings. Nothing connects before it is used, but the bus, which listens at once. */
export function compose(env: ControlPlaneEnv, world: Partial<World> = {}) {
  const log = pino({ level: env.PATCHBAY_LOG_LEVEL, base: { role: 'control-plane' } });
  const prisma = openClient(env.DATABASE_URL, { connectionsMax: connectionCounts.accounts });
  const onLost = (error: Error) => log.warn({ error: error.message }, 'A database connection was lost.');
  const pool = createApplicationPool(env.DATABASE_URL, onLost, {
    ...requestLimits,
    connectionCountMax: connectionCounts.usage,
  });
  const jobPool = createApplicationPool(env.DATABASE_URL, onLost, {
    ...jobLimits,
    connectionCountMax: connectionCounts.tasks,
  });
  const privacyPool = createApplicationPool(env.DATABASE_URL, onLost, {
    ...jobLimits,
    connectionCountMax: connectionCounts.exports,
  });
  const cipher = mintBranchCipher(readMasterKey(env.PATCHBAY_MASTER_KEY));
  const links = exportLinkSigner(readMasterKey(env.PATCHBAY_MASTER_KEY));
  const bus = createPostgresBus({
    pool,
    databaseUrl: env.DATABASE_URL,
    onError: (error) => log.warn({ error: error.message }, 'The bus lost the database.'),
  });
  const database = databasePing(env.DATABASE_URL);
  /** Of whoever waits for the database: in under 2 seconds there is an answer, or a refusal that says why. */
  const inTime = {
    translate: withoutDatabase,
    wait: (work: Promise<unknown>) => whileDatabaseAnswers(work, () => database.ping()),
  };
  const drawing = aroundPorts(
    { draw: (drawings: readonly Drawing[]) => drawRequests(prisma, drawings) },
    inTime,
  );
  const rates = new SharedRates(drawing.draw);
  const rateOf = (name: string, rate: Rate) => new SharedRate(rates, name, rate);
  const nowMs = () => Date.now();
  /** What works in batches stops behind the one that it is at. */
  const closing = new AbortController();
  const isStopped = () => closing.signal.aborted;
  const catalogue = meterCatalogue(declaredMeters);
  const serviceNames = Object.values(services).map(({ name }) => name);
  const featureNames = Object.values(services).flatMap(featureNamesOf);
  const countries = countryTableIn(env.PATCHBAY_COUNTRY_TABLE);
  const usage = usageStore(pool);
  let platformId: string | undefined;
  // It is made once, and stays.
  const platformAccount = async () => (platformId ??= await findPlatform(prisma));
  const collection = collecting({ env, pool, cipher, nowMs, platformAccount });
  const { booksOf, aheadMsOf, rail, isTest, railFor, collector } = collection;
  const billing = billingStore({ pool, catalogue, nowMs, aheadMsOf });
  const keys = keyStore(prisma, cipher);
  const fleet = fleetStore(prisma);
  const nodeSnapshots = snapshots(prisma, cipher);
  /** The dashboard as an account's clients may know it: at the host of its brand, or of the nearest one above that has a host. */
  const originOf = async (accountId: string) => {
    const brands = shownBrands(prisma);
    let brand = (await brands.of(accountId)) ?? (await brands.above(accountId));
    while (brand !== undefined && brand.host === undefined) brand = await brands.above(brand.accountId);
    return originAt(env.PATCHBAY_URL, brand?.host);
  };
  const credentials = credentialStore(prisma);
  const minted = minting(prisma, cipher);
  const mint: ServicePorts['signaling']['minting'] = {
    mint: (input) =>
      minted.mint(input).catch((error: unknown) => {
        if (error instanceof NoMintingKeyError) return undefined;
        throw error;
      }),
  };
  const placement = {
    relayUrls: brandRelays({
      met: (accountId) => relaysMet(prisma, accountId),
      resolve: world.resolve ?? resolveHost,
      nowMs,
    }),
    signalUrl: ({ regions }: ServingIn = {}) => signalUrlIn(fleet, regions),
  };
  const ingestLag = new IngestLag({
    note: (counts) => noteIngestLag(pool, counts),
    nowMs,
    onFailure: (error) => log.warn({ error: rootOf(error) }, 'How late usage is counted was not noted.'),
  });
  const ingest = async (records: readonly UsageRecord[]) => {
    const receipt = await ingestUsage(records, { usage, catalogue, nowMs });
    if (receipt.freshCount > 0) ingestLag.counted(records);
    return receipt;
  };
  const apiUsage = new ApiUsage({
    dataFolder: env.PATCHBAY_DATA,
    region: env.PATCHBAY_REGION,
    ingest,
    noteSource: (source) => fleet.noteSoftware({ ...source, software: controlPlaneSoftware }),
    onFailure: (error, message) => log.warn({ error: rootOf(error) }, message),
  });

  const decisions = decisionStore(prisma);
  const refusedRequests = new RefusedRequests({
    keep: (accountId, refused) => decisions.keep(accountId, refused),
    onFailure: (error) => log.warn({ error: rootOf(error) }, 'Refused requests were not kept.'),
  });
  const chainOf = (accountId: string) => accountChain(prisma, accountId);

  const mailing = mailWork({ env, prisma, cipher, nowMs, log });
  const { mails } = mailing;
  /** Where nobody else reaches the machine, none is. */
  const proof = { isProofAsked: !mailing.isOutboxOpen };
  const factors = secondFactors(prisma, { cipher, ...proof });
  const teamMails = {
    isAvailable: mailing.route !== 'none',
    isOfTeam: teamAddresses(prisma, proof),
  };
  const keysOfPeople = passkeys(prisma, { mails, ...proof });
  const people = signIns(prisma, {
    factors,
    passkeys: keysOfPeople,
    mails,
    onFailure: (error) => log.error({ error: rootOf(error) }, 'Tries to sign in were not noted.'),
  });
  const signInLimiter = byNetwork(rateOf('sign-ins', atOnceAsAMinute(env.PATCHBAY_SIGN_INS_PER_MINUTE_MAX)));
  const proofs = ownProofs(prisma, { factors, passkeys: keysOfPeople, mails });
  const mailedLinks = emailLinks(prisma, mails);
  const names =
    world.names === undefined
      ? textRecords(env.PATCHBAY_DNS_SERVERS)
      : { ...world.names, answerAt: world.names.textsAt };
  const urlOf = (path: string, baseUrl = env.PATCHBAY_URL) => new URL(path, baseUrl).href;
  const outgoing = new AddressRule({ allowLoopback: env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1' });
  const fetchSafely = safeFetch({ rule: outgoing });
  const fetchMetadata = metadataFetcher(fetchSafely);
  const sso = ssoSignIns(prisma, {
    cipher,
    client: relyingClient({
      fetch: fetchSafely,
      isInsecureAllowed: (url) => outgoing.isOwnMachine(url),
      nowMs,
    }),
    saml: { client: serviceProvider({ nowMs }), fetchMetadata },
  });
  const logic = logicWork({
    prisma,
    cipher,
    addresses: { rule: outgoing, ...(world.resolve === undefined ? {} : { resolve: world.resolve }) },
    applications: { find: (application) => tenancy.applications.find(application) },
    changed: (accountId) => bus.publish({ type: 'account.changed', accountId }),
    billing,
    catalogue,
    recordUsage: (usedBy, use) => apiUsage.record(usedBy, use),
    chainOf,
    isTest,
    nowMs,
  });
  const policies = policyStore(prisma);
  const watchedUsage = usageWatch({
    policies,
    chainOf,
    usage,
    nowMs,
    spansOf: usedSpansReader(pool, booksOf),
  });
  const places = dataPlaces({ env, fleet, policies, chainOf });
  const configs = serviceConfigStore(prisma);
  // Of the machines' own time, by which nodes tell what is stale.
  const orders = sessionOrders({ bus, nowMs: Date.now });
  const rooms = roomWork({
    prisma,
    pool,
    bus,
    nowMs: Date.now,
    snapshotOf: (accountId) => nodeSnapshots.accountSnapshot(accountId),
  });
  const channels = channelWork({
    prisma,
    publish: (message) => bus.publish(message),
    configs,
    chainOf,
    onFailure: (error, message) => log.warn({ error: rootOf(error) }, message),
    nowMs,
  });
  const notices = noticeWork({
    ...{ prisma, pool, cipher, masterKey: env.PATCHBAY_MASTER_KEY, channels: channels.ports, mails },
    request: { rule: outgoing, ...(world.resolve === undefined ? {} : { resolve: world.resolve }) },
    originOf,
    chainOf,
    recordUsage: (usedBy, use) => apiUsage.record(usedBy, use),
    onFailure: (error, message) => log.warn({ error: rootOf(error) }, message),
    nowMs,
  });
  const presence = presenceWork({
    prisma,
    publish: (message) => bus.publish(message),
    configs,
    chainOf,
    onFailure: (error, message) => log.warn({ error: rootOf(error) }, message),
    nowMs,
  });
  const tenancy = tenancyPorts(prisma, {
    cipher,
    catalogue: keyableOperations(),
    mails,
    ...proof,
    movedRules: movedRules({
      policies,
      configs,
      billing,
      chainPricesUnder: (place) => chainPricesUnder(pool, place),
      brands: shownBrands(prisma),
      catalogue,
      services: Object.values(services),
    }),
  });
  const media = storedMedia({ env, pool, urlOf });
  const speech = speechWork({ pool, media });
  const transcoding = transcodingWork({ pool, media });
  const detections = detectionStore(pool);
  const stores = createPlatform({
    servicePorts: {
      conferencing: rooms.ports,
      presence: presence.ports,
      networkDiscovery: { minting: mint, placement },
      notification: { ...channels.ports, ...notices.ports, minting: mint, placement },
      signaling: { minting: mint, placement },
      speechDetection: { jobs: detections, links: media.links },
      textToSpeech: speech.ports,
      transcoding: transcoding.ports,
    },
    dataKinds: [
      speech.data,
      transcoding.data,
      sessionLogData(prisma),
      eventData(prisma, eventCursors(readMasterKey(env.PATCHBAY_MASTER_KEY))),
      exportData(exportStore(pool)),
    ],
    domainPorts: {
      tenancy,
      access: {
        allowLists: allowListStore(prisma),
        serviceAccess: serviceAccessStore(prisma),
        policies,
        services: Object.values(services).map(({ name, title }) => ({ name, title })),
        ...listingPorts(env, tenancy),
      },
      branding: {
        ...brandStore(prisma),
        names,
        platformHost: new URL(env.PATCHBAY_URL).hostname,
      },
      fleet: {
        nodes: { serving: () => fleet.serving() },
        apiUrlAt: async (within) =>
          originAt(
            env.PATCHBAY_URL,
            within === undefined ? undefined : (await shownBrands(prisma).of(within))?.host,
          ),
      },
      audit: { entries: auditStore(prisma).entries },
      decisions: {
        sessions: sessionStore(prisma),
        log: {
          ...decisions.log,
          // What this process has just refused is found at once.
          listRefused: (page) => refusedRequests.written().then(() => decisions.log.listRefused(page)),
          findRefused: (request) => refusedRequests.written().then(() => decisions.log.findRefused(request)),
        },
        credentials: credentialStanding({
          snapshots: nodeSnapshots,
          credentials,
          consumed: (request) => readCredentialTotals(pool, request),
          spent: (accountId, levels) => spentNow(watchedUsage, spending.store)(accountId, levels),
          nowMs,
        }),
        states: {
          chainOf: async (accountId) =>
            (await chainOf(accountId)).map(({ id, state }) => ({ accountId: id, state })),
        },
        pages: { find: errorPageOf },
      },
      hooks: {
        cursors: eventCursors(readMasterKey(env.PATCHBAY_MASTER_KEY)),
        webhooks: webhookStore(prisma, cipher),
        callbacks: callbackStore(prisma, cipher),
        flows: flowStore(prisma),
        deliveries: deliveryLog(prisma),
        replays: replayStore(prisma),
        events: eventLog(prisma),
        applications: tenancy.applications,
        endpoints: endpointCheck(outgoing),
        catalogue: { eventTypes },
      },
      sessions: {
        sessions: sessionStore(prisma),
        hooks: toldHooks(prisma),
        usage: sessionUsage(pool),
        commands: {
          endSession: async ({ sessionId, code }) =>
            bus.publish({ type: 'session.end', sessionId, code, detail: 'It was ended over the API.' }),
          order: orders.give,
        },
      },
      endpoints: {
        endpoints: endpointStore(prisma),
        transfers: endpointTransferStore(prisma),
        applications: tenancy.applications,
        accounts: { ...tenancy.accounts, chainOf },
        notices: endpointNotices(prisma),
        settings: endpointSettings(prisma, (accountId) =>
          bus.publish({ type: 'account.changed', accountId }),
        ),
      },
      logic: logic.ports,
      metering: { usage, catalogue },
      sso: {
        providers: ssoProviderStore(prisma, cipher),
        samlKeys: samlKeyStore(prisma, cipher),
        domains: ssoDomainStore(prisma),
        scimTokens: scimTokenStore(prisma),
        records: { find: names.textsAt },
        addresses: {
          refusalOf: (issuer) => issuerRefusal(outgoing, issuer),
          browserRefusalOf: (url) => browserRefusal(outgoing, url),
        },
        saml: { readMetadata, readCertificates, fetchMetadata },
        discovery: { probe: sso.probe },
        urlOf,
        tenancy,
      },
      spending: {
        limits: limitStore({ pool, catalogue, nowMs, aheadMsOf }),
        balances: balanceStore({ pool, platformAccount: collector, nowMs, aheadMsOf }),
        creditLines: creditLineStore({ pool, platformAccount: collector }),
        serviceNames,
        catalogue,
        isCollecting: async (accountId) => (await railFor(accountId)) !== undefined,
        hasOwnCollector: collection.hasOwnCollector,
        caller: (chain, actor) => callerAlong(chain, actor, tenancy),
        changed: (accountId) => bus.publish({ type: 'account.changed', accountId }),
      },
      triggers: {
        triggers: triggerStore(prisma),
        targets: {
          ...triggerTargets(prisma),
          changed: (accountId) => bus.publish({ type: 'account.changed', accountId }),
          lifted: (target) => eventStore(prisma).append(policyChanged(target, nowMs())),
        },
        callerAt: async (accountId, actor) =>
          callerAlong(
            (await chainOf(accountId)).map(({ id }) => id),
            actor,
            tenancy,
          ),
        nodes: { find: (nodeId) => fleet.find(nodeId) },
        measures: { read: () => readMeasures(prisma) },
        callbacks: {
          ...triggerCallbacks(prisma, cipher),
          refusalOf: endpointCheck(outgoing).refusalOf,
        },
        mails: teamMails,
        usage,
        catalogue,
        events: countableEvents(),
        serviceNames,
        featureNames,
      },
      policy: {
        policies,
        plans: planStore(prisma),
        past: pastRequests(prisma, usage),
        applications: tenancy.applications,
        serviceNames,
        featureNames,
        countries,
        regionNames: places.regionNames,
        dataPlaces: places.promised,
        caller: (chain, actor) => callerAlong(chain, actor, tenancy),
      },
      privacy: {
        caller: (chain, actor) => callerAlong(chain, actor, tenancy),
        catalogue: tenancy.catalogue,
        places: places.placed,
        retention: {
          words: retentionStore(pool),
          defaults: retentionDefaults(env),
          lastRound: () => lastRound(pool),
        },
        exports: { ...exportStore(pool), sign: links.sign },
        erasures: erasureStore(pool),
      },
      signIn: ownSignIn({
        ...{
          prisma,
          signIns: people,
          proofs,
          passkeys: keysOfPeople,
          factors,
          emailLinks: mailedLinks,
          ...proof,
        },
        isTryAdmitted: async (userId) => !(await signInLimiter.count(userId, nowMs())).isExceeded,
        nameAt: async ({ within, userId }) => {
          const brands = shownBrands(prisma);
          const ofPerson = within === undefined ? await brands.ofUser(userId) : undefined;
          const accountId = within ?? (await platformAccount());
          const brand = ofPerson ?? (accountId === undefined ? undefined : await brands.of(accountId));
          return brand?.name ?? PLATFORM_NAME;
        },
        platformUrl: env.PATCHBAY_URL,
      }),
      testBooks: {
        ...testBooksStore(pool, booksOf),
        changed: (accountId) => bus.publish({ type: 'account.changed', accountId }),
        advanced: () => money.clockAdvanced(),
        nowMs,
      },
      billing: billingPorts({
        ...{ env, pool, prisma, nowMs, billing, catalogue, collection },
        asked: (what) => void money.asked(what),
      }),
    },
    idempotency: sealedAnswers(idempotencyStore(prisma), cipher),
    cursors: sealedCursors(readMasterKey(env.PATCHBAY_MASTER_KEY)),
    keys,
    ofCredential: (token) => principalOfCredential(token, { snapshots: nodeSnapshots, credentials, nowMs }),
    signIns: people,
    chainOf,
    isWithin: async (accountId, topId) => (await accountsWithin(prisma, [accountId], topId)).has(accountId),
    grantsOf: (userId, viewing, within) => tenancy.people.grantsOf(userId, viewing, within),
    viewOf: (signInSessionId) => viewOf(prisma, signInSessionId),
    configs,
    policies,
    auditLog: auditStore(prisma),
    events: eventStore(prisma),
    bus,
    rates,
    countersOf: requestCounters({
      perMinuteMax: env.PATCHBAY_REQUESTS_PER_MINUTE_MAX,
      strangersChanges: atOnceAsAMinute(env.PATCHBAY_SIGN_UPS_PER_MINUTE_MAX),
    }),
    recordUsage: (usedBy, use) => apiUsage.record(usedBy, use),
    noteRefused: (refused) => refusedRequests.note(refused),
    nowMs,
    // For what is live nothing is asked.
    aheadMsOf: async ({ accountId, chain }) =>
      chain[0] === (await platformAccount()) ? 0 : await aheadMsOf(accountId),
    atomically: (work) => atomicallyAgain(prisma, work),
    inTurn: (name) => inTurn(prisma, name),
    keptAtEnd: (work) =>
      keptAtEnd(prisma, work).catch((error: unknown) => {
        if (isTakenOver(error)) throw takenOver();
        throw error;
      }),
  });
  const platform = aroundPorts(stores, inTime);
  const router = createAppRouter(platform);
  const outbox = triggerOutbox(prisma, (firingId, error) =>
    log.error({ firingId, error: rootOf(error) }, 'The action of a trigger failed; it is tried again.'),
  );
  const nameOf = async (accountId: string) => (await tenancy.accounts.find({ accountId }))?.name ?? accountId;
  const triggerActions = new TriggerActions({
    outbox,
    events: eventStore(prisma),
    auditLog: auditStore(prisma),
    chainOf: (accountId) => accountChain(prisma, accountId),
    publish: (message) => bus.publish(message),
    mails: { ...mails, ...teamMails },
    webhooks: webhookStore(prisma, cipher),
    nameOf,
    databaseUrl: env.DATABASE_URL,
    serviceNames,
    featureNames,
    nowMs,
    aheadMsOf,
    log,
  });
  const credentialEndsWork = new CredentialEndsWork({
    ends: credentialEnds(prisma),
    atomically: (work) => atomically(prisma, work),
    publish: (message) => bus.publish(message),
    log,
  });
  const jobs = new JobRunner({
    pool: jobPool,
    log,
    jobs: platformJobs({
      billing: billingStore({ pool: jobPool, catalogue, nowMs, aheadMsOf }),
      usage: usageStore(jobPool),
      deliverMails: mailing.deliver,
      mailWebhookTroubles: () => mailWebhookTroubles(prisma, { mails, ...proof }),
      decisions,
      triggers: outbox,
      retention: {
        prune: async () => (await prune(prisma)) + (await forgetRequestRates(prisma)),
        removeOld: () =>
          removeOld(jobPool, {
            defaults: retentionDefaults(env),
            nowMs: nowMs(),
            isStopped,
          }),
      },
      proofs: {
        async recheck() {
          await tellOfEndingCertificates(prisma, { mails, nowMs });
          return await recheckProofs(prisma, { names, mails, nowMs });
        },
      },
      nowMs,
    }),
  });
  const money = moneyWork({
    databaseUrl: env.DATABASE_URL,
    onLost,
    platformAccount: collector,
    rail,
    ownRails: collection.ownRails,
    testRail: collection.testRail,
    meters: env.STRIPE_METER_EVENTS,
    catalogue,
    onBalanceChanged: (accountId) => bus.publish({ type: 'account.changed', accountId }),
    reminding: {
      serviceNames,
      mails,
      publish: (message) => bus.publish(message),
      atomically: (work) => atomically(prisma, work),
      emit: (accountId, type, data) =>
        eventStore(prisma).append(eventOfHandler({ accountId, type, data, atMs: nowMs() })),
      peopleOf: teamMails.isAvailable ? billingPeople(prisma, proof) : undefined,
      nameOf,
    },
    aheadMsOf,
    isStopped,
    nowMs,
    log,
  });
  const auditing = auditWork({ databaseUrl: env.DATABASE_URL, onLost, prisma, isStopped, nowMs, log });
  const verification = verificationWork({
    ...{ databaseUrl: env.DATABASE_URL, onLost, prisma, catalogue, isStopped, nowMs, log },
    platformAccount: collector,
  });
  const spending = spendingWork({
    databaseUrl: env.DATABASE_URL,
    onLost,
    prisma,
    pool,
    catalogue,
    serviceNames,
    platformAccount: collector,
    topAccounts: () => topAccounts(prisma),
    aheadMsOf,
    policies,
    publish: (message) => bus.publish(message),
    mails,
    isMailAvailable: teamMails.isAvailable,
    ...proof,
    nameOf,
    isStopped,
    nowMs,
    log,
  });
  // Apart from the others, none of which waits for an export: somebody waits for these.
  const privacyWork = new JobRunner({
    pool: privacyPool,
    log,
    askMs: PRIVACY_ASK_MS,
    jobs: privacyJobs({
      pool: privacyPool,
      nowMs,
      isStopped,
      services: Object.values(services),
      notices: {
        atomically: (work) => atomically(prisma, work),
        tell: tellOfFailedExport({ ...tenancy, mails: { ...mails, ...teamMails } }),
      },
    }),
  });
  let document: OpenApiDocument | undefined;
  const brands = aroundPorts(shownBrands(prisma), inTime);
  const hosts = new RequestHosts({
    platformUrl: env.PATCHBAY_URL,
    furtherHosts: env.PATCHBAY_FURTHER_HOSTS,
    find: (host) => brands.accountAt(host),
    nowMs,
  });
  const atPlatform = { title: PLATFORM_NAME, baseUrl: env.PATCHBAY_URL };
  const rest = createRestHandler({
    baseUrl: env.PATCHBAY_URL,
    router,
    unserved: (context, request) => unserved(platform, context, request),
    sessionOf: (request) => signInSessionOf(request, env.PATCHBAY_URL),
    onFailure: (error, requestId) => log.error({ requestId, error: rootOf(error) }, 'A request failed.'),
  });
  return {
    env,
    log,
    pool,
    bus,
    fleet,
    platform,
    router,
    signIns: aroundPorts(people, inTime),
    views: aroundPorts({ of: (signInSessionId: string) => viewOf(prisma, signInSessionId) }, inTime),
    signInLimiter,
    placement: aroundPorts(placement, inTime),
    places: aroundPorts({ servingRegions: places.servingRegions }, inTime),
    /** Undefined where browsers make no passkeys. */
    relyingPartyAt: (place: RequestHost) => relyingPartyAt(place, env.PATCHBAY_URL),
    passkeys: aroundPorts(keysOfPeople, inTime),
    emailLinks: aroundPorts(mailedLinks, inTime),
    resetLimiter: byNetwork(rateOf('resets', atOnceAsAMinute(env.PATCHBAY_SIGN_UPS_PER_MINUTE_MAX))),
    sso: aroundPorts(sso, inTime),
    scim: scimStore(prisma),
    chainOf,
    scimLimiter: rateOf('scim', atOnceAsAMinute(env.PATCHBAY_REQUESTS_PER_MINUTE_MAX)),
    mailRoute: mailing.route,
    outbox: mailing.outbox,
    setUpLinks: aroundPorts(
      {
        read: (token: string) => readSetUpLink(prisma, token),
        use: (setUp: SetUp) => useSetUpLink(prisma, setUp),
        accept: (invitation: Parameters<typeof acceptInvitation>[1]) => acceptInvitation(prisma, invitation),
      },
      inTime,
    ),
    brands,
    hosts,
    platformAccount,
    async rest(request: Request): Promise<Response> {
      const host = await hosts.of(request.headers);
      if (host.kind === 'unknown') throw unknownHost();
      return await rest(request, host.kind === 'brand' ? host : undefined);
    },
    database,
    jobs,
    channels,
    presence,
    noticeWorker: notices.worker,
    takeReceipt: (url: string) => notices.takeReceipt(url),
    privacyWork,
    moneyWork: money.runner,
    spending,
    railNotices: money.notices,
    testRailNotices: money.testNotices,
    railNoticesOf: (collectorId: string) => money.noticesOf(collectorId),
    triggerActions,
    ingestLag,
    credentialEndsWork,
    exports: {
      isSigned: links.isSigned,
      open: (link: Parameters<typeof openExport>[1]) => openExport(pool, link),
      nowMs,
    },
    media: { ...media, nowMs },
    takeUpload: uploadTaker({
      ...{ pool, media, nowMs },
      services: uploadingServices({ transcoding: transcoding.jobs, speechDetection: detections }),
    }),
    jobRuns: () => listJobRuns(pool),
    /**
     * Answers in under 2 seconds while the database is away, whatever the work waits for. Once it is known to be away
     * nothing begins before it answers again: so nothing piles up, however long it takes.
     */
    async answering(work: () => Promise<Response>, headers = new Headers()): Promise<Response> {
      try {
        if (database.isAway)
          await database.ping().catch((cause: unknown) => Promise.reject(databaseAway(cause)));
        return await whileDatabaseAnswers(work(), () => database.ping());
      } catch (cause) {
        const error = withoutDatabase(cause);
        const isOurs = error instanceof ServiceError;
        return toResponse(
          isOurs ? error : platformError('platform.internal', 'The platform failed.', cause),
          { requestId: createRequestId(), baseUrl: hosts.baseUrlAtOnce(headers) },
        );
      }
    },
    /** Made at the first request, not at the start; of each host it is the same but for what it is called and where it is. */
    openApi(at: Readonly<Record<'title' | 'baseUrl', string>> = atPlatform): OpenApiDocument {
      const { title, baseUrl } = at;
      document ??= openApiDocument(router, { version: apiVersionNewest, baseUrl, title });
      return { ...document, info: { ...document.info, title }, servers: [{ url: baseUrl }] };
    },
    nodes: new NodeAuthentication({ find: (nodeId) => fleet.find(nodeId), nowMs }),
    internal: aroundPorts(
      {
        snapshots: nodeSnapshots,
        channels: channels.forNodes,
        presence: presence.forNodes,
        rooms: rooms.forNodes,
        logic: logic.forNodes,
        originOf,
        runDelivery: (delivery: NamedDelivery) =>
          runDelivery({ router, hooks: platform.domainPorts.hooks }, delivery),
        chainOf: (accountId: string) => accountChain(prisma, accountId),
        addresses: addressLists(prisma, nowMs),
        platformAccount: () => findPlatform(prisma),
        credentials,
        consumed: (request: Parameters<typeof credentialTotals>[1]) => credentialTotals(pool, request),
        ingest,
        usageWatch: watchedUsage,
        spentNow: spentNow(watchedUsage, spending.store),
        claims: policyClaims(prisma, policies),
        ends: credentialEnds(prisma),
        spending: spending.store,
        spendingUsed: (records: readonly UsageRecord[]) => spending.watch.used(records),
        noteKeyUse: (used: Parameters<typeof keys.noteUse>[0]) => keys.noteUse(used),
        sessionStanding: (session: Parameters<typeof sessionStanding>[1]) => sessionStanding(prisma, session),
        ingestEvents: (batch: Parameters<typeof ingestSessionEvents>[1]) =>
          ingestSessionEvents(prisma, batch),
      },
      inTime,
    ),
    /** Everything that this process does without being asked. */
    startWork() {
      const runners = [
        jobs,
        privacyWork,
        money.runner,
        verification.runner,
        auditing.runner,
        spending.runner,
      ];
      for (const work of [...runners, triggerActions, credentialEndsWork, notices.worker]) work.start();
    },
    async close() {
      closing.abort();
      await notices.worker.stop();
      await privacyWork.stop();
      await privacyPool.end();
      await money.close();
      await verification.close();
      await auditing.close();
      await spending.close();
      await jobs.stop();
      await refusedRequests.written();
      await apiUsage.stop();
      await triggerActions.stop();
      await ingestLag.flush();
      await channels.settled();
      await presence.settled();
      await credentialEndsWork.stop();
      await orders.stop();
      await rooms.stop();
      await bus.close();
      await database.close();
      await jobPool.end();
      await pool.end();
      await prisma.$disconnect();
    },
  };
}

/** What an operator's settings say where no account does. */
const retentionDefaults = (env: ControlPlaneEnv): RetentionDefaults => ({
  events: env.PATCHBAY_EVENT_RETENTION_DAYS,
  webhookDeliveries: env.PATCHBAY_EVENT_RETENTION_DAYS,
});

const atOnceAsAMinute = (perMinuteMax: number) => ({ perMinuteMax, burstMax: perMinuteMax });

/** A rate of network addresses, whose callers are told apart by the network that an address counts as. */
const byNetwork = (rate: SharedRate) => ({
  count: (address: string, nowMs: number) => rate.count(networkOf(address), nowMs),
});

/** What a key can be made for: everything but what strangers do. */
function keyableOperations() {
  return mountedOperations
    .filter(({ authentication }) => authentication !== 'none')
    .filter((mounted) => !isOfOneself(mounted))
    .map(({ scopeName, name, operation }) => ({
      owner: scopeName,
      operation: name,
      access: operation.access,
      isRead: operation.method === 'GET',
    }));
}

const kept = globalThis as { patchbayControlPlane?: ControlPlane };

/** The one of this process. It outlives the reloading of modules while developing. */
export function controlPlane(): ControlPlane {
  if (kept.patchbayControlPlane === undefined) {
    kept.patchbayControlPlane = compose(readEnv());
    kept.patchbayControlPlane.startWork();
  }
  return kept.patchbayControlPlane;
}
