import { listRequest } from '../shell/list-request.ts';

export const deliveryStates = ['all', 'waiting', 'delivered', 'failed', 'cancelled'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** The first page of a webhook's deliveries, said alike by the server that fetches ahead and by the page. */
export const deliveriesRequest = (
  { accountId, webhookId }: { readonly accountId: string; readonly webhookId: string },
  state: DeliveryState,
) => ({ ...listRequest(accountId), webhookId, state });
