import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { namespaces } from './identifier.ts';
import { transferStates } from './transfer.ts';

const endpointId = idSchema('end');
const transferId = idSchema('etr');
const applicationId = idSchema('app');
const dateTime = z.iso.datetime();
/** Such as `tel:+49301234567`. It is read by readIdentifier, which says what is wrong with it. */
const identifier = z.string().min(1).max(400);
const oneLine = (lengthMax: number) =>
  z
    .string()
    .trim()
    .max(lengthMax)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'This stands on one line, and turns no direction of text.');
const label = oneLine(100);

const endpoint = z.object({
  id: idField('end'),
  /** Who holds it. */
  accountId: idField('acc'),
  namespace: z.enum(namespaces),
  /** In the one form of all that mean the same: a number without separators, a domain in small letters. */
  identifier: z.string(),
  /** `global`: held once on the whole platform. `account`: each account names its own. */
  reach: z.enum(['global', 'account']),
  /** Of a number or an address nobody knows yet whether its holder may speak for it: `unproved`. A user or a room needs no proof. */
  proof: z.enum(['unneeded', 'unproved']),
  label: z.string(),
  applicationId: idField('app').optional(),
  /** `resting`: released, and kept for this account until `restsUntil`. */
  state: z.enum(['active', 'resting']),
  restsUntil: dateTime.optional(),
  allocatedAt: dateTime,
});

const transfer = z.object({
  id: idField('etr'),
  endpointId: idField('end'),
  identifier: z.string(),
  /** As the account that asks sees it. */
  direction: z.enum(['outgoing', 'incoming']),
  /** The account on the other side. Absent where an account above both moved it, and this one does not see the other. */
  otherAccountId: idField('acc').optional(),
  /** `moved`: an account above both did it at once, and nobody was asked. */
  state: z.enum(transferStates),
  note: z.string(),
  createdAt: dateTime,
  expiresAt: dateTime.optional(),
  endedAt: dateTime.optional(),
});

const told = { endpointId: idField('end'), identifier: z.string() };

export const endpoints = defineDomain({
  name: 'endpoints',
  title: 'Endpoints',
  summary: 'Numbers, addresses, users and rooms by their names, and which account holds each.',
  events: {
    allocated: z.object(told),
    /** Its label, or the application that it belongs to. */
    changed: z.object(told),
    released: z.object({ ...told, restsUntil: dateTime.optional() }),
    transferred: z.object({ ...told, transferId: idField('etr'), direction: transfer.shape.direction }),
    'transfer.offered': z.object({
      ...told,
      transferId: idField('etr'),
      direction: transfer.shape.direction,
      otherAccountId: idField('acc'),
      expiresAt: dateTime,
    }),
    'transfer.ended': z.object({
      ...told,
      transferId: idField('etr'),
      direction: transfer.shape.direction,
      state: z.enum(['declined', 'withdrawn']),
    }),
  },
  errors: {
    identifier_invalid: {
      status: 422,
      title: 'This is no identifier of an endpoint.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Write a number as tel:+49301234567, an address as sip:bob@example.com, a user as user:bob, a room as room:standup.',
    },
    identifier_taken: {
      status: 409,
      title: 'Somebody holds this identifier.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use another, or have its holder offer it to this account.',
    },
    identifier_resting: {
      status: 409,
      title: 'This identifier was released a short time ago, and rests.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Wait until the time that `detail` names: until then only the account that held it last takes it.',
    },
    too_many: {
      status: 409,
      title: 'The account holds as many endpoints as it may.',
      owner: 'client',
      retry: 'never',
      remedy: 'Release some that are not needed, or allocate them in another account.',
    },
    recipient_unavailable: {
      status: 422,
      title: 'This account takes no endpoint.',
      owner: 'client',
      retry: 'never',
      remedy: 'Compare the id with the one that the other account names, and ask whether it is active.',
    },
    transfer_open: {
      status: 409,
      title: 'The endpoint is on offer already.',
      owner: 'client',
      retry: 'never',
      remedy: 'Withdraw the offer first, or wait until the other account answers it.',
    },
    transfer_ended: {
      status: 409,
      title: 'The offer is over.',
      owner: 'client',
      retry: 'never',
      remedy: 'Read the transfer: its state says how it ended. A new offer can be made.',
    },
    too_many_offers: {
      status: 409,
      title: 'The account has as many offers open as it may.',
      owner: 'client',
      retry: 'never',
      remedy: 'Withdraw some, or wait until they are answered.',
    },
  },
  resources: {
    endpoints: {
      title: 'Endpoints',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/endpoints',
          summary: 'Read the endpoints that this account holds, or look one up by its identifier.',
          access: 'read',
          request: pageRequest.extend({
            identifier: identifier.optional(),
            namespace: z.enum(namespaces).optional(),
            applicationId: applicationId.optional(),
            state: z.enum(['active', 'resting', 'all']).default('active'),
            /** 'own': of this account alone. 'descendants': of all accounts below it, too. */
            scope: z.enum(['own', 'descendants']).default('own'),
          }),
          response: pageOf(endpoint),
          errors: ['endpoints.identifier_invalid'],
        },
        get: {
          method: 'GET',
          path: '/endpoints/{endpointId}',
          summary: 'Read one endpoint.',
          access: 'read',
          request: z.object({ endpointId }),
          response: endpoint,
          errors: [],
        },
        allocate: {
          method: 'POST',
          path: '/endpoints',
          summary: 'Take an identifier for this account. One that it released and that rests, it gets back.',
          access: 'develop',
          request: z.strictObject({
            identifier,
            label: label.default(''),
            applicationId: applicationId.optional(),
          }),
          response: endpoint,
          errors: [
            'resource.unknown',
            'endpoints.identifier_invalid',
            'endpoints.identifier_taken',
            'endpoints.identifier_resting',
            'endpoints.too_many',
          ],
        },
        update: {
          method: 'PATCH',
          path: '/endpoints/{endpointId}',
          summary: 'Change what an endpoint is called here, or the application that it belongs to.',
          access: 'develop',
          request: z.strictObject({
            endpointId,
            label: label.optional(),
            /** Null takes it out of its application. */
            applicationId: applicationId.nullable().optional(),
          }),
          response: endpoint,
          errors: [],
        },
        release: {
          method: 'DELETE',
          path: '/endpoints/{endpointId}',
          summary: 'Give an endpoint up. A number or an address then rests, and can be taken back meanwhile.',
          access: 'administer',
          isAllowedAtClosed: true,
          request: z.object({ endpointId }),
          response: z.object({ id: idField('end'), identifier: z.string(), restsUntil: dateTime.optional() }),
          errors: [],
        },
        transfer: {
          method: 'POST',
          path: '/endpoints/{endpointId}/transfers',
          summary:
            'Offer an endpoint to another account, which accepts or declines. Between accounts at and below this one it moves at once.',
          access: 'administer',
          isAllowedAtClosed: true,
          request: z.strictObject({
            /** Of this account, or of one below it. */
            endpointId,
            toAccountId: idSchema('acc'),
            /** For whoever decides about the offer. */
            note: oneLine(200).default(''),
            expiresInSeconds: z.int().min(60).max(2_592_000).default(604_800),
          }),
          response: transfer,
          errors: [
            'endpoints.recipient_unavailable',
            'endpoints.identifier_taken',
            'endpoints.too_many',
            'endpoints.transfer_open',
            'endpoints.too_many_offers',
          ],
        },
      },
    },
    endpointTransfers: {
      title: 'Transfers of endpoints',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/endpoint-transfers',
          summary: 'Read the endpoints that were offered to this account and by it, the newest first.',
          access: 'read',
          request: pageRequest.extend({
            direction: z.enum(['outgoing', 'incoming']).optional(),
            state: z.enum(transferStates).optional(),
            endpointId: endpointId.optional(),
          }),
          response: pageOf(transfer),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/endpoint-transfers/{transferId}',
          summary: 'Read one transfer.',
          access: 'read',
          request: z.object({ transferId }),
          response: transfer,
          errors: [],
        },
        update: {
          method: 'PATCH',
          path: '/endpoint-transfers/{transferId}',
          summary: 'Accept or decline an endpoint that is offered, or withdraw an offer of one’s own.',
          access: 'administer',
          request: z.strictObject({
            transferId,
            state: z.enum(['accepted', 'declined', 'withdrawn']),
          }),
          response: transfer,
          errors: [
            'endpoints.transfer_ended',
            'endpoints.identifier_taken',
            'endpoints.too_many',
            'request.invalid',
          ],
        },
      },
    },
  },
});
