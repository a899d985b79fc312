import type { LogicKind } from '@patchbay/domain/logic/definition';
import type { ReadDocument } from '@patchbay/domain/logic/document';
import { logicLimits } from '@patchbay/domain/logic/limits';
import type { FetchAttempt, FetchedLogic } from '@patchbay/domain/logic/logic-request';
import type { LogicDocument } from '@patchbay/domain/logic/verbs';
import {
  type SafeRequest,
  type SafeRequestOptions,
  type SafeResponse,
  safeSender,
} from '../outgoing/safe-request.ts';
import { DocumentCache } from './document-cache.ts';
import { type AskedLogic, requestFor } from './requests.ts';

/** Of one address, a repeat and all hops included (C32, C33). */
const TOTAL_MS_MAX = 15_000;
/** One, and one more where that could help. */
const TRY_COUNT_MAX = 2;
const HOP_COUNT_MAX = 3;
/** Of one account at a time: whose server hangs holds up nobody else. */
const AT_ONCE_MAX = 20;
const AT_ONCE_OF_ALL_MAX = 500;

export interface LogicFetcherOptions extends Pick<SafeRequestOptions, 'rule' | 'resolve'> {
  readonly nowMs: () => number;
  readonly read: (kind: LogicKind, text: string) => ReadDocument;
  /** Every request that was made. */
  readonly onAsked: (accountId: string, outcome: 'succeeded' | 'failed') => void;
  /** Default: {@link TOTAL_MS_MAX}. */
  readonly totalMsMax?: number;
}

export type FetchLogic = (
  asked: AskedLogic & { readonly url: string; readonly fallbackUrl: string | undefined },
) => Promise<FetchedLogic>;

type Asked = Parameters<FetchLogic>[0];
type Answer =
  | { readonly document: LogicDocument; readonly url: string }
  | { readonly problem: string; readonly isInvalid: boolean; readonly mayHelpAgain: boolean };

/**
 * Fetches documents of application logic from where customers say: signed, bounded in time and size, through the one way out
 * that goes nowhere private, once more where that could help, and then from the fallback (HKS-3).
 */
export function logicFetcher(options: LogicFetcherOptions): FetchLogic {
  const { nowMs, onAsked, read, totalMsMax = TOTAL_MS_MAX } = options;
  const cache = new DocumentCache();
  const underWay = new Map<string, number>();
  let underWayOfAll = 0;

  async function fromTarget(
    asked: Asked,
    url: string,
    tell: (attempt: Omit<FetchAttempt, 'target'>) => void,
  ) {
    const endsAtMs = nowMs() + totalMsMax;
    let answer: Answer | undefined;
    for (let tries = 0; tries < TRY_COUNT_MAX; tries++) {
      answer = await oneTry(asked, url, { endsAtMs, tell });
      if ('document' in answer || !answer.mayHelpAgain || nowMs() >= endsAtMs) break;
    }
    return answer;
  }

  /** One request, with the hops that it is sent on. */
  async function oneTry(
    asked: Asked,
    startUrl: string,
    { endsAtMs, tell }: { endsAtMs: number; tell: (attempt: Omit<FetchAttempt, 'target'>) => void },
  ): Promise<Answer> {
    const key = JSON.stringify([asked.accountId, asked.kind, startUrl]);
    const kept = cache.find(key);
    if (kept !== undefined && nowMs() < kept.freshUntilMs) {
      tell({ url: startUrl, latencyMs: 0, isCached: true });
      return { document: kept.document, url: startUrl };
    }
    let request = requestFor(asked, startUrl, nowMs());
    if (kept !== undefined) request = { ...request, headers: { ...request.headers, ...validatorsOf(kept) } };
    for (let hops = 0; ; hops++) {
      const send = safeSender({
        ...options,
        totalMsMax: Math.max(1, endsAtMs - nowMs()),
        responseBytesMax: logicLimits.documentBytesMax,
        keptBytesMax: logicLimits.documentBytesMax,
      });
      const response = await send(request);
      const { status, error, latencyMs, headers = {} } = response;
      const isUnchanged = status === 304 && kept !== undefined;
      const next = isUnchanged ? undefined : nextHop(asked, { request, response, nowMs: nowMs() });
      const isTaken = error === undefined || isUnchanged || next !== undefined;
      onAsked(asked.accountId, isTaken ? 'succeeded' : 'failed');
      const seen = { url: request.url, status, latencyMs, ...(isUnchanged ? { isCached: true } : {}) };
      if (isUnchanged) {
        tell(seen);
        cache.keep(key, kept, { headers: { ...validatorsHeld(kept), ...headers }, nowMs: nowMs() });
        return { document: kept.document, url: startUrl };
      }
      if (next !== undefined && hops < HOP_COUNT_MAX) {
        tell(seen);
        request = next;
        continue;
      }
      if (error !== undefined) {
        tell({ ...seen, error });
        return {
          problem: problemOf(response),
          isInvalid: error === 'response_too_large',
          mayHelpAgain: mayHelp(response),
        };
      }
      const text = response.response ?? '';
      const document = read(asked.kind, text);
      if ('problem' in document) {
        tell({ ...seen, error: 'document_invalid' });
        return { problem: document.problem, isInvalid: true, mayHelpAgain: false };
      }
      tell(seen);
      // What another address answered is not this one's to be kept.
      if (hops === 0) cache.keep(key, { ...document, sizeBytes: text.length }, { headers, nowMs: nowMs() });
      return { ...document, url: request.url };
    }
  }

  async function fetch(asked: Asked): Promise<FetchedLogic> {
    const attempts: FetchAttempt[] = [];
    const targets = [
      ['main', asked.url],
      ...(asked.fallbackUrl === undefined || asked.fallbackUrl === asked.url
        ? []
        : [['fallback', asked.fallbackUrl] as const]),
    ] as const;
    let failed: Extract<Answer, { problem: string }> | undefined;
    for (const [target, url] of targets) {
      const answer = await fromTarget(asked, url, (attempt) => attempts.push({ ...attempt, target }));
      if (answer === undefined) continue;
      if ('document' in answer) return { kind: 'document', ...answer, attempts };
      failed = answer;
    }
    return {
      kind: 'failed',
      failure: failed?.isInvalid === true ? 'invalid' : 'unreachable',
      detail: failed?.problem ?? 'Nobody was asked.',
      attempts,
    };
  }

  return async (asked) => {
    const { accountId } = asked;
    const count = underWay.get(accountId) ?? 0;
    if (count >= AT_ONCE_MAX || underWayOfAll >= AT_ONCE_OF_ALL_MAX)
      return {
        kind: 'failed',
        failure: 'limit_reached',
        detail: `${count} documents of this account are being waited for already.`,
        attempts: [],
      };
    underWay.set(accountId, count + 1);
    underWayOfAll += 1;
    try {
      return await fetch(asked);
    } finally {
      underWayOfAll -= 1;
      const left = (underWay.get(accountId) ?? 1) - 1;
      if (left === 0) underWay.delete(accountId);
      else underWay.set(accountId, left);
    }
  };
}

/** The same request at the address that an answer names, signed for it; undefined where it names none (RFC 9110 §15.4). */
function nextHop(
  asked: Asked,
  { request, response, nowMs }: { request: SafeRequest; response: SafeResponse; nowMs: number },
): SafeRequest | undefined {
  const { location } = response.headers ?? {};
  const isRedirect = [301, 302, 303, 307, 308].includes(response.status ?? 0);
  const url = location === undefined ? null : URL.parse(location, request.url);
  if (!isRedirect || url === null) return undefined;
  // Not as browsers do: what was asked is asked again, with its body, for without it there is nobody to answer about.
  return requestFor(asked, url.href, nowMs);
}

const validatorsOf = ({
  etag,
  lastModified,
}: {
  etag: string | undefined;
  lastModified: string | undefined;
}) => ({
  ...(etag === undefined ? {} : { 'if-none-match': etag }),
  ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
});

const validatorsHeld = ({
  etag,
  lastModified,
}: {
  etag: string | undefined;
  lastModified: string | undefined;
}) => ({
  ...(etag === undefined ? {} : { etag }),
  ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
});

function problemOf({ status, error }: SafeResponse): string {
  if (error === 'status') return `The server answered ${status}.`;
  if (error === 'redirect') return `The server sent on more than ${HOP_COUNT_MAX} times, or to nowhere.`;
  return `The server was not reached, or did not answer whole: ${error}.`;
}

/** What a second try could mend: a connection that broke, and a server that says it is its own fault (RFC 9110 §15.6). */
const mayHelp = ({ error, status = 0 }: SafeResponse): boolean =>
  error === 'status'
    ? status >= 500 || status === 429
    : error === 'connect_failed' || error === 'connect_timeout' || error === 'response_cut';
