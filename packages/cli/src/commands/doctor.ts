import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Command } from 'commander';
import { connect, readVariables } from '../connection.ts';
import { table } from '../output.ts';

const answerMsMax = 3_000;
const clockSkewMsMax = 30_000;
/** RFC 8489 §5: the fixed value in every header. */
const magicCookie = 0x2112a442;

interface Check {
  readonly name: string;
  /** Says what it found. @throws with what is wrong. */
  run(): Promise<string>;
  readonly remedy: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

async function askHealth(url: string | undefined): Promise<string> {
  if (url === undefined) throw new Error('PATCHBAY_URL is not set');
  const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(answerMsMax) });
  if (!response.ok)
    throw new Error(`${url} answers ${response.status}: ${(await response.text()).slice(0, 300)}`);
  const skewMs = Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now());
  if (skewMs > clockSkewMsMax) throw new Error(`the clocks differ by ${Math.round(skewMs / 1_000)} s`);
  return url;
}

async function askKey(): Promise<string> {
  const me = await connect().me.get();
  return me.accounts.map(({ id, name }) => `${name} (${id})`).join(', ');
}

async function openSignaling(url: string | undefined): Promise<string> {
  if (url === undefined) throw new Error('PATCHBAY_SIGNAL_URL is not set');
  const socket = new WebSocket(url);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${url} does not answer`)), answerMsMax);
      socket.addEventListener('open', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.addEventListener('error', () => {
        clearTimeout(timer);
        reject(new Error(`${url} takes no connection`));
      });
    });
  } finally {
    socket.close();
  }
  return url;
}

/** Sends one Binding request, again each half second, and takes its success response (RFC 8489 §6.2.1, §7.3.3). */
export async function askBinding(turnUrl: string | undefined): Promise<string> {
  const [, host, port] = /^turns?:\[?([^\]?]+?)\]?(?::(\d+))?(?:\?|$)/.exec(turnUrl ?? '') ?? [];
  if (host === undefined) throw new Error('PATCHBAY_TURN_URL is not set');
  const request = Buffer.alloc(20);
  request.writeUInt16BE(0x0001, 0);
  request.writeUInt32BE(magicCookie, 4);
  randomBytes(12).copy(request, 8);
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const startedAt = performance.now();
  const again = setInterval(() => socket.send(request, Number(port ?? 3_478), host), 500);
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer from ${host} over UDP`)), answerMsMax);
      timer.unref();
      socket.on('error', reject);
      socket.on('message', (answer) => {
        if (answer.length < 20 || answer.readUInt16BE(0) !== 0x0101) return;
        if (!answer.subarray(8, 20).equals(request.subarray(8, 20))) return;
        clearTimeout(timer);
        resolve(`${turnUrl} in ${Math.round(performance.now() - startedAt)} ms`);
      });
      socket.send(request, Number(port ?? 3_478), host);
    });
  } finally {
    clearInterval(again);
    socket.close();
  }
}

interface JobHealth {
  readonly name: string;
  readonly startedAt: string;
  readonly state: 'ok' | 'running' | 'failed';
}

/** What the regular tasks said when they last ran. A platform that has just started has none yet. */
export async function askJobs(url: string | undefined): Promise<string> {
  if (url === undefined) throw new Error('PATCHBAY_URL is not set');
  const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(answerMsMax) });
  const { jobs = [] } = (await response.json()) as { readonly jobs?: readonly JobHealth[] };
  const failed = jobs.filter(({ state }) => state === 'failed');
  const line = ({ name, startedAt, state }: JobHealth): string => `${name} ${state} at ${startedAt}`;
  if (failed.length > 0) throw new Error(failed.map(line).join(', '));
  if (jobs.length === 0) return 'none has run yet';
  const last = jobs
    .map(({ startedAt }) => startedAt)
    .sort()
    .at(-1);
  return `${jobs.length} run, none failed; the last at ${last}`;
}

/** Whether somebody who signs up there can prove their address, and set a lost password again. */
export async function askMail(url: string | undefined): Promise<string> {
  if (url === undefined) throw new Error('PATCHBAY_URL is not set');
  const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(answerMsMax) });
  const { mail } = (await response.json()) as { readonly mail?: 'smtp' | 'outbox' | 'none' };
  if (mail === 'none') throw new Error('no mail leaves: nobody can prove an address');
  return mail === 'outbox' ? `mails lie at ${url}/outbox` : 'over SMTP';
}

function checksFor({ PATCHBAY_URL, PATCHBAY_SIGNAL_URL, PATCHBAY_TURN_URL }: Variables): readonly Check[] {
  return [
    {
      name: 'control plane',
      run: () => askHealth(PATCHBAY_URL),
      remedy: 'start it with npm start, or correct PATCHBAY_URL',
    },
    {
      name: 'regular tasks',
      run: () => askJobs(PATCHBAY_URL),
      remedy: 'the log of the control plane says why',
    },
    {
      name: 'mail',
      run: () => askMail(PATCHBAY_URL),
      remedy: 'set SMTP_URL where the control plane runs, and start it again',
    },
    { name: 'key', run: askKey, remedy: 'create a key on the dashboard and set PATCHBAY_KEY' },
    {
      name: 'signaling',
      run: () => openSignaling(PATCHBAY_SIGNAL_URL),
      remedy: 'let TCP through to its port, or correct PATCHBAY_SIGNAL_URL',
    },
    {
      name: 'relay',
      run: () => askBinding(PATCHBAY_TURN_URL),
      remedy: 'let UDP through to its port, or correct PATCHBAY_TURN_URL',
    },
  ];
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check each part from here, and say what to do about what fails')
    .option('--json')
    .action(async ({ json = false }: { json?: boolean }) => {
      const results = await Promise.all(
        checksFor(readVariables()).map(async ({ name, run, remedy }) => {
          try {
            return { name, ok: true, found: await run() };
          } catch (error) {
            return { name, ok: false, found: error instanceof Error ? error.message : String(error), remedy };
          }
        }),
      );
      const rows = results.map(({ name, ok, found, remedy }) => ({
        part: name,
        state: ok ? 'ok' : 'FAILED',
        found,
        remedy,
      }));
      process.stdout.write(`${json ? JSON.stringify(results) : table(rows)}\n`);
      process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
    });
}
