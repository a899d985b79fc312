/** One process of one role: `node main.ts --role relay`. A supervisor starts one for each, and again after a crash. */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { readEnv } from './platform/env.ts';

const STOP_MS_MAX = 10_000;

const { values } = parseArgs({ options: { role: { type: 'string' } } });
const { role } = values;
const env = readEnv();
const log = pino({ level: env.PATCHBAY_LOG_LEVEL, base: { role } });

const roles = {
  relay: async () => (await import('./relay/role.ts')).runRelay,
  signaling: async () => (await import('./signaling/role.ts')).runSignaling,
};

if (role !== 'relay' && role !== 'signaling') {
  log.fatal(`--role is ${Object.keys(roles).join(' or ')}.`);
  process.exit(64);
}

const run = await roles[role]();
const stop = await run(env, log);

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // A second signal is an order, and not a request.
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'Stopping failed.');
        process.exit(1);
      },
    );
  });
}
