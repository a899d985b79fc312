/** A control plane more of a started platform, behind TLS: what browsers do at names that others reach alone. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { selfSignedCertificate } from '@patchbay/adapters/saml/self-signed-certificate';
import { addressesOf } from '../../cli/src/up/addresses.ts';
import { openDataFolder, readDatabaseLogin, readMasterKey } from '../../cli/src/up/data-folder.ts';
import { controlPlane } from '../../cli/src/up/parts.ts';
import { inherited } from './env.ts';
import { freeTcpPort } from './free-port.ts';
import { until } from './until.ts';

const DAY_MS = 24 * 3_600_000;

export interface BehindTls {
  /** Where a host is reached, by whoever takes its name for this machine and its certificate as it is. */
  urlAt(host: string): string;
  stop(): Promise<void>;
}

/** @param host the platform's own. */
export async function startBehindTls(dataDir: string, host: string): Promise<BehindTls> {
  const port = await freeTcpPort();
  const front = createServer(certificate(host), (request, response) => {
    const { url, method, headers } = request;
    const passed = httpRequest({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port: tlsPort } = front.address() as AddressInfo;
  const urlAt = (name: string) => `https://${name}:${tlsPort}`;
  const child = startControlPlane(dataDir, { port, url: urlAt(host) });
  const stop = async () => {
    front.close();
    front.closeAllConnections();
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    const isHealthy = async () => (await fetch(`http://127.0.0.1:${port}/api/health`)).ok;
    await until(isHealthy, {
      what: 'the control plane behind TLS to be healthy',
      timeoutMs: 60_000,
      pollMs: 200,
    });
    return { urlAt, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startControlPlane(dataDir: string, { port, url }: { readonly port: number; readonly url: string }) {
  const folder = openDataFolder(dataDir);
  const { name, password } = readDatabaseLogin(folder);
  const [, , , databasePort] = readFileSync(
    path.join(folder.postgres, 'cluster/postmaster.pid'),
    'utf8',
  ).split('\n');
  const ports = { port, signalPort: 1, linkPort: 1, turnPort: 1, samplePort: 1 };
  const { args, cwd, env } = controlPlane({
    folder,
    addresses: { ...addressesOf('127.0.0.1', ports), url },
    ports,
    databaseUrl: `postgresql://${name}:${password}@127.0.0.1:${databasePort}/patchbay`,
    masterKey: readMasterKey(folder, undefined),
    region: 'local',
    storageRegions: 'local',
    allowLoopbackPeers: true,
  });
  return spawn(process.execPath, args, { cwd, env: { ...inherited, ...env }, stdio: 'ignore' });
}

function certificate(commonName: string): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = selfSignedCertificate({
    privateKey,
    publicKey,
    commonName,
    serial: Uint8Array.of(1, ...randomBytes(14)),
    beginsMs: Date.now() - DAY_MS,
    endsMs: Date.now() + DAY_MS,
  });
  const lines = Buffer.from(der).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
