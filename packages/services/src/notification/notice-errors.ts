import type { ErrorDefinition } from '@patchbay/kit/errors';

const ofClient = { owner: 'client', retry: 'never' } as const;

/** What whoever tells an endpoint something may be refused. */
export const noticeErrors = {
  notice_too_large: {
    ...{ ...ofClient, status: 413, title: 'The notice is larger than every way carries.' },
    remedy: 'Title, body and data have 3,000 bytes together. Send what is large by reference, in data.',
  },
  too_many_waiting: {
    status: 429,
    title: 'As many notices of this account wait as may.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Wait until some are done, or cancel some. Notices of other accounts do not count.',
  },
  notice_over: {
    ...{ ...ofClient, status: 409, title: 'The notice is over.' },
    remedy: 'Nothing of it can be cancelled any more: it went out on its last way, or its time is over.',
  },
  too_many_targets: {
    ...{ ...ofClient, status: 409, title: 'The endpoint is reached at as many places as it may.' },
    remedy: 'Remove subscriptions of devices that are not used any more. An endpoint has 20 at most.',
  },
  target_refused: {
    ...{ ...ofClient, status: 422, title: 'Nothing is sent to this address.' },
    remedy:
      'Give the subscription as the browser made it: with https, at a push service that is reached from everywhere.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
