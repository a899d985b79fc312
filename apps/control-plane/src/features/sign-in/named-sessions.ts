/** What a cookie names: the session that counts, and while somebody looks as an account below, their own beside it. */
export interface NamedSessions {
  readonly signInSessionId: unknown;
  readonly returnsTo: unknown;
}

/** All sessions that whoever holds the cookie has: signing out ends each, or a view would leave the other one open. */
export const sessionsNamedBy = ({ signInSessionId, returnsTo }: NamedSessions): readonly string[] =>
  [signInSessionId, returnsTo].filter((id) => typeof id === 'string');
