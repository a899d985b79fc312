import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunningPlatform } from './running-platform.ts';

/** An allocation as the relay's own log tells it, in milliseconds since 1970. */
export interface LoggedAllocation {
  readonly startedAtMs: number;
  /** Undefined while it lives, and of one whose relay was killed. */
  readonly endedAtMs: number | undefined;
}

/** The allocations of a session, by the log that the relays wrote: a count that is independent of their meters. */
export function allocationsOf(platform: RunningPlatform, sessionId: string): readonly LoggedAllocation[] {
  const text = readFileSync(path.join(platform.dataDir, 'logs/media-node.log'), 'utf8');
  const events = text
    .split('\n')
    .filter((line) => line.includes(`"sessionId":"${sessionId}"`))
    .map((line) => JSON.parse(line) as { time: number; event: string; allocationId: string });
  return events
    .filter(({ event }) => event === 'allocation.started')
    .map(({ time, allocationId }) => ({
      startedAtMs: time,
      endedAtMs: events.find(
        (each) => each.event === 'allocation.ended' && each.allocationId === allocationId,
      )?.time,
    }));
}
