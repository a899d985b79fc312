import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { customerEnvironment } from './env.ts';
import { until } from './until.ts';

const runFile = promisify(execFile);
const COMMAND_MS_MAX = 120_000;
const QUIET = ['--no-audit', '--no-fund', '--prefer-offline'];

/**
 * A project of somebody else: outside the workspace, made by its framework's own generator, installed from the registry,
 * and run with nothing of this process but a path. Anything of ours comes into it packed.
 */
export class ScratchProject {
  readonly folder: string;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Runs a generator such as `create-vite@9.3.0` in the folder above. */
  async generate(generator: string, flags: readonly string[]): Promise<void> {
    const [above, name] = [path.dirname(this.folder), path.basename(this.folder)];
    rmSync(this.folder, { recursive: true });
    await this.#npm(['exec', '--yes', '--prefer-offline', generator, '--', name, ...flags], above);
  }

  /** Installs what its manifest names, and these packages or tarballs beside. */
  async install(packages: readonly string[]): Promise<void> {
    await this.#npm(['install', ...QUIET, ...packages], this.folder);
  }

  /** Its own script, type check and all. Throws with what it printed. */
  async script(name: string): Promise<void> {
    await this.#npm(['run', name], this.folder);
  }

  write(file: string, text: string): void {
    const full = path.join(this.folder, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), 'utf8');
  }

  /** Starts a program of it, such as `node_modules/.bin/vite`, until `stop`. */
  start(program: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProgram {
    const [command = '', ...args] = program;
    const child = spawn(command, args, {
      cwd: this.folder,
      env: customerEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-100_000);
      });
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#stops.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(timer);
    });
    return {
      output: () => printed,
      prints: (text) =>
        until(() => printed.includes(text), { what: `${path.basename(command)} to print ${text}` }).then(
          () => undefined,
          () => Promise.reject(new Error(`Not printed: ${text}. Printed:\n${printed}`)),
        ),
    };
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }

  async #npm(args: readonly string[], cwd: string): Promise<void> {
    const options = { cwd, env: customerEnvironment({}), timeout: COMMAND_MS_MAX, maxBuffer: 10_000_000 };
    try {
      await runFile('npm', args, options);
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`npm ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }
}

export interface RunningProgram {
  output(): string;
  /** Waits until it has printed this. */
  prints(text: string): Promise<void>;
}
