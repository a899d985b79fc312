import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { logicLimits } from './limits.ts';

const mappingId = idSchema('lgm');
const applicationId = idSchema('app');
const endpointId = idSchema('end');
const url = z.url({ protocol: /^https?$/ }).max(2_048);

/** `json`: a signed request as webhooks are, answered with a document. `twiml`: form fields and XML, as other platforms have them. */
export const logicKinds = ['json', 'twiml'] as const;
export type LogicKind = (typeof logicKinds)[number];

const mapping = z.object({
  id: idField('lgm'),
  /** Of an application's endpoints. */
  applicationId: idField('app').optional(),
  /** Of one endpoint. With neither, of all endpoints of the account that have none of their own. */
  endpointId: idField('end').optional(),
  kind: z.enum(logicKinds),
  url: z.string(),
  fallbackUrl: z.string().optional(),
  createdAt: z.iso.datetime(),
});

const step = z.object({
  /** Its place in the document, from 0. */
  index: z.int(),
  verb: z.string(),
  detail: z.string(),
  /** What it counts. */
  meters: z.array(
    z.object({
      meter: z.string(),
      quantity: z.int(),
      unit: z.string(),
      /** Once, or for each minute that it lasts. */
      per: z.enum(['step', 'minute']),
      /** What the account pays for it, in its currency; absent where nobody set a price. */
      price: z.object({ amount: z.string(), currency: z.string() }).optional(),
    }),
  ),
});

const told = { mappingId: idField('lgm') };

export const logic = defineDomain({
  name: 'logic',
  title: 'Application logic',
  summary:
    'Documents of yours that decide what happens to each call: where they are fetched, and what they do (HKS-3).',
  events: {
    'mapping.set': z.object({ ...told, url: z.string() }),
    'mapping.removed': z.object(told),
    'secret.rotated': z.object({}),
  },
  errors: {
    document_invalid: {
      status: 422,
      title: 'The document of application logic cannot be read.',
      owner: 'client',
      retry: 'never',
      remedy: 'Mend what `detail` names; the JSON Schema of documents is at /v1/logic-schema.json.',
    },
    verb_unavailable: {
      status: 422,
      title: 'The document has a verb that nothing can carry out.',
      owner: 'client',
      retry: 'never',
      remedy: 'Leave out the verb that `detail` names: the service that it needs is not there yet.',
    },
    too_many: {
      status: 422,
      title: 'The account has as many addresses of application logic as it may have.',
      owner: 'client',
      retry: 'never',
      remedy: 'Set one for an application, or for the account, instead of one for each endpoint.',
    },
  },
  meters: {
    fetches: {
      unit: 'count',
      summary: 'Requests for documents of application logic, repeats and fallbacks included.',
      dimensions: { outcome: ['succeeded', 'failed'] },
    },
  },
  resources: {
    logic: {
      title: 'Application logic',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/logic',
          summary: 'Read where application logic of this account is fetched.',
          access: 'read',
          request: pageRequest.extend({
            applicationId: applicationId.optional(),
            endpointId: endpointId.optional(),
            /** `account`: the one for all calls of the account, if there is one. */
            place: z.enum(['any', 'account']).default('any'),
          }),
          response: pageOf(mapping),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/logic/{mappingId}',
          summary: 'Read one address of application logic.',
          access: 'read',
          request: z.object({ mappingId }),
          response: mapping,
          errors: [],
        },
        set: {
          method: 'PUT',
          path: '/logic',
          summary:
            'Set where the logic is fetched that decides about calls to an endpoint, to the endpoints of an application, or to all of the account. The first answer of an account has its secret.',
          access: 'develop',
          request: z.strictObject({
            applicationId: applicationId.optional(),
            endpointId: endpointId.optional(),
            kind: z.enum(logicKinds).default('json'),
            url,
            /** Asked when `url` did not answer with a document. */
            fallbackUrl: url.optional(),
          }),
          response: mapping.extend({
            /** That signs the requests: in the answer in which it came to be, and nowhere else. */
            secret: z.string().optional(),
          }),
          errors: ['resource.unknown', 'callback.address_forbidden', 'logic.too_many'],
        },
        remove: {
          method: 'DELETE',
          path: '/logic/{mappingId}',
          summary: 'Ask no logic there any more.',
          access: 'develop',
          request: z.object({ mappingId }),
          response: z.object({ id: idField('lgm') }),
          errors: [],
        },
        rotateSecret: {
          method: 'POST',
          path: '/logic-secret',
          summary:
            'Make a new secret for the requests of this account. The one before signs as well for as long as is said; of twiml, where one signature goes along, the new one signs at once.',
          access: 'administer',
          request: z.strictObject({ previousHours: z.int().min(0).max(168).default(24) }),
          response: z.object({ secret: z.string(), previousEndsAt: z.iso.datetime().optional() }),
          errors: [],
        },
        dryRun: {
          method: 'POST',
          path: '/logic-runs',
          summary:
            'Carry a document out without a call: what it would do, step by step, and what each step costs.',
          access: 'read',
          request: z.strictObject({
            kind: z.enum(logicKinds).default('json'),
            /** As it would be fetched: JSON, or XML. */
            document: z.string().min(1).max(logicLimits.documentBytesMax),
            /** Of whatever is dialled. */
            dialStatus: z
              .enum(['answered', 'no_answer', 'busy', 'rejected', 'unreachable'])
              .default('no_answer'),
          }),
          response: z.object({
            steps: z.array(step),
            /** How it ends, in a sentence. */
            outcome: z.string(),
          }),
          errors: ['logic.document_invalid', 'logic.verb_unavailable'],
        },
      },
    },
  },
});
