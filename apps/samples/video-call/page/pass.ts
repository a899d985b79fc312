/**
 * What a dashboard hands this page so that its calls are those of one account, and not of the account whose key the
 * page's server has. It comes behind the `#` of the address, which no browser sends to a server:
 *
 *     #pass=<token>&invitation=<token>&account=<name>&until=<ISO 8601>
 */
export interface Pass {
  /** Lets this window connect. */
  readonly token: string;
  /** Lets one other person connect, who is sent the link. Absent for that person. */
  readonly invitation?: string;
  /** What the account that pays is called. The platform decides by the token alone. */
  readonly account: string;
  readonly expiresAtMs: number;
}

/** Reads the part of an address from its `#` on. Undefined where there is no pass; throws where a part of one is missing. */
export function readPass(hash: string): Pass | undefined {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const token = fields.get('pass');
  if (token === null) return undefined;
  const account = fields.get('account');
  const expiresAtMs = Date.parse(fields.get('until') ?? '');
  const invitation = fields.get('invitation');
  // The calls of half a pass would be somebody else's.
  if (token === '' || !account || Number.isNaN(expiresAtMs))
    throw new Error(
      'A part of this link is missing. Copy all of it, or open the page anew from the dashboard.',
    );
  return { token, account, expiresAtMs, ...(invitation ? { invitation } : {}) };
}

/** What the link for the other person carries: their own token in place of this window's. */
export function invitationOf({ invitation, account, expiresAtMs }: Pass): string {
  if (invitation === undefined) return '';
  const until = new Date(expiresAtMs).toISOString();
  return `#${new URLSearchParams({ pass: invitation, account, until })}`;
}

export const hasRunOut = ({ expiresAtMs }: Pass, nowMs: number): boolean => expiresAtMs <= nowMs;

/** `14:05`, on the clock of whoever reads it. */
export const endOf = ({ expiresAtMs }: Pass): string =>
  new Date(expiresAtMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
