import path from 'node:path';
import { freePort } from '@patchbay/adapters/postgres/free-port';
import { ManagedProcess } from '@patchbay/adapters/processes/managed-process';
import { setUpPathOf } from '@patchbay/domain/tenancy/team';
import { environment } from '../env.ts';
import { Refusal } from '../refusal.ts';
import type { Settings } from '../settings.ts';
import { type Addresses, addressesOf, type Ports } from './addresses.ts';
import { claimDataFolder } from './claim.ts';
import { type DataFolder, openDataFolder, readDevEnv, readMasterKey, writeDevEnv } from './data-folder.ts';
import { openDatabase } from './database.ts';
import { type FirstStart, prepareDatabase } from './first-start.ts';
import { untilHealthy } from './health.ts';
import { inheritedBy } from './inherited.ts';
import { LogFile } from './log-file.ts';
import { assertBuilt, controlPlane, mediaNode, type Part, sampleCall } from './parts.ts';
import { choosePort, refuseForeignHost } from './ports.ts';
import type { Progress } from './progress.ts';
import { storageRegionsOf } from './storage-regions.ts';

const healthyMsMax = 60_000;
/** Roles upload their last records while the control plane still listens. */
const stopMsMax = 14_000;
/** A part that fails so often before the first health is broken, not unlucky. */
const crashCountMax = 4;

export interface UpOptions {
  readonly settings: Settings;
  readonly progress: Progress;
  /** Something that cannot be mended ended: stop, and say it. */
  readonly onFailure: (reason: string) => void;
}

export interface Platform {
  readonly addresses: Addresses;
  readonly folder: DataFolder;
  readonly devEnv: Readonly<Record<string, string>>;
  readonly allowLoopbackPeers: boolean;
  /** For the owner of a platform that is not on loopback, as long as there is none. */
  readonly setUpUrl: string | undefined;
  /** Ends all parts in order: what counts last, the control plane that takes it, the database. */
  stop(): Promise<void>;
}

async function choosePorts(settings: Settings, host: string): Promise<Ports> {
  return {
    port: await choosePort({ name: 'port', transport: 'tcp', host, set: settings.port, preferred: 3_000 }),
    turnPort: await choosePort({
      name: 'turnPort',
      transport: 'udp',
      host,
      set: settings.turnPort,
      preferred: 3_478,
    }),
    signalPort: await choosePort({ name: 'signalPort', transport: 'tcp', host, set: settings.signalPort }),
    // Of no use to a person. Chosen here, so that signaling has it again when it is started again.
    linkPort: await freePort(host),
    samplePort: await choosePort({ name: 'samplePort', transport: 'tcp', host, set: settings.samplePort }),
  };
}

/** Programs of the platform, in the order in which they were started. */
class Parts {
  readonly #options: UpOptions;
  readonly #folder: DataFolder;
  readonly #running: { readonly process: ManagedProcess; readonly log: LogFile }[] = [];
  readonly broken = new AbortController();
  #isHealthy = false;

  constructor(options: UpOptions, folder: DataFolder) {
    this.#options = options;
    this.#folder = folder;
  }

  start(part: Part): void {
    const { name, args, cwd, env } = part;
    const log = new LogFile(path.join(this.#folder.logs, `${name.replaceAll(' ', '-')}.log`));
    let crashCount = 0;
    const started = new ManagedProcess({
      name,
      args,
      cwd,
      env: { ...inheritedBy(part, environment), ...env },
      onOutput: (chunk) => log.write(chunk),
      onCrash: ({ how }) => {
        crashCount += 1;
        if (this.#isHealthy) this.#options.progress.warn(`The ${name} ended (${how}); it is started again.`);
        else if (crashCount >= crashCountMax) {
          this.broken.abort(
            new Refusal(`The ${name} does not start (${how}). It said:\n${started.lastLines}`),
          );
        }
      },
    });
    this.#running.push({ process: started, log });
  }

  becameHealthy(): void {
    this.#isHealthy = true;
  }

  async stop(): Promise<void> {
    for (const { process: each, log } of this.#running.splice(0).reverse()) {
      await each.stop(stopMsMax);
      log.close();
    }
  }
}

/** The variables for SDK and CLI. The key and the password of the demo are among them where there is a demo. */
function devEnvOf(addresses: Addresses, demo: FirstStart['demo']): Readonly<Record<string, string>> {
  const account =
    demo === undefined
      ? {}
      : {
          PATCHBAY_ACCOUNT: demo.accountId,
          PATCHBAY_KEY: demo.secret,
          PATCHBAY_EMAIL: demo.email,
          PATCHBAY_PASSWORD: demo.password,
        };
  return {
    ...account,
    PATCHBAY_URL: addresses.url,
    PATCHBAY_SIGNAL_URL: addresses.signalUrl,
    PATCHBAY_TURN_URL: addresses.turnUrl,
    PATCHBAY_SAMPLE_URL: addresses.sampleUrl,
  };
}

function knownDemo({ devEnv }: DataFolder): { secret?: string; password?: string } {
  const { PATCHBAY_KEY: secret, PATCHBAY_PASSWORD: password } = readDevEnv(devEnv);
  return { ...(secret === undefined ? {} : { secret }), ...(password === undefined ? {} : { password }) };
}

/** Starts all of the platform on this machine and resolves when every role is up (OPS-1). */
export async function startPlatform(options: UpOptions): Promise<Platform> {
  const { settings, progress, onFailure } = options;
  assertBuilt();
  const host = settings.host ?? '127.0.0.1';
  await refuseForeignHost(host);
  const folder = openDataFolder(settings.data ?? '.patchbay');
  const release = claimDataFolder(folder.root);
  const parts = new Parts(options, folder);
  let stopDatabase = async (): Promise<void> => {};
  const stop = async (): Promise<void> => {
    await parts.stop();
    await stopDatabase();
    release();
  };
  try {
    const ports = await choosePorts(settings, host);
    const addresses = addressesOf(host, ports);
    const { databaseUrl: given, databaseMigrationUrl: migrationUrl } = settings;
    const databaseOptions = { folder, databaseUrl: given, migrationUrl, progress, onLost: onFailure };
    const database = await openDatabase(databaseOptions);
    stopDatabase = database.stop;
    const masterKey = readMasterKey(folder, settings.masterKey);
    const region = settings.region ?? 'local';
    const { isLocal } = addresses;
    const base = { databaseUrl: database.url, masterKey, region };
    const partOptions = {
      ...base,
      storageRegions: storageRegionsOf(settings, region),
      folder,
      addresses,
      ports,
      allowLoopbackPeers: settings.allowLoopbackPeers ?? isLocal,
      relayHostOtherFamily: settings.relayHostOtherFamily,
      requestsPerMinuteMax: settings.requestsPerMinuteMax,
      countryTable: settings.countryTable,
    };
    // It takes longest to start, and needs only the tables.
    parts.start(controlPlane(partOptions));
    const first = await progress.step('accounts', () =>
      prepareDatabase({ ...base, isLocal, known: knownDemo(folder) }),
    );
    const devEnv = devEnvOf(addresses, first.demo);
    if (isLocal) writeDevEnv(folder, devEnv);
    parts.start(mediaNode(partOptions, first.joinTokens));
    if (isLocal) parts.start(sampleCall(devEnv, ports, host));
    await progress.step('control plane, relay, signaling, media and jobs', () =>
      untilHealthy({ url: addresses.url, limitMs: healthyMsMax, signal: parts.broken.signal }),
    );
    parts.becameHealthy();
    const setUpUrl =
      first.ownerToken === undefined ? undefined : `${addresses.url}${setUpPathOf(first.ownerToken)}`;
    const { allowLoopbackPeers } = partOptions;
    return { addresses, folder, devEnv, allowLoopbackPeers, setUpUrl, stop };
  } catch (error) {
    await stop();
    if (error instanceof Refusal) throw error;
    throw new Refusal(
      `The platform did not start: ${error instanceof Error ? error.message : error}\nIts logs are in ${folder.logs}`,
    );
  }
}
