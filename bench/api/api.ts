/**
 * Requests a second and the slowest of a hundred of ten operations, against a bare Next.js route handler (`/api/live`) of
 * the same server process, in alternating rounds. A closed loop on loopback, its client on the same machine: the cost of
 * the client is in both. The platform is the one that `patchbay up` starts, with its database; only the limit of requests
 * a minute is raised, and it is still counted.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { pidOf } from '@patchbay/testing/platform-processes';
import { startPlatform } from '@patchbay/testing/running-platform';
import { median, quantile, type Result, rounded, say } from '../figures.ts';
import { databaseTimeMs, processTimeMs } from '../process-time.ts';

const ROUND_COUNT = 3;
const ROUND_MS = 1_000;
const CONNECTION_COUNT = 8;
const REQUESTS_PER_MINUTE_MAX = '100000000';

interface Sample {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

interface Ids {
  readonly accountId: string;
  readonly applicationId: string;
}

/** What a product asks for at each of its calls, and what an open dashboard asks for again and again. */
const samplesOf = ({ accountId, applicationId }: Ids): readonly Sample[] => {
  const account = `/v1/accounts/${accountId}`;
  const [from, to] = [Date.now() - 3_600_000, Date.now()].map((atMs) => new Date(atMs).toISOString());
  const ask = (name: string, path: string) => ({ name, method: 'GET', path: `${account}${path}` }) as const;
  const mint = (name: string, path: string) =>
    ({ name, method: 'POST', path: `${account}${path}`, body: { identity: 'bob' } }) as const;
  return [
    mint('networkDiscovery.createIceServers', '/services/network-discovery/ice-servers'),
    mint('signaling.createToken', '/services/signaling/tokens'),
    ask('accounts.get', ''),
    ask('accounts.list', '/accounts'),
    ask('applications.get', `/applications/${applicationId}`),
    ask('sessions.list', '/sessions'),
    ask('usage.query', `/usage?from=${from}&to=${to}&groupBy=region`),
    ask('events.list', '/events'),
    ask('keys.list', '/keys'),
    ask('networkDiscovery.getConfig', '/services/network-discovery/config'),
  ];
};

interface Server {
  readonly url: string;
  readonly key: string;
  readonly agent: Agent;
  readonly signal: AbortSignal;
  /** Processor time so far. */
  readonly timesMs: () => { readonly controlMs: number; readonly databaseMs: number };
}

export async function run({ json, signal }: { readonly json: boolean; readonly signal: AbortSignal }) {
  const platform = await startPlatform({
    env: { PATCHBAY_REQUESTS_PER_MINUTE_MAX: REQUESTS_PER_MINUTE_MAX },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTION_COUNT });
  try {
    const { PATCHBAY_URL: url = '', PATCHBAY_KEY: key = '' } = platform.env;
    const controlPid = (await pidOf(platform, 'control plane')) ?? Number.NaN;
    const timesMs = () => ({
      controlMs: processTimeMs(controlPid),
      databaseMs: databaseTimeMs(path.join(platform.dataDir, 'postgres')),
    });
    const server = { url, key, agent, signal, timesMs };
    const ids = await idsOf(server);
    for (const sample of samplesOf(ids)) say(await measure(server, sample), json);
  } finally {
    agent.destroy();
    await platform.stop();
  }
}

/** The account of the key, and an application of it. */
async function idsOf(server: Server): Promise<Ids> {
  const me = JSON.parse(await send(server, { name: 'me', method: 'GET', path: '/v1/me' })) as {
    readonly accounts: readonly { readonly id: string }[];
  };
  const [account] = me.accounts;
  if (account === undefined) throw new Error('The key of the demo reaches no account.');
  const path = `/v1/accounts/${account.id}/applications`;
  const made = await send(server, {
    name: 'applications.create',
    method: 'POST',
    path,
    body: { name: 'bench' },
  });
  return { accountId: account.id, applicationId: (JSON.parse(made) as { readonly id: string }).id };
}

const bare: Sample = { name: 'bare', method: 'GET', path: '/api/live' };

async function measure(server: Server, sample: Sample): Promise<Result> {
  // One round of each that is not timed: modules, plans and the compiler.
  for (const each of [bare, sample]) await load(server, each, ROUND_MS / 2);
  const rounds: { readonly own: Load; readonly peer: Load }[] = [];
  for (let round = 0; round < ROUND_COUNT; round++) {
    server.signal.throwIfAborted();
    rounds.push({ peer: await load(server, bare, ROUND_MS), own: await load(server, sample, ROUND_MS) });
  }
  const ratios = rounds.map(({ own, peer }) => own.rate / peer.rate);
  return {
    bench: 'api',
    case: sample.name,
    peer: 'a bare Next.js route handler',
    ratio: rounded(median(ratios)),
    ratioMin: rounded(Math.min(...ratios)),
    ratioMax: rounded(Math.max(...ratios)),
    requestsPerSecond: Math.round(median(rounds.map(({ own }) => own.rate))),
    p99Ms: rounded(median(rounds.map(({ own }) => own.p99Ms))),
    controlPlaneMs: rounded(median(rounds.map(({ own }) => own.controlMs))),
    databaseMs: rounded(median(rounds.map(({ own }) => own.databaseMs))),
    peerRequestsPerSecond: Math.round(median(rounds.map(({ peer }) => peer.rate))),
    peerP99Ms: rounded(median(rounds.map(({ peer }) => peer.p99Ms))),
    peerControlPlaneMs: rounded(median(rounds.map(({ peer }) => peer.controlMs))),
  };
}

interface Load {
  readonly rate: number;
  readonly p99Ms: number;
  /** Processor time of a request. */
  readonly controlMs: number;
  readonly databaseMs: number;
}

/** As many requests at once as there are connections, until the time is over. */
async function load(server: Server, sample: Sample, durationMs: number): Promise<Load> {
  const timesMs: number[] = [];
  const before = server.timesMs();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTION_COUNT }, async () => {
      while (performance.now() - startedAt < durationMs) {
        const sentAt = performance.now();
        await send(server, sample);
        timesMs.push(performance.now() - sentAt);
      }
    }),
  );
  const rate = (timesMs.length / (performance.now() - startedAt)) * 1000;
  const after = server.timesMs();
  return {
    rate,
    p99Ms: quantile(timesMs, 0.99),
    controlMs: (after.controlMs - before.controlMs) / timesMs.length,
    databaseMs: (after.databaseMs - before.databaseMs) / timesMs.length,
  };
}

/** @throws for every answer that is not a success: a refusal is faster than what was asked for. */
async function send({ url, key, agent }: Server, { name, method, path, body }: Sample): Promise<string> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    request(new URL(path, url), { agent, method, headers }, resolve).on('error', reject).end(text);
  });
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const received = Buffer.concat(parts).toString();
  if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}: ${received}`);
  return received;
}
