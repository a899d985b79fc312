import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook, type WebhookEvent } from '@patchbay/sdk-node';

/** A customer's server for webhooks: it takes what verifies, as the SDK's helper says, and refuses the rest. */
export async function startEventReceiver() {
  const taken: WebhookEvent[] = [];
  let secret = '';
  let refusedCount = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      try {
        taken.push(
          verifyWebhook({ secret, headers: request.headers, body: Buffer.concat(chunks).toString() }),
        );
        response.writeHead(204).end();
      } catch {
        refusedCount += 1;
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    taken: taken as readonly WebhookEvent[],
    refusedCount: () => refusedCount,
    learnSecret: (shown: string) => {
      secret = shown;
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

export type EventReceiver = Awaited<ReturnType<typeof startEventReceiver>>;
