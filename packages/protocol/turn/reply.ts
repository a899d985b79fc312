import { attributeType } from '../stun/attribute-type.ts';
import { encodeErrorCode } from '../stun/error-code.ts';
import type { Integrity } from '../stun/integrity.ts';
import {
  type Attribute,
  encodeMessage,
  findAttribute,
  type MessageDraft,
  method,
  type StunMessage,
} from '../stun/message.ts';
import { encodePasswordAlgorithms } from '../stun/password-algorithm.ts';
import { encodeText } from '../stun/text-attribute.ts';
import { transportAddressKey } from '../stun/transport-address.ts';
import type { Action } from './action.ts';
import type { ClientPath } from './data-path.ts';
import { sourceOf } from './source.ts';
import type { TurnState } from './state.ts';

/** A request on its way through the core. */
export interface Request {
  readonly message: StunMessage;
  readonly client: ClientPath;
  /** Equal for requests of one 5-tuple. */
  readonly clientKey: string;
  readonly nowMs: number;
}

/** A request whose sender is known, and how to sign answers to it: not at all where its address vouches for it. */
export interface SignedRequest extends Request {
  readonly integrity: Integrity | undefined;
}

export interface AttributeDraft {
  readonly type: number;
  readonly value: Uint8Array;
}

export const clientKeyOf = ({ listenerId, transport, address }: ClientPath): string =>
  `${transport}${listenerId} ${transportAddressKey(address)}`;

const responseKeyOf = ({ clientKey, message }: Request): string =>
  `${clientKey} ${Buffer.from(message.transactionId).toString('latin1')}`;

/** No unauthenticated answer is longer than this many times its question (R6). */
const amplificationMax = 3;

function draftOf(
  request: Request,
  messageClass: 'success' | 'error',
  attributes: readonly AttributeDraft[],
): MessageDraft {
  const { message } = request;
  return {
    method: message.method,
    messageClass,
    transactionId: message.transactionId,
    attributes,
    // S20: a fingerprint is answered with a fingerprint.
    hasFingerprint: findAttribute(message, attributeType.fingerprint) !== undefined,
  };
}

/** An answer to a request that nobody has vouched for: small, limited by address, and remembered nowhere. */
export function replyUnsigned(
  state: TurnState,
  request: Request,
  reply: { readonly messageClass: 'success' | 'error'; readonly attributes: readonly AttributeDraft[] },
): Action {
  const lengthMax = amplificationMax * request.message.bytes.length;
  let bytes = encodeMessage(draftOf(request, reply.messageClass, reply.attributes));
  if (bytes.length > lengthMax) {
    // The phrase is for people; the code says as much.
    const bare = reply.attributes.map(({ type, value }) =>
      type === attributeType.errorCode ? { type, value: value.subarray(0, 4) } : { type, value },
    );
    bytes = encodeMessage(draftOf(request, reply.messageClass, bare));
  }
  if (bytes.length > lengthMax) return { type: 'drop', reason: 'amplification' };
  const source = sourceOf(request.client.address.ip);
  const limit = request.message.method === method.binding ? state.discoveries : state.challenges;
  if (!limit.isAllowed(source, request.nowMs)) return { type: 'drop', reason: 'challenge-limit' };
  return { type: 'send', client: request.client, bytes };
}

export function refuseUnsigned(
  state: TurnState,
  request: Request,
  error: { readonly code: number; readonly phrase: string; readonly attributes?: readonly AttributeDraft[] },
): Action {
  const attributes = [
    { type: attributeType.errorCode, value: encodeErrorCode(error) },
    ...(error.attributes ?? []),
  ];
  return replyUnsigned(state, request, { messageClass: 'error', attributes });
}

/** 401 and 438 bring what the next try needs (RFC 8489 §9.2.4). */
export function challenge(
  state: TurnState,
  request: Request,
  error: { readonly code: 401 | 438; readonly phrase: string },
): Action {
  const { options, nonces } = state;
  const attributes: AttributeDraft[] = [
    { type: attributeType.errorCode, value: encodeErrorCode(error) },
    { type: attributeType.realm, value: encodeText(options.realm) },
    { type: attributeType.nonce, value: encodeText(nonces.mint(request.client.address, request.nowMs)) },
  ];
  if (options.isSha256Offered === true) {
    attributes.push({ type: attributeType.passwordAlgorithms, value: offeredAlgorithms });
  }
  return replyUnsigned(state, request, { messageClass: 'error', attributes });
}

/** In order of preference. */
export const offeredAlgorithms = encodePasswordAlgorithms(['sha256', 'md5']);

function replySigned(
  state: TurnState,
  request: SignedRequest,
  reply: { readonly messageClass: 'success' | 'error'; readonly attributes: readonly AttributeDraft[] },
): Action {
  const draft = draftOf(request, reply.messageClass, reply.attributes);
  const bytes = encodeMessage({ ...draft, integrity: request.integrity });
  state.responses.keep(responseKeyOf(request), bytes, request.nowMs);
  return { type: 'send', client: request.client, bytes };
}

export const succeed = (
  state: TurnState,
  request: SignedRequest,
  attributes: readonly AttributeDraft[],
): Action => replySigned(state, request, { messageClass: 'success', attributes });

export function refuse(
  state: TurnState,
  request: SignedRequest,
  error: { readonly code: number; readonly phrase: string; readonly attributes?: readonly AttributeDraft[] },
): Action {
  const attributes = [
    { type: attributeType.errorCode, value: encodeErrorCode(error) },
    ...(error.attributes ?? []),
  ];
  return replySigned(state, request, { messageClass: 'error', attributes });
}

/** The answer already given to this very transaction, if any (S18). */
export function answeredBefore(state: TurnState, request: Request): Action | undefined {
  const bytes = state.responses.find(responseKeyOf(request), request.nowMs);
  return bytes === undefined ? undefined : { type: 'send', client: request.client, bytes };
}

export const attributeOf = (request: Request, type: number): Attribute | undefined =>
  findAttribute(request.message, type);
