import type { Snippet } from '@patchbay/ui/code-panel';

/** A server that takes events, as it stands. */
export const handlerSnippets: readonly Snippet[] = [
  {
    name: 'Next.js',
    code: `import { webhookHandler } from '@patchbay/sdk-node';

export const POST = webhookHandler(process.env.PATCHBAY_WEBHOOK_SECRET, {
  'signaling.session.ended': (event) => console.log(event.id, event.data.code),
});`,
  },
  {
    name: 'Express',
    code: `import express from 'express';
import { webhookHandler } from '@patchbay/sdk-node';

// Before express.json(): the signature is over the bytes as they come.
express()
  .post('/hooks', webhookHandler(process.env.PATCHBAY_WEBHOOK_SECRET, {
    '*': (event) => console.log(event.type, event.id),
  }))
  .listen(3000);`,
  },
  {
    name: 'Node',
    code: `import { createServer } from 'node:http';
import { webhookHandler } from '@patchbay/sdk-node';

createServer(
  webhookHandler(process.env.PATCHBAY_WEBHOOK_SECRET, {
    '*': (event) => console.log(event.type, event.id),
  }),
).listen(3000);`,
  },
];

/** Brings events to the developer's own machine. */
export const listenCommand = (accountId: string): string =>
  `npx patchbay listen --to localhost:3000/hooks --account ${accountId}`;
