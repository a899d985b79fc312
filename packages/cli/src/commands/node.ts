import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Command } from 'commander';
import { environment } from '../env.ts';

const program = path.resolve(import.meta.dirname, '../../../../apps/media-node/src/main.ts');

export function addNodeCommand(parent: Command): void {
  parent
    .command('node')
    .description('run roles of the platform on this machine; settings come from PATCHBAY_… variables')
    .requiredOption('--roles <roles>', 'some of relay, signaling, media and jobs, with commas')
    .action(async ({ roles }: { roles: string }) => {
      const child = spawn(process.execPath, [program, '--roles', roles], {
        env: { ...environment, NODE_ENV: 'production' },
        detached: true,
        stdio: 'inherit',
      });
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
      const code = await new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? 1)));
      process.exit(code);
    });
}
