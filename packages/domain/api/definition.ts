import { defineDomain } from '@patchbay/kit/definition';

export const requestKinds = ['read', 'change'] as const;
/** 'refused': the caller's to mend, such as a limit. 'failed': the platform's. */
export const requestOutcomes = ['succeeded', 'refused', 'failed'] as const;
export const requestCallers = ['key', 'credential', 'user', 'callback'] as const;

/** What the platform does for an account beside its services. Nothing is served under this name: it is counted, and can have a price. */
export const api = defineDomain({
  name: 'api',
  title: 'API and hooks',
  summary: 'Requests to the API, and what webhooks are told (MET-6).',
  events: {},
  errors: {},
  meters: {
    requests: {
      unit: 'count',
      summary: 'Requests to the API of callers that are known, refused ones included.',
      dimensions: {
        resource: 'resources',
        kind: requestKinds,
        outcome: requestOutcomes,
        caller: requestCallers,
      },
    },
    callbacks: {
      unit: 'count',
      summary: 'Events that a webhook or callback took, or that were given up.',
      dimensions: { outcome: ['delivered', 'failed'] },
    },
    attempts: {
      unit: 'count',
      summary: 'Requests to webhooks and callbacks, repeats included.',
      dimensions: { outcome: ['succeeded', 'failed'] },
    },
  },
  resources: {},
});
