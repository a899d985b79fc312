import { isId } from '@patchbay/kit/ids';
import { pagePath } from './pages.ts';

/** Where an id leads, for the kinds that have a page: one that was pasted whole, or one that a line names. */
export function pathOfId(text: string, accountId: string): string | undefined {
  if (isId('acc', text)) return pagePath(text);
  if (isId('ses', text)) return pagePath(accountId, `sessions/${text}`);
  if (isId('key', text)) return pagePath(accountId, 'keys');
  if (isId('app', text)) return pagePath(accountId, `applications/${text}`);
  if (isId('org', text)) return pagePath(accountId, 'organisation');
  return undefined;
}
