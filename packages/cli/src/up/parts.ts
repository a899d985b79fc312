import { hkdfSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../refusal.ts';
import type { Addresses, Ports } from './addresses.ts';
import type { DataFolder } from './data-folder.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const controlPlaneFolder = path.join(root, 'apps/control-plane/.next/standalone/apps/control-plane');

export const nodeRoles = ['relay', 'signaling', 'media', 'jobs'] as const;
export type NodeRole = (typeof nodeRoles)[number];

/** @throws Refusal when the control plane has not been built yet. */
export function assertBuilt(): void {
  if (!existsSync(path.join(controlPlaneFolder, 'server.js')))
    throw new Refusal(
      'The control plane is not built yet: run npm start, which builds it and starts all of it.',
    );
}

/** A program of the platform: how it is started. */
export interface Part {
  readonly name: string;
  /** It is of the platform: settings of the operator are for it. */
  readonly isOfOperator: boolean;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface PartOptions {
  readonly folder: DataFolder;
  readonly addresses: Addresses;
  readonly ports: Ports;
  readonly databaseUrl: string;
  readonly masterKey: string;
  readonly region: string;
  /** With commas between; none: nobody has said it. */
  readonly storageRegions: string;
  readonly allowLoopbackPeers: boolean;
  readonly relayHostOtherFamily?: string | undefined;
  readonly requestsPerMinuteMax?: number | undefined;
  readonly countryTable?: string | undefined;
}

/** One table for all of them: what the control plane lets be set is what nodes decide by. */
const countriesIn = ({ countryTable }: PartOptions): Readonly<Record<string, string>> =>
  countryTable === undefined ? {} : { PATCHBAY_COUNTRY_TABLE: countryTable };

/** What signs dashboard sessions: derived, so that there is one secret to keep. */
function sessionSecret(masterKey: string): string {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'patchbay dashboard sessions v1', 32)).toString(
    'base64url',
  );
}

export function controlPlane(options: PartOptions): Part {
  const { folder, addresses, ports, databaseUrl, masterKey, allowLoopbackPeers, requestsPerMinuteMax } =
    options;
  return {
    name: 'control plane',
    isOfOperator: true,
    args: ['server.js'],
    cwd: controlPlaneFolder,
    env: {
      HOSTNAME: addresses.host,
      PORT: String(ports.port),
      DATABASE_URL: databaseUrl,
      PATCHBAY_MASTER_KEY: masterKey,
      PATCHBAY_URL: addresses.url,
      PATCHBAY_SIGNAL_URL: addresses.signalUrl,
      PATCHBAY_TURN_URL: addresses.turnUrl,
      PATCHBAY_SAMPLE_URL: addresses.sampleUrl,
      PATCHBAY_FILES: folder.files,
      PATCHBAY_DATA: folder.nodes,
      PATCHBAY_REGION: options.region,
      PATCHBAY_STORAGE_REGIONS: options.storageRegions,
      PATCHBAY_DEV_ENV: folder.devEnv,
      PATCHBAY_ROLES: nodeRoles.join(','),
      PATCHBAY_ALLOW_LOOPBACK_PEERS: allowLoopbackPeers ? '1' : '0',
      ...countriesIn(options),
      ...(requestsPerMinuteMax === undefined
        ? {}
        : { PATCHBAY_REQUESTS_PER_MINUTE_MAX: String(requestsPerMinuteMax) }),
      // Each host that the dashboard has is one to sign in at; which it has, the control plane looks up.
      AUTH_TRUST_HOST: '1',
      NEXTAUTH_SECRET: sessionSecret(masterKey),
    },
  };
}

/** @param joinTokens One for each role, with which it enrols the first time. */
export function mediaNode(options: PartOptions, joinTokens: Readonly<Record<NodeRole, string>>): Part {
  const { folder, addresses, ports, region, allowLoopbackPeers, relayHostOtherFamily } = options;
  const { databaseUrl, masterKey } = options;
  const tokens = Object.entries(joinTokens).map(([role, token]) => [
    `PATCHBAY_JOIN_TOKEN_${role.toUpperCase()}`,
    token,
  ]);
  return {
    name: 'media node',
    isOfOperator: true,
    args: [path.join(root, 'apps/media-node/src/main.ts'), '--roles', nodeRoles.join(',')],
    cwd: root,
    env: {
      PATCHBAY_CONTROL_URL: addresses.url,
      DATABASE_URL: databaseUrl,
      PATCHBAY_MASTER_KEY: masterKey,
      PATCHBAY_DATA: folder.nodes,
      PATCHBAY_FILES: folder.files,
      PATCHBAY_REGION: region,
      // A relayed address has to be one that a packet can come from, which "any" is not.
      PATCHBAY_HOST: addresses.publicAddress,
      PATCHBAY_TURN_PORT: String(ports.turnPort),
      PATCHBAY_SIGNAL_PORT: String(ports.signalPort),
      PATCHBAY_SIGNAL_URL: addresses.signalUrl,
      PATCHBAY_LINK_PORT: String(ports.linkPort),
      // All of it stops at once: there is no other node that calls could go on through.
      PATCHBAY_DRAIN_SECONDS: '0',
      PATCHBAY_ALLOW_LOOPBACK_PEERS: allowLoopbackPeers ? '1' : '0',
      ...countriesIn(options),
      ...(relayHostOtherFamily === undefined
        ? {}
        : { PATCHBAY_RELAY_HOST_OTHER_FAMILY: relayHostOtherFamily }),
      ...Object.fromEntries(tokens),
    },
  };
}

/** The sample has what a customer has: the variables of `dev.env`, and no more. */
export function sampleCall(devEnv: Readonly<Record<string, string>>, ports: Ports, host: string): Part {
  return {
    name: 'sample call',
    isOfOperator: false,
    args: ['server.ts'],
    cwd: path.join(root, 'apps/samples/video-call'),
    env: { ...devEnv, PORT: String(ports.samplePort), HOST: host },
  };
}
