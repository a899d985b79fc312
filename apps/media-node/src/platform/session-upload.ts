import type { Spool } from '@patchbay/adapters/spool/spool';
import { Uploader } from '@patchbay/adapters/spool/uploader';
import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import type { ControlPlaneClient } from './control-plane-client.ts';
import type { UnendedSessions } from './unended-sessions.ts';

const EVENT_BATCH_MAX = 500;
const SPOOL_TICK_MS = 250;
/** After a kill a session is said to have ended at most this long before it did. */
const UNENDED_CHECKPOINT_MS = 1_000;

interface SessionUploadOptions {
  readonly events: Spool<SessionEventReport>;
  /** Of sessions that nobody takes up after a kill. */
  readonly unended?: UnendedSessions;
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly onFailure: (error: unknown, message: string) => void;
}

/** Writes the logs of a node's sessions to disk and uploads them (MET-7), until the returned function is called. */
export function startSessionUpload({
  events,
  unended,
  client,
  onFailure,
}: SessionUploadOptions): () => Promise<void> {
  const uploader = new Uploader<SessionEventReport>({
    spool: events,
    batchCountMax: EVENT_BATCH_MAX,
    send: async (batch) => {
      await client.call('sessionEvents', { events: batch.map(({ item }) => item) });
    },
    onFailure: (error) => onFailure(error, 'The session log waits to be uploaded.'),
  });
  uploader.start();
  events.startTicking(SPOOL_TICK_MS, (error) => onFailure(error, 'The session log cannot be written.'));
  const checkpoint = () => events.checkpoint(unended?.closings(Date.now()) ?? []);
  const checkpoints = setInterval(checkpoint, UNENDED_CHECKPOINT_MS);
  return async () => {
    clearInterval(checkpoints);
    checkpoint();
    await events.tick();
    await uploader.stop();
    await events.close();
  };
}
