import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { createId } from '@patchbay/kit/ids';
import { createSecret } from '@patchbay/protocol/credential/secret';
import { type Command, CommanderError } from 'commander';
import { vi } from 'vitest';
import { useDataFolder } from '../connection.ts';
import { given } from '../given.ts';
import { createProgram } from '../program.ts';
import { runProgram } from '../run-program.ts';
import { openDataFolder, writeDevEnv } from '../up/data-folder.ts';

interface Asked {
  /** Such as `GET /team?limit=5`: method, and the path below the account. */
  readonly request: string;
  readonly body?: unknown;
  /** Of a change that is to be made to what was read, or not at all. */
  readonly ifMatch?: string;
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** A platform that answers what a test told it to, and commands that run against it in this process. */
export async function startFakePlatform() {
  const accountId = createId('acc');
  const asked: Asked[] = [];
  const answers = new Map<string, unknown>();
  /** With which status a request is refused that has an answer. */
  const refusals = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const below = (request.url ?? '').replace(`/v1/accounts/${accountId}`, '');
    const body = Number(request.headers['content-length'] ?? 0) > 0 ? await json(request) : undefined;
    asked.push({
      request: `${request.method} ${below}`,
      ...given({ body, ifMatch: request.headers['if-match'] }),
    });
    const name = `${request.method} ${below.split('?')[0]}`;
    const answer = answers.get(name);
    const isText = typeof answer === 'string';
    response.writeHead(answer === undefined ? 404 : (refusals.get(name) ?? 200), {
      'content-type': isText ? 'text/csv' : 'application/json',
      etag: 'W/"1"',
    });
    response.end(isText ? answer : JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const data = mkdtempSync(path.join(tmpdir(), 'patchbay-cli-'));
  writeDevEnv(openDataFolder(data), {
    PATCHBAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    PATCHBAY_KEY: createSecret({
      keyId: createId('key'),
      mode: 'live',
      random: new Uint8Array(32).fill(7),
    }),
    PATCHBAY_ACCOUNT: accountId,
  });
  return {
    accountId,
    asked,
    answers,
    refusals,
    run: (...args: readonly string[]) => runCommand([...args, '--data', data]),
    /** The same of a command that takes its folder before what it is about. */
    runAt: (command: string, ...args: readonly string[]) => runCommand([command, '--data', data, ...args]),
    stop: async () => {
      // The next file of tests may run in this process.
      useDataFolder(undefined);
      rmSync(data, { recursive: true });
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A command that was typed wrongly throws: it ends no test run. */
export function throwing(command: Command): Command {
  for (const child of command.commands) throwing(child);
  return command.exitOverride();
}

/** Runs work, and answers what it said to whoever typed it. */
async function hearing(work: () => Promise<void>): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      said[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    }),
  );
  try {
    await work();
    return said;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** In this process: what is refused is thrown as it is. */
const runCommand = (args: readonly string[]): Promise<Said> =>
  hearing(async () => void (await throwing(createProgram()).parseAsync([...args], { from: 'user' })));

/**
 * As a process of its own would, in this one, which starts in no time: rejects with code and output where it ends with
 * another code than 0.
 */
export async function runAsProcess(args: readonly string[]): Promise<Said> {
  const before = process.exitCode;
  process.exitCode = undefined;
  let code = 0;
  try {
    const said = await hearing(async () => {
      code = await runProgram(args, throwing(createProgram())).catch((error: unknown) => {
        if (error instanceof CommanderError) return error.exitCode;
        throw error;
      });
      code ||= Number(process.exitCode ?? 0);
    });
    if (code !== 0) throw Object.assign(new Error(said.stderr), { code, ...said });
    return said;
  } finally {
    process.exitCode = before;
  }
}
