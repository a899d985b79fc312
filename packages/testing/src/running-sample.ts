import { spawn } from 'node:child_process';
import path from 'node:path';
import { freeTcpPort } from './free-port.ts';
import { until } from './until.ts';

const folder = path.resolve(import.meta.dirname, '../../../apps/samples/video-call');

export interface RunningSample {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the sample's tiny server on a free port, with the key of any account. */
export async function startSample(env: Readonly<Record<string, string>>): Promise<RunningSample> {
  const port = await freeTcpPort();
  // It has what a customer has, and nothing of this process.
  const environment: Record<string, string> = { ...env, PORT: String(port), HOST: '127.0.0.1' };
  const child = spawn(process.execPath, ['server.ts'], {
    cwd: folder,
    env: environment as NodeJS.ProcessEnv & Record<string, string>,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  };
  try {
    await until(async () => (await fetch(url)).ok, { what: 'the sample to answer', timeoutMs: 20_000 });
  } catch (cause) {
    await stop();
    throw new Error(`The sample did not start. It printed:\n${printed}`, { cause });
  }
  return { url, stop };
}
