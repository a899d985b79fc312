import { isId } from '@patchbay/kit/ids';
import { pagePath, whyPath } from './pages.ts';

/** Where an id leads, for the kinds that have a page: one that was pasted whole, or one that a line names. */
export function pathOfId(text: string, accountId: string): string | undefined {
  if (isId('acc', text)) return pagePath(text);
  if (isId('ses', text)) return pagePath(accountId, `sessions/${text}`);
  if (isId('key', text)) return pagePath(accountId, 'keys');
  if (isId('app', text)) return pagePath(accountId, `applications/${text}`);
  if (isId('end', text)) return pagePath(accountId, `endpoints/${text}`);
  if (isId('etr', text)) return pagePath(accountId, 'endpoints');
  if (isId('whk', text)) return pagePath(accountId, `webhooks/${text}`);
  if (isId('org', text)) return pagePath(accountId, 'organisation');
  if (isId('doc', text)) return pagePath(accountId, `documents/${text}`);
  if (isId('req', text)) return whyPath(accountId, text);
  return pathOfConfig(text);
}

/** The audit log names a configuration by its account, its application or endpoint, and its service. */
function pathOfConfig(text: string): string | undefined {
  const [, accountId, applicationId, endpointId, service] =
    /^(acc_\w+)(?:\/(app_\w+)(?:\/[\w-]+)?|\/(end_\w+))?\/services\/([\w-]+)\/config(?:\/above)?$/.exec(
      text,
    ) ?? [];
  if (accountId === undefined) return undefined;
  if (endpointId !== undefined) return pagePath(accountId, `endpoints/${endpointId}`);
  return pagePath(
    accountId,
    applicationId === undefined ? `services/${service}` : `applications/${applicationId}`,
  );
}
