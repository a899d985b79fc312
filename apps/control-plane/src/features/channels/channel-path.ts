import { pagePath } from '../shell/pages.ts';

/** Where a channel is shown. */
export const channelPath = (accountId: string, channel: string): string =>
  pagePath(accountId, `services/notification/channels/${encodeURIComponent(channel)}`);
