/** A process that is killed in the middle of a trigger's action, with its change made and not committed. */
import process from 'node:process';
import { openClient } from '@patchbay/adapters/prisma/client';
import { triggerOutbox } from '@patchbay/adapters/prisma/trigger-outbox';

const [, , databaseUrl = ''] = process.argv;
const outbox = triggerOutbox(openClient(databaseUrl), () => undefined);
await outbox.actOnNext(async (due) => {
  await outbox.holds.suspend(due);
  process.kill(process.pid, 'SIGKILL');
  return { state: 'done', said: 'It was not.' };
});
