import { pagePath } from '../shell/pages.ts';

/** Where a room is shown. */
export const roomPath = (accountId: string, room: string): string =>
  pagePath(accountId, `services/conferencing/rooms/${encodeURIComponent(room)}`);
