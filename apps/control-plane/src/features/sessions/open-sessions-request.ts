const OPEN_MAX = 100;

/** The sessions that ring or run now, said alike by the server that fetches ahead and by the page. */
export const openSessionsRequest = (accountId: string) =>
  ({ accountId, state: 'open', limit: OPEN_MAX }) as const;
