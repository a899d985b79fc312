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
  config: z.object({ secondsMax: z.int().optional(), mode: z.enum(['any', 'strict']).default('any') }),
  merge: { secondsMax: 'narrowest', mode: { narrowestOf: ['any', 'strict'] } },
  meters: {
    outputMs: { unit: 'millisecond', summary: '', dimensions: { codec: 'open', kind: ['file', 'stream'] } },
  },
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

test('every field of a configuration says how it is merged, as its kind of value can be (POL-2)', () => {
  const { merge, ...unmerged } = rest;
  const operations = {};
  defineService({ ...unmerged, operations, merge: { ...merge, mode: 'nearest' } });
  // @ts-expect-error A field is left out.
  defineService({ ...unmerged, operations, merge: { mode: merge.mode } });
  // @ts-expect-error Nobody knows which of two words is the narrower one.
  defineService({ ...unmerged, operations, merge: { ...merge, mode: 'narrowest' } });
  // @ts-expect-error A word that the field does not take.
  defineService({ ...unmerged, operations, merge: { ...merge, mode: { narrowestOf: ['any', 'loose'] } } });
  // @ts-expect-error A field that the configuration does not have.
  defineService({ ...unmerged, operations, merge: { ...merge, bytesMax: 'narrowest' } });
});

test('a handler can only use what its definition declares', () => {
  const handlers: Pick<Handlers<typeof service, object>, 'get'> = {
    async get(context) {
      // @ts-expect-error A meter that the definition does not declare.
      context.meter('minutes', 1, {});
      // @ts-expect-error A dimension is missing: the definition says codec and kind.
      context.meter('outputMs', 1, { codec: 'opus' });
      // @ts-expect-error A value that the dimension does not have: it is file or stream.
      context.meter('outputMs', 1, { codec: 'opus', kind: 'steam' });
      context.meter('outputMs', 1, { codec: 'any', kind: 'stream' });
      // @ts-expect-error An event that the definition does not declare.
      await context.emit('job.started', {});
      // @ts-expect-error A code that this operation does not declare, though its neighbour does.
      throw context.error('a.gone', '');
    },
  };
  expectTypeOf(handlers.get).returns.resolves.toHaveProperty('jobId');
});
