import { attributeType } from '../stun/attribute-type.ts';
import { type Integrity, isIntegrityRight } from '../stun/integrity.ts';
import type { KeyAlgorithm } from '../stun/long-term-key.ts';
import { decodePasswordAlgorithm } from '../stun/password-algorithm.ts';
import { decodeText, textLengthBytesMax } from '../stun/text-attribute.ts';
import type { Action, DropReason } from './action.ts';
import type { KnownCredential, Provable } from './credential-cache.ts';
import type { Grant } from './grant.ts';
import {
  attributeOf,
  challenge,
  offeredAlgorithms,
  type Request,
  refuse,
  refuseUnsigned,
  type SignedRequest,
} from './reply.ts';
import { sourceOf } from './source.ts';
import type { TurnState } from './state.ts';

export type Authentication =
  | { readonly ok: true; readonly request: SignedRequest; readonly credential: KnownCredential }
  | { readonly ok: false; readonly actions: readonly Action[] };

const badRequest = { code: 400, phrase: 'Bad Request' };
const unauthorized = { code: 401, phrase: 'Unauthorized' } as const;
const staleNonce = { code: 438, phrase: 'Stale Nonce' } as const;

/** What stands in for the key of a username that is refused, so that its answer takes as long (S12). */
const noKey = new Uint8Array(16);

/** RFC 8489 §9.2.4: the long-term mechanism, in the order of its checks. */
export function authenticate(state: TurnState, request: Request): Authentication {
  const no = (action: Action): Authentication => ({ ok: false, actions: [action] });
  const sha256 = attributeOf(request, attributeType.messageIntegritySha256);
  const proof = sha256 ?? attributeOf(request, attributeType.messageIntegrity);
  if (proof === undefined)
    return authenticateByAddress(state, request) ?? no(challenge(state, request, unauthorized));

  const claim = readClaim(state, request);
  if (claim === undefined) return no(refuseUnsigned(state, request, badRequest));
  // Before the password: a nonce that is not ours proves that the source address is not proven either.
  if (!state.nonces.isFresh(claim.nonce, request.client.address, request.nowMs)) {
    return no(challenge(state, request, staleNonce));
  }
  if (claim.realm !== state.options.realm || claim.username === undefined) {
    return no(challenge(state, request, unauthorized));
  }

  const found = findCredential(state, request, claim.username);
  if (!found.ok) return found;
  const { provable, outcome } = found;
  const hash = sha256 === undefined ? 'sha1' : 'sha256';
  const key = provable?.keyFor(claim.algorithm) ?? noKey;
  const integrity: Integrity = { hash, key };
  const isRight = isIntegrityRight(request.message.bytes, proof, integrity);
  if (!isRight || outcome === undefined) return no(challenge(state, request, unauthorized));
  const signed = { ...request, integrity };
  if ('code' in outcome) return no(refuse(state, signed, { code: outcome.code, phrase: outcome.reason }));
  return { ok: true, request: signed, credential: outcome };
}

/**
 * Who an unsigned request counts as by where it comes from (ACC-9). Undefined: it is asked for a credential, as anybody is.
 * So is a client that has shown one, and all of an address whose account may not, or of which nobody can say: whoever else
 * is behind it, and has a credential, goes on with that.
 */
function authenticateByAddress(state: TurnState, request: Request): Authentication | undefined {
  const { ip } = request.client.address;
  const listed = state.options.listed?.(ip);
  if (listed === undefined) return undefined;
  const own = state.byClient.get(request.clientKey)?.credential;
  if (own !== undefined && own.username !== listed.username) return undefined;
  const isRefused = state.credentials.find(listed.username, request.nowMs)?.state === 'refused';
  if (own === undefined && isRefused) return undefined;
  // Its source address is not proven: what is answered to it has the bound of a challenge (R6).
  if (!state.challenges.isAllowed(sourceOf(ip), request.nowMs))
    return { ok: false, actions: [{ type: 'drop', reason: 'challenge-limit' }] };
  const found = findCredential(state, request, listed.username);
  if (!found.ok) return found;
  const { outcome } = found;
  if (outcome === undefined || 'code' in outcome) return undefined;
  return { ok: true, request: { ...request, integrity: undefined }, credential: outcome };
}

/**
 * Whose a request is that needs no authentication, where it proves a credential that is known already. A name alone
 * proves nothing: anybody could have others pay for it.
 */
export function provenGrant(state: TurnState, request: Request): Grant | undefined {
  const proof = attributeOf(request, attributeType.messageIntegrity);
  const claim = proof === undefined ? undefined : readClaim(state, request);
  if (proof === undefined || claim?.username === undefined) return undefined;
  const entry = state.credentials.find(claim.username, request.nowMs);
  if (entry?.state !== 'known') return undefined;
  // Whoever saw such a request cannot repeat it from another address.
  if (!state.nonces.isFresh(claim.nonce, request.client.address, request.nowMs)) return undefined;
  const key = entry.credential.keyFor(claim.algorithm);
  const isRight = isIntegrityRight(request.message.bytes, proof, { hash: 'sha1', key });
  return isRight ? entry.credential.grant : undefined;
}

interface Claim {
  /** Undefined for a USERHASH that nobody is known by. */
  readonly username: string | undefined;
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: KeyAlgorithm;
}

/** Undefined when an attribute is missing or wrong: 400. */
function readClaim(state: TurnState, request: Request): Claim | undefined {
  const textOf = (type: number, lengthBytesMax: number) => {
    const attribute = attributeOf(request, type);
    return attribute === undefined ? undefined : decodeText(attribute.value, lengthBytesMax);
  };
  const realm = textOf(attributeType.realm, textLengthBytesMax.realm);
  const nonce = textOf(attributeType.nonce, textLengthBytesMax.nonce);
  const algorithm = readAlgorithm(state, request);
  if (realm === undefined || nonce === undefined || algorithm === undefined) return undefined;
  const userhash = attributeOf(request, attributeType.userhash);
  const username = textOf(attributeType.username, textLengthBytesMax.username);
  if (username !== undefined) return { username, realm, nonce, algorithm };
  if (userhash === undefined || state.options.isUserhashOffered !== true) return undefined;
  return { username: state.credentials.usernameOf(userhash.value), realm, nonce, algorithm };
}

/** RFC 8489 §9.2.4: the algorithm chosen, MD5 when nothing is said, undefined when somebody bids down (S15). */
function readAlgorithm(state: TurnState, request: Request): KeyAlgorithm | undefined {
  const chosen = attributeOf(request, attributeType.passwordAlgorithm);
  const offered = attributeOf(request, attributeType.passwordAlgorithms);
  if (chosen === undefined && offered === undefined) return 'md5';
  if (chosen === undefined || offered === undefined || state.options.isSha256Offered !== true)
    return undefined;
  if (Buffer.compare(offered.value, offeredAlgorithms) !== 0) return undefined;
  return decodePasswordAlgorithm(chosen.value);
}

type Found =
  | {
      readonly ok: true;
      /** What a proof is held against; absent for a name that is answered like a wrong password. */
      readonly provable?: Provable;
      /** What whoever proves it gets: what the credential grants, or the reason why it grants nothing. */
      readonly outcome?: KnownCredential | { readonly code: number; readonly reason: string };
    }
  | { readonly ok: false; readonly actions: readonly Action[] };

/** What is known of a username, or what to do instead of answering. */
function findCredential(state: TurnState, request: Request, username: string): Found {
  // A live allocation keeps its credential, so that it outlives the cache and the platform's absence.
  const own = state.byClient.get(request.clientKey)?.credential;
  if (own?.username === username) return { ok: true, provable: own, outcome: own };
  const entry = state.credentials.find(username, request.nowMs);
  if (entry?.state === 'known') return { ok: true, provable: entry.credential, outcome: entry.credential };
  if (entry?.state === 'refused') {
    const { provable, code, reason } = entry;
    if (code === 401) return { ok: true };
    // What a key may do is nobody's business who only knows its name.
    if (provable !== undefined) return { ok: true, provable, outcome: { code, reason } };
    return {
      ok: false,
      actions: [refuseUnsigned(state, request, { code, phrase: reason })],
    };
  }
  return { ok: false, actions: [ask(state, request, username)] };
}

/** Parks the request until the platform has said who that is, unless its source has had its share of questions. */
function ask(state: TurnState, { client, message, nowMs }: Request, username: string): Action {
  const { credentials, questions, options, bounds } = state;
  const drop = (reason: DropReason): Action => ({ type: 'drop', reason });
  if (message.bytes.length > bounds.parkedDatagramBytesMax) return drop('oversize');
  const isWaiting = credentials.isAsked(username);
  const isFamiliar = options.isFamiliar?.(username) ?? false;
  const share = isFamiliar ? questions.familiar : questions.strange;
  if (!isWaiting && !share.isAllowed(sourceOf(client.address.ip), nowMs)) return drop('question-limit');
  if (!credentials.ask(username, { client, bytes: message.bytes }, { isFamiliar, nowMs }))
    return drop('busy');
  return isWaiting ? drop('resolving') : { type: 'resolveCredential', username };
}
