import type { Action, RequestedAction } from './definition.ts';
import type { TriggersPorts } from './ports.ts';

interface Refusing {
  readonly error: (
    code: 'request.invalid' | 'callback.address_forbidden' | 'triggers.webhook_unknown',
    publicDetail: string,
  ) => Error;
}

interface Owner {
  readonly accountId: string;
  readonly triggerId: string;
}

/** Before a transaction: a name server of somebody's is asked, which may take long. */
export async function refuseCallback(
  context: Refusing,
  action: RequestedAction | undefined,
  { callbacks }: Pick<TriggersPorts, 'callbacks'>,
): Promise<void> {
  if (action?.kind !== 'callback') return;
  const { webhookId, url, fallbackUrl } = action;
  if ((webhookId === undefined) === (url === undefined))
    throw context.error(
      'request.invalid',
      '/action: name a webhook of the account, or an address for this trigger alone.',
    );
  if (fallbackUrl !== undefined && url === undefined)
    throw context.error('request.invalid', '/action/fallbackUrl: a webhook that is named has its own.');
  for (const address of [url, fallbackUrl]) {
    const refusal = address === undefined ? undefined : await callbacks.refusalOf(address);
    if (refusal !== undefined)
      throw context.error('callback.address_forbidden', `/action: ${address}: ${refusal}.`);
  }
}

/**
 * The action as it is kept: an address became a webhook of the trigger's own, with a secret that is shown this once (TRG-2).
 * What the trigger called by itself before is called no more.
 */
export async function settledAction(
  context: Refusing,
  { action, accountId, triggerId }: Owner & { readonly action: RequestedAction },
  { callbacks }: Pick<TriggersPorts, 'callbacks'>,
): Promise<{ readonly action: Action; readonly secret?: string | undefined }> {
  const owner = { accountId, triggerId };
  if (action.kind !== 'callback') {
    await callbacks.remove(owner);
    return { action };
  }
  const { kind, webhookId, url, fallbackUrl } = action;
  if (url !== undefined) {
    const own = await callbacks.put({ ...owner, url, fallbackUrl });
    return { action: { kind, webhookId: own.webhookId }, secret: own.secret };
  }
  const named = webhookId === undefined ? undefined : await callbacks.find({ accountId, webhookId });
  if (webhookId === undefined || named === undefined)
    throw context.error(
      'triggers.webhook_unknown',
      `/action/webhookId: this account has no webhook ${webhookId}.`,
    );
  if (named.triggerId === triggerId) return { action: { kind, webhookId } };
  const bound = named.triggerId ?? named.service;
  if (bound !== undefined)
    throw context.error(
      'triggers.webhook_unknown',
      `/action/webhookId: ${webhookId} is the callback of ${bound}, and called by nothing else.`,
    );
  await callbacks.remove(owner);
  return { action: { kind, webhookId } };
}
