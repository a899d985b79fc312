import type { LogicDocument } from '@patchbay/domain/logic/verbs';

/** No answer is believed for longer, whatever it says of itself. */
const FRESH_MS_MAX = 3_600_000;
const BYTES_MAX = 8_388_608;

export interface KeptDocument {
  readonly document: LogicDocument;
  readonly sizeBytes: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly freshUntilMs: number;
}

/**
 * Documents that their servers let be kept (RFC 9111): until they are stale nobody is asked, and afterwards only whether they
 * changed. Of a process; what was used longest ago goes first.
 */
export class DocumentCache {
  readonly #kept = new Map<string, KeptDocument>();
  #sizeBytes = 0;

  find(key: string): KeptDocument | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  /** Keeps what an answer lets be kept, and forgets what it does not. */
  keep(
    key: string,
    { document, sizeBytes }: Pick<KeptDocument, 'document' | 'sizeBytes'>,
    { headers, nowMs }: { readonly headers: Readonly<Record<string, string>>; readonly nowMs: number },
  ): void {
    this.#forget(key);
    const words = (headers['cache-control'] ?? '')
      .toLowerCase()
      .split(',')
      .map((word) => word.trim());
    const { etag, 'last-modified': lastModified } = headers;
    const freshMs = words.includes('no-cache') ? 0 : freshMsOf(words);
    const isOfUse = freshMs > 0 || etag !== undefined || lastModified !== undefined;
    if (words.includes('no-store') || !isOfUse || sizeBytes > BYTES_MAX) return;
    this.#kept.set(key, { document, sizeBytes, etag, lastModified, freshUntilMs: nowMs + freshMs });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#sizeBytes <= BYTES_MAX) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#sizeBytes -= this.#kept.get(key)?.sizeBytes ?? 0;
    this.#kept.delete(key);
  }
}

function freshMsOf(words: readonly string[]): number {
  const seconds = words.flatMap((word) => /^max-age="?(\d{1,9})"?$/.exec(word)?.[1] ?? [])[0];
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1_000, FRESH_MS_MAX);
}
