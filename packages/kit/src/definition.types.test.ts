/** What must not compile. `tsc` is the test: an expected error that does not come is an error. */
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineDomain, defineService, type Handlers } from './definition.ts';

const rest = {
  name: 'a',
  title: '',
  summary: '',
  timing: 'sync',
  media: 'none',
  config: z.object({}),
  meters: { outputMs: { unit: 'millisecond', summary: '', dimensions: ['codec', 'kind'] } },
  events: { 'job.queued': z.object({ jobId: z.string() }) },
  errors: { gone: { status: 404, title: '', owner: 'client', retry: 'never', remedy: '' } },
} as const;
const get = {
  method: 'GET',
  path: '/a/{jobId}',
  summary: '',
  access: 'read',
  request: z.object({ jobId: z.string() }),
  response: z.object({ jobId: z.string() }),
  errors: [],
} as const;
const service = defineService({ ...rest, operations: { get, list: { ...get, errors: ['a.gone'] } } });

test('a definition can only name fields and codes that exist', () => {
  // @ts-expect-error The path names a parameter that is no field of the request.
  defineService({ ...rest, operations: { get: { ...get, path: '/a/{id}' } } });
  // @ts-expect-error Neither the service nor the platform defines this code.
  defineService({ ...rest, operations: { get: { ...get, errors: ['a.nope'] } } });
  const resource = { title: '', mount: 'account' } as const;
  const domain = { name: 'a', title: '', summary: '', events: {}, errors: {} } as const;
  defineDomain({ ...domain, resources: { things: { ...resource, operations: { get } } } });
  const operations = { get: { ...get, errors: ['a.gone'] } } as const;
  // @ts-expect-error The same holds for a domain.
  defineDomain({ ...domain, resources: { things: { ...resource, operations } } });
});

test('a handler can only use what its definition declares', () => {
  const handlers: Pick<Handlers<typeof service, object>, 'get'> = {
    async get(context) {
      // @ts-expect-error A meter that the definition does not declare.
      context.meter('minutes', 1, {});
      // @ts-expect-error A dimension is missing: the definition says codec and kind.
      context.meter('outputMs', 1, { codec: 'opus' });
      // @ts-expect-error An event that the definition does not declare.
      await context.emit('job.started', {});
      // @ts-expect-error A code that this operation does not declare, though its neighbour does.
      throw context.error('a.gone', '');
    },
  };
  expectTypeOf(handlers.get).returns.resolves.toHaveProperty('jobId');
});
