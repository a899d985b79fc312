import type { Tone } from '@patchbay/ui/tone';
import type { Outputs } from '../../trpc/client.ts';

export type Session = Outputs['sessions']['list']['items'][number];
export type LogEntry = Outputs['sessions']['listLog']['items'][number];

export const isOpen = ({ state }: Session): boolean => state !== 'ended';

/** Its last lines and its last use are on their way for so long. */
const SETTLING_MS = 20_000;

/** Whether there may still be more to read of it: while it runs, and for a little after. */
export const mayGrow = (session: Session, nowMs: number): boolean =>
  isOpen(session) || nowMs < Date.parse(session.endedAt ?? session.startedAt) + SETTLING_MS;

/** How long it lasted, or has lasted until now, from the first ring. */
export const lastedMs = ({ startedAt, endedAt }: Session, nowMs: number): number =>
  Math.max(0, (endedAt === undefined ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));

/** Ends that nobody wished for. */
const failedEnds: ReadonlySet<string> = new Set([
  'signaling.connection_lost',
  'signaling.media_failed',
  'signaling.no_relay',
  'signaling.node_stopped',
  'signaling.node_lost',
  'network-discovery.relay_stopped',
  'network-discovery.relay_lost',
]);

export const hasFailed = ({ endCode }: Session): boolean => endCode !== undefined && failedEnds.has(endCode);

/** Ended at a limit of its credential or account. */
export const wasLimited = ({ endCode = '' }: Session): boolean =>
  /^(limit|credential|account|policy)\./.test(endCode);

/** 'signaling.hung_up' as 'hung up'. */
export const codeWords = (code: string): string => code.slice(code.lastIndexOf('.') + 1).replaceAll('_', ' ');

export const endLabel = ({ endCode }: Session): string =>
  endCode === undefined ? 'ended' : codeWords(endCode);

export const participantNames = ({ kind, legs }: Session): string =>
  legs.map(({ identity }) => identity ?? (kind === 'relay' ? 'a client' : 'somebody')).join(', ');

/** What a session is, in a word. */
export const kindLabels: Readonly<Record<Session['kind'], string>> = { call: 'call', relay: 'relay only' };

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
