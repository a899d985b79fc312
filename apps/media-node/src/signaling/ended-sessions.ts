import type { RelayLineNotice } from './platform.ts';
import { legsOf, type Session } from './session.ts';
import type { LoggedLeg, LoggedSession } from './session-log.ts';

/**
 * How long a session that has ended takes lines of its relay: allocations end a moment after it, and a link that was lost
 * brings what it kept when it is back, which it does for as long. What comes later is of a session that nobody remembers.
 */
export const endedKeepMs = 60_000;
export const endedCountMax = 10_000;

/** What a line needs to find its place: a session that lives has it, and so has one that ended just now. */
export interface LineTarget extends LoggedSession {
  readonly createdAtMs: number;
  readonly legs: readonly TargetLeg[];
}

interface TargetLeg extends LoggedLeg {
  readonly credentialId: string;
}

/** Remembers sessions that have ended for as long as lines for them may come. */
export class EndedSessions {
  readonly #ended = new Map<string, { readonly target: LineTarget; readonly untilMs: number }>();

  keep(session: Session, nowMs: number): void {
    this.#ended.set(session.sessionId, { target: targetOf(session), untilMs: nowMs + endedKeepMs });
    this.sweep(nowMs);
  }

  find(sessionId: string): LineTarget | undefined {
    return this.#ended.get(sessionId)?.target;
  }

  sweep(nowMs: number): void {
    for (const [oldest, { untilMs }] of this.#ended) {
      if (this.#ended.size <= endedCountMax && untilMs > nowMs) break;
      this.#ended.delete(oldest);
    }
  }
}

/** Without the clients themselves, which may be gone. */
function targetOf(session: Session): LineTarget {
  const { accountId, applicationId, instanceType } = session.caller.client.principal;
  return {
    sessionId: session.sessionId,
    createdAtMs: session.createdAtMs,
    logSequence: session.logSequence,
    caller: {
      client: {
        principal: {
          accountId,
          ...(applicationId === undefined ? {} : { applicationId }),
          ...(instanceType === undefined ? {} : { instanceType }),
        },
      },
    },
    legs: targetLegsOf(session),
  };
}

export const targetLegsOf = (session: Session): readonly TargetLeg[] =>
  legsOf(session).map(({ legId, client: { principal } }) => ({
    legId,
    client: { principal: { accountId: principal.accountId } },
    credentialId: principal.credentialId,
  }));

/**
 * Whose a line is: the leg's whose credential made the allocation. Of a credential that was renewed meanwhile only the
 * account is known, and that decides. Undefined for an account that has no leg: anybody can name a session (C1, LIV-0).
 */
export function ownerOfLine(
  legs: readonly TargetLeg[],
  { accountId, credentialIds }: Pick<RelayLineNotice, 'accountId' | 'credentialIds'>,
): { readonly accountId: string; readonly leg?: LoggedLeg } | undefined {
  const own = legs.filter(({ client }) => client.principal.accountId === accountId);
  if (own.length === 0) return undefined;
  const leg =
    own.find(({ credentialId }) => credentialIds.includes(credentialId)) ??
    (own.length === 1 ? own[0] : undefined);
  return leg === undefined ? { accountId } : { accountId, leg };
}
