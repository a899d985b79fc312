import { pagePath } from '../shell/pages.ts';

interface TrailOf {
  readonly accountId: string;
  readonly period: string;
  readonly key: string;
  readonly childId?: string | undefined;
  readonly day?: string;
}

/** Where a line of a statement leads: to its days, and on one of them to its sessions. */
export function trailPath({ accountId, period, key, childId, day }: TrailOf): string {
  const query = new URLSearchParams({
    key,
    ...(childId === undefined ? {} : { childId }),
    ...(day === undefined ? {} : { day }),
  });
  return `${pagePath(accountId, `statements/${period}/line`)}?${query}`;
}
