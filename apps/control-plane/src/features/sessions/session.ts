import type { Tone } from '@patchbay/ui/tone';
import type { Outputs } from '../../trpc/client.ts';

export type Session = Outputs['sessions']['list']['items'][number];
export type LogEntry = Outputs['sessions']['listLog']['items'][number];

export const isOpen = ({ state }: Session): boolean => state !== 'ended';

/** How long it lasted, or has lasted until now, from the first ring. */
export const lastedMs = ({ startedAt, endedAt }: Session, nowMs: number): number =>
  Math.max(0, (endedAt === undefined ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));

/** Ends that a person chose. Any other is worth a look. */
const calmEnds: ReadonlySet<string> = new Set(['hangup', 'ended', 'declined', 'cancelled', 'completed', 'left']);

export const hasFailed = ({ state, endCode, connectedAt }: Session): boolean =>
  state === 'ended' && endCode !== undefined && connectedAt === undefined && !calmEnds.has(endCode);

export const participantNames = ({ legs }: Session): string =>
  legs.map(({ identity }) => identity ?? 'somebody').join(', ');

interface ModeLook {
  readonly label: string;
  readonly tone: Tone;
  /** A custom property of tokens.css. */
  readonly colour: `--${string}`;
}

/** How media flows, said once for badges, lanes and legends. */
export const modeLooks: Readonly<Record<Session['mode'], ModeLook>> = {
  pending: { label: 'not connected', tone: 'neutral', colour: '--ink-faint' },
  p2p: { label: 'peer to peer', tone: 'live', colour: '--live' },
  relay: { label: 'relayed', tone: 'info', colour: '--info' },
  media: { label: 'media node', tone: 'accent', colour: '--accent' },
};
