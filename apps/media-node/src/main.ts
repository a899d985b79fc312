/**
 * The tier that touches packets.
 *
 *   node main.ts --roles relay,signaling   supervises a process for each role
 *   node main.ts --role relay              is the process of one role
 */
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Logger } from 'pino';
import { environment, readEnv } from './platform/env.ts';
import { createFaults } from './platform/faults.ts';
import { createLog } from './platform/log.ts';
import { superviseRoles } from './supervisor/supervisor.ts';

/** Longer than a supervisor waits for its roles, once their time to drain is over. */
const STOP_MS_MAX = 15_000;

const runners = {
  relay: async () => (await import('./relay/role.ts')).runRelay,
  signaling: async () => (await import('./signaling/role.ts')).runSignaling,
  media: async () => (await import('./media/role.ts')).runMedia,
  jobs: async () => (await import('./jobs/role.ts')).runJobs,
};
type Role = keyof typeof runners;
const isRole = (name: string): name is Role => Object.hasOwn(runners, name);

function refuse(log: Logger, reason: string): never {
  log.fatal(reason);
  process.exit(64);
}

/** Stops on the first signal; a second one is an order, and not a request. */
function stopOnSignal(stop: () => Promise<void>, { log, drainMs }: { log: Logger; drainMs: number }): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      setTimeout(() => process.exit(1), drainMs + STOP_MS_MAX).unref();
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ error }, 'Stopping failed.');
          process.exit(1);
        },
      );
    });
  }
}

const { values } = parseArgs({ options: { role: { type: 'string' }, roles: { type: 'string' } } });
if (values.role !== undefined) {
  const log = createLog(values.role);
  if (!isRole(values.role)) refuse(log, `--role is one of ${Object.keys(runners).join(', ')}.`);
  const env = readEnv();
  log.level = env.PATCHBAY_LOG_LEVEL;
  const run = await runners[values.role]();
  const faults = createFaults(log);
  const stop = await run(env, log, faults);
  // From here others have calls on this process. What fails a start still ends it (decision 0005).
  process.on('uncaughtException', (error, origin) => faults.met(origin, error));
  stopOnSignal(stop, { log, drainMs: env.PATCHBAY_DRAIN_SECONDS * 1_000 });
  // A role that is killed writes no cache at its end, and has the most use for one when it is started again.
  flushCompileCache();
} else {
  const log = createLog('supervisor');
  const roles = (values.roles ?? '').split(',').filter((name) => name !== '');
  if (roles.length === 0 || !roles.every(isRole)) {
    refuse(log, `--roles lists some of ${Object.keys(runners).join(', ')}, with commas.`);
  }
  const env = readEnv();
  log.level = env.PATCHBAY_LOG_LEVEL;
  const drainMs = env.PATCHBAY_DRAIN_SECONDS * 1_000;
  const supervisor = superviseRoles({
    roles,
    program: import.meta.filename,
    // Half of what a start takes is reading our own code: a role that died is back the sooner (LIV-3).
    env: { NODE_COMPILE_CACHE: path.join(env.PATCHBAY_DATA, 'compiled'), ...environment },
    drainMs,
    onOutput: (chunk) => process.stdout.write(chunk),
    onCrash: (crash) => log.error(crash, 'A role ended unasked and is started again.'),
  });
  stopOnSignal(() => supervisor.stop(), { log, drainMs });
}
