import type { Outputs } from '../../trpc/client.ts';

export type Webhook = Outputs['webhooks']['list']['items'][number];
