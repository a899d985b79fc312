import { type KeyAlgorithm, longTermKey, userhashOf } from '../stun/long-term-key.ts';
import type { TurnCoreBounds } from './core-options.ts';
import type { ClientPath } from './data-path.ts';
import { type Grant, isRevoked, type Resolution, type RevocationScope } from './grant.ts';

/** What a proof is held against: the keys of a password, made as they are needed. */
export interface Provable {
  keyFor(algorithm: KeyAlgorithm): Uint8Array;
}

/** A credential the platform has vouched for. */
export interface KnownCredential extends Provable {
  readonly username: string;
  readonly grant: Grant;
}

/** A request that waits for its credential. */
export interface Parked {
  readonly client: ClientPath;
  readonly bytes: Uint8Array;
}

export type CredentialEntry =
  | { readonly state: 'known'; readonly credential: KnownCredential; readonly untilMs: number }
  | {
      readonly state: 'refused';
      readonly code: number;
      readonly reason: string;
      /** Whoever proves it may know the reason. */
      readonly provable: Provable | undefined;
      readonly untilMs: number;
    };

/** A question that the platform has not answered yet. */
interface Question {
  readonly parked: Parked[];
  readonly isFamiliar: boolean;
  /** Revocations heard before the question do not concern its answer: this is how many there were. */
  readonly revocationCount: number;
  readonly untilMs: number;
}

interface Revocation {
  readonly scope: RevocationScope;
  readonly detail: string;
}

export interface CredentialCache {
  find(username: string, nowMs: number): CredentialEntry | undefined;
  /** Whether the platform is being asked about the username. */
  isAsked(username: string): boolean;
  /** The username behind a USERHASH, where it has been resolved before. */
  usernameOf(userhash: Uint8Array): string | undefined;
  /** Notes that the platform was asked, or that one more request waits. False when a bound is reached. */
  ask(
    username: string,
    parked: Parked,
    at: { readonly isFamiliar: boolean; readonly nowMs: number },
  ): boolean;
  /** Takes the answer in and gives back what waited for it. An answer that nobody waits for changes nothing. */
  answer(username: string, resolution: Resolution, nowMs: number): readonly Parked[];
  /** Forgets what a revocation reaches, and holds the answers still to come against it. */
  revoke(scope: RevocationScope, detail: string): void;
  /** Forgets what is known of an account's credentials, so that the next request asks anew. */
  forget(accountId: string): void;
  sweep(nowMs: number): void;
}

/** A question is given up after this long: whoever asks the platform gives up far sooner and says so. */
const questionLostMs = 120_000;
/** Revocations remembered while questions are open. Above it the open questions are answered with 500. */
const revocationCountMax = 10_000;

/**
 * Keeps what the platform said about usernames, for a while and up to a bound: the oldest goes first. What is known,
 * what was refused and what was asked have bounds of their own, so that invented usernames push out no honest one.
 */
export function createCredentialCache(realm: string, bounds: TurnCoreBounds): CredentialCache {
  const known = new Map<string, Extract<CredentialEntry, { state: 'known' }>>();
  const refused = new Map<string, Extract<CredentialEntry, { state: 'refused' }>>();
  const usernames = new Map<string, string>();
  const questions = createQuestions(bounds);
  const hashText = (hash: Uint8Array) => Buffer.from(hash).toString('latin1');
  const removeKnown = (username: string) => {
    known.delete(username);
    usernames.delete(hashText(userhashOf(username, realm)));
  };
  const keepKnown = (
    username: string,
    { grant, password }: Extract<Resolution, { ok: true }>,
    nowMs: number,
  ) => {
    known.delete(username);
    for (const oldest of known.keys()) {
      if (known.size < bounds.credentialCountMax) break;
      removeKnown(oldest);
    }
    const credential = createKnownCredential({ username, realm, password }, grant);
    known.set(username, { state: 'known', credential, untilMs: nowMs + bounds.credentialKeepMs });
    usernames.set(hashText(userhashOf(username, realm)), username);
  };
  const keepRefused = (
    username: string,
    { code, reason, password }: Extract<Resolution, { ok: false }>,
    nowMs: number,
  ) => {
    refused.delete(username);
    for (const oldest of refused.keys()) {
      if (refused.size < bounds.refusalCountMax) break;
      refused.delete(oldest);
    }
    const provable = password === undefined ? undefined : createProvable({ username, realm, password });
    refused.set(username, {
      state: 'refused',
      code,
      reason,
      provable,
      untilMs: nowMs + bounds.refusalKeepMs,
    });
  };
  return {
    find(username, nowMs) {
      const entry = known.get(username) ?? refused.get(username);
      return entry === undefined || entry.untilMs <= nowMs ? undefined : entry;
    },
    isAsked: questions.isOpen,
    usernameOf: (userhash) => usernames.get(hashText(userhash)),
    ask: questions.ask,
    answer(username, resolution, nowMs) {
      const closed = questions.close(username, resolution);
      if (closed === undefined) return [];
      removeKnown(username);
      refused.delete(username);
      if (closed.resolution.ok) keepKnown(username, closed.resolution, nowMs);
      else keepRefused(username, closed.resolution, nowMs);
      return closed.parked;
    },
    revoke(scope, detail) {
      for (const [username, { credential }] of known) {
        if (isRevoked(credential.grant, scope)) removeKnown(username);
      }
      questions.revoke({ scope, detail });
    },
    forget(accountId) {
      for (const [username, { credential }] of known)
        if (credential.grant.accountId === accountId) removeKnown(username);
    },
    sweep(nowMs) {
      for (const [username, { untilMs }] of known) if (untilMs <= nowMs) removeKnown(username);
      for (const [username, { untilMs }] of refused) if (untilMs <= nowMs) refused.delete(username);
      questions.sweep(nowMs);
    },
  };
}

/** RFC 8489 §14.8: 500 tells the client to try again. */
const unsure: Resolution = { ok: false, code: 500, reason: 'Too much was revoked meanwhile. Try again.' };

/**
 * The questions that are open. A revocation that comes while one is on its way may have missed what the platform read
 * before it, so each answer is held against all that was revoked since its question (ACC-7, POL-5).
 */
function createQuestions(bounds: TurnCoreBounds) {
  const open = new Map<string, Question>();
  let strangeCount = 0;
  let parkedCount = 0;
  let parkedBytes = 0;
  let revocations: Revocation[] = [];
  /** Revocations heard since the relay began: those remembered are the last of them. */
  let revocationCount = 0;

  const remove = (username: string): Question | undefined => {
    const question = open.get(username);
    if (question === undefined) return undefined;
    open.delete(username);
    if (!question.isFamiliar) strangeCount--;
    parkedCount -= question.parked.length;
    for (const { bytes } of question.parked) parkedBytes -= bytes.length;
    if (open.size === 0) revocations = [];
    return question;
  };
  const park = (parked: Parked, waiting: Parked[]): boolean => {
    const { length } = parked.bytes;
    const isFull =
      waiting.length >= bounds.parkedPerCredentialMax ||
      parkedCount >= bounds.parkedCountMax ||
      parkedBytes + length > bounds.parkedBytesMax;
    if (isFull) return false;
    waiting.push(parked);
    parkedCount++;
    parkedBytes += length;
    return true;
  };
  const settled = (question: Question, resolution: Resolution): Resolution => {
    if (!resolution.ok) return resolution;
    const since = revocationCount - question.revocationCount;
    if (since > revocations.length) return unsure;
    const reached = revocations
      .slice(revocations.length - since)
      .find(({ scope }) => isRevoked(resolution.grant, scope));
    if (reached === undefined) return resolution;
    // As the platform answers after the revocation: who is not known any more gets 401, who may not 403.
    const isUnknown = 'credentialId' in reached.scope || 'keyId' in reached.scope;
    return { ok: false, code: isUnknown ? 401 : 403, reason: reached.detail };
  };
  return {
    isOpen: (username: string) => open.has(username),
    ask(
      username: string,
      parked: Parked,
      at: { readonly isFamiliar: boolean; readonly nowMs: number },
    ): boolean {
      const asked = open.get(username);
      if (asked !== undefined) return park(parked, asked.parked);
      const { isFamiliar, nowMs } = at;
      if (open.size >= bounds.questionCountMax) return false;
      if (!isFamiliar && strangeCount >= bounds.strangeQuestionCountMax) return false;
      const waiting: Parked[] = [];
      if (!park(parked, waiting)) return false;
      open.set(username, { parked: waiting, isFamiliar, revocationCount, untilMs: nowMs + questionLostMs });
      if (!isFamiliar) strangeCount++;
      return true;
    },
    close(username: string, resolution: Resolution) {
      const question = open.get(username);
      if (question === undefined) return undefined;
      const settledResolution = settled(question, resolution);
      remove(username);
      return { parked: question.parked, resolution: settledResolution };
    },
    revoke(revocation: Revocation): void {
      if (open.size === 0) return;
      revocationCount++;
      revocations.push(revocation);
      if (revocations.length > revocationCountMax) revocations.shift();
    },
    sweep(nowMs: number): void {
      for (const [username, { untilMs }] of open) if (untilMs <= nowMs) remove(username);
    },
  };
}

interface Login {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}

const createKnownCredential = (login: Login, grant: Grant): KnownCredential => ({
  username: login.username,
  grant,
  ...createProvable(login),
});

function createProvable(login: Login): Provable {
  const keys = new Map<KeyAlgorithm, Uint8Array>();
  return {
    keyFor(algorithm) {
      let key = keys.get(algorithm);
      if (key === undefined) {
        key = longTermKey(login, algorithm);
        keys.set(algorithm, key);
      }
      return key;
    },
  };
}
