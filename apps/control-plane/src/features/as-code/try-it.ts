/** Where the sample of somebody's own account is served: beside the one that `npm start` started. */
const SAMPLE_PORT = 3100;

export const ownSampleUrl = `http://127.0.0.1:${SAMPLE_PORT}`;

/** What a key is tried with, in a clone of the repository, once its variables stand in the shell. */
export const tryIt = {
  cli: 'npx patchbay ice --ttl 600',
  sample: `PORT=${SAMPLE_PORT} npx node apps/samples/video-call/server.ts`,
  /** The whole of a server that lets somebody's browsers in. */
  server: [
    "import { createServer } from 'node:http';",
    "import { Patchbay, tokenHandler } from '@patchbay/sdk-node';",
    '',
    'const pb = new Patchbay(); // reads PATCHBAY_URL, PATCHBAY_KEY and its kin',
    "createServer(tokenHandler(pb, () => ({ identity: 'bob' }))).listen(3200);",
  ].join('\n'),
} as const;
