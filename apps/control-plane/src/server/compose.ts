/** The only wiring of the control plane: what implements which port, once for each process. */
import { billingStore } from '@patchbay/adapters/billing/billing-store';
import { credentialTotals } from '@patchbay/adapters/metering/credential-totals';
import { sessionUsage } from '@patchbay/adapters/metering/session-totals';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { auditStore } from '@patchbay/adapters/prisma/audit-store';
import { openClient } from '@patchbay/adapters/prisma/client';
import { credentialStore } from '@patchbay/adapters/prisma/credential-store';
import { fleetStore } from '@patchbay/adapters/prisma/fleet-store';
import { idempotencyStore } from '@patchbay/adapters/prisma/idempotency-store';
import { keyStore } from '@patchbay/adapters/prisma/key-store';
import { mintBranchCipher, readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { minting } from '@patchbay/adapters/prisma/minting';
import { serviceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { ingestSessionEvents } from '@patchbay/adapters/prisma/session-ingest';
import { sessionStore } from '@patchbay/adapters/prisma/session-store';
import { readSetUpLink, type SetUp, useSetUpLink } from '@patchbay/adapters/prisma/set-up-links';
import { signIns } from '@patchbay/adapters/prisma/sign-in';
import { snapshots } from '@patchbay/adapters/prisma/snapshots';
import { tenancyPorts } from '@patchbay/adapters/prisma/tenancy-ports';
import { ingestUsage } from '@patchbay/domain/metering/ingest';
import { meterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { callerAlong } from '@patchbay/domain/tenancy/caller';
import { mountedOperations } from '@patchbay/faces/mounted';
import { type OpenApiDocument, openApiDocument } from '@patchbay/faces/openapi';
import { createRestHandler } from '@patchbay/faces/rest';
import { createAppRouter } from '@patchbay/faces/trpc';
import { meterCatalogue as declaredMeters } from '@patchbay/services/meters.generated';
import { Pool } from 'pg';
import { pino } from 'pino';
import { Bus } from './bus.ts';
import { type ControlPlaneEnv, readEnv } from './env.ts';
import { NodeAuthentication } from './node-authentication.ts';
import { createPlatform } from './platform.ts';
import { RateLimiter } from './rate-limiter.ts';
import { recordApiUsage } from './api-usage.ts';

const API_VERSION = '2026-11-24';
const POOL_CONNECTIONS_MAX = 10;

export type ControlPlane = ReturnType<typeof compose>;

/** Builds everything from its settings. Nothing connects before it is used, but the bus, which listens at once. */
export function compose(env: ControlPlaneEnv) {
  const log = pino({ level: env.PATCHBAY_LOG_LEVEL, base: { role: 'control-plane' } });
  const prisma = openClient(env.DATABASE_URL);
  const pool = new Pool({
    connectionString: env.DATABASE_URL,
    max: POOL_CONNECTIONS_MAX,
    connectionTimeoutMillis: 1_500,
    options: '-c role=patchbay_app -c statement_timeout=5000',
  });
  // A connection that breaks while idle is the pool's to replace; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ error: error.message }, 'A database connection was lost.'));
  const cipher = mintBranchCipher(readMasterKey(env.PATCHBAY_MASTER_KEY));
  const bus = new Bus(pool, {
    databaseUrl: env.DATABASE_URL,
    onLost: (error) => log.warn({ error: error.message }, 'The bus lost the database.'),
  });
  const nowMs = () => Date.now();
  const catalogue = meterCatalogue(declaredMeters);
  const usage = usageStore(pool);
  const keys = keyStore(prisma, cipher);
  const fleet = fleetStore(prisma);
  const people = signIns(prisma);
  const mint = minting(prisma, cipher);
  const placement = {
    relayUrls: async () => (await fleet.live({ role: 'relay' })).flatMap(({ urls }) => urls.turn ?? []),
    signalUrl: async () => (await fleet.live({ role: 'signaling' }))[0]?.urls.signal?.[0],
  };
  const ingest = (records: readonly UsageRecord[]) => ingestUsage(records, { usage, catalogue, nowMs });

  const tenancy = tenancyPorts(prisma, { cipher, catalogue: keyableOperations() });
  const platform = createPlatform({
    servicePorts: { networkDiscovery: { minting: mint, placement }, signaling: { minting: mint, placement } },
    domainPorts: {
      tenancy,
      audit: { entries: auditStore(prisma).entries },
      sessions: {
        sessions: sessionStore(prisma),
        usage: sessionUsage(pool),
        commands: {
          endSession: async ({ sessionId, code }) =>
            bus.publish({ type: 'session.end', sessionId, code, detail: 'It was ended over the API.' }),
        },
      },
      metering: { usage },
      billing: {
        billing: billingStore({ pool, catalogue, nowMs }),
        catalogue,
        visibleChain: async (chain, actor) => (await callerAlong(chain, actor, tenancy)).visibleChain,
      },
    },
    idempotency: idempotencyStore(prisma),
    keys,
    signIns: people,
    chainOf: (accountId) => accountChain(prisma, accountId),
    grantsOf: (userId) => tenancy.people.grantsOf(userId),
    configs: serviceConfigStore(prisma),
    auditLog: auditStore(prisma),
    bus,
    limiter: new RateLimiter(env.PATCHBAY_REQUESTS_PER_MINUTE_MAX),
    recordUsage: recordApiUsage(ingest, (error) => log.error({ error }, 'Usage of the API was not counted.')),
    nowMs,
  });
  const router = createAppRouter(platform);
  let document: OpenApiDocument | undefined;
  return {
    env,
    log,
    pool,
    bus,
    fleet,
    platform,
    router,
    signIns: people,
    setUpLinks: {
      read: (token: string) => readSetUpLink(prisma, token),
      use: (setUp: SetUp) => useSetUpLink(prisma, setUp),
    },
    rest: createRestHandler({
      platform,
      router,
      onFailure: (error, requestId) => log.error({ requestId, error: error.message, cause: String(error.cause) }, 'A request failed.'),
    }),
    /** Made at the first request, not at the start. */
    openApi: () => (document ??= openApiDocument(router, { version: API_VERSION, baseUrl: env.PATCHBAY_URL })),
    nodes: new NodeAuthentication({ find: (nodeId) => fleet.find(nodeId), nowMs }),
    internal: {
      snapshots: snapshots(prisma, cipher),
      credentials: credentialStore(prisma),
      consumed: (request: Parameters<typeof credentialTotals>[1]) => credentialTotals(pool, request),
      ingest,
      ingestEvents: (batch: Parameters<typeof ingestSessionEvents>[1]) => ingestSessionEvents(prisma, batch),
    },
    async close() {
      await bus.close();
      await pool.end();
      await prisma.$disconnect();
    },
  };
}

/** What a key can be made for: everything but what strangers do. */
function keyableOperations() {
  return mountedOperations
    .filter(({ authentication }) => authentication !== 'none')
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
  return (kept.patchbayControlPlane ??= compose(readEnv()));
}
