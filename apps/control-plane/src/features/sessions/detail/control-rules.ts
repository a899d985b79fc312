import type { LogEntry, Session } from '../session.ts';

type Leg = Session['legs'][number];

/** Why nothing but its end can be ordered of a session now. Undefined: everything can. */
export function whyNoControl({ kind, state }: Pick<Session, 'kind' | 'state'>): string | undefined {
  if (kind === 'relay') return 'It is a relay without a call: nobody could be told to hold or to mute.';
  if (state === 'ringing') return 'Nobody has answered yet.';
  return state === 'ended' ? 'The session has ended.' : undefined;
}

/** Why a leg cannot be muted here. */
export function whyNoMute(session: Pick<Session, 'kind' | 'state'>, leg: Leg): string | undefined {
  if (leg.accountId === undefined) return 'The leg is another account’s, and only that account mutes it.';
  return whyNoControl(session) ?? (leg.state === 'left' ? 'It has left.' : undefined);
}

/** Why a leg cannot be removed. */
export function whyNoRemoval(session: Pick<Session, 'kind' | 'state'>, leg: Leg): string | undefined {
  if (leg.state === 'ringing') return 'It has not answered yet.';
  return whyNoControl(session) ?? (leg.state === 'left' ? 'It has left.' : undefined);
}

/** Whether a document of application logic decides about a call, as far as its log says: then another one may. */
export function hasLogic(log: readonly LogEntry[] | undefined): boolean {
  const kinds = new Set((log ?? []).map(({ kind }) => kind));
  return kinds.has('logic.started') && !kinds.has('logic.ended');
}

/** Why a call cannot be sent on. */
export function whyNoRedirect(
  session: Pick<Session, 'kind' | 'state'>,
  log: readonly LogEntry[] | undefined,
): string | undefined {
  const isOpenToLogic = session.kind === 'call' && session.state === 'ringing' && hasLogic(log);
  return isOpenToLogic ? undefined : whyNoControl(session);
}

/** The kinds that are muted of a leg, in words. */
export const mutedWords = ({ muted }: Pick<Leg, 'muted'>): string =>
  mediaWords.flatMap(([kind, word]) => (muted?.[kind] === true ? [word] : [])).join(' and ');

/** As the buttons beside it say it. */
const mediaWords = [
  ['audio', 'sound'],
  ['video', 'picture'],
  ['screen', 'screen'],
] as const;
