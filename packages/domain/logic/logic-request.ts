import { z } from 'zod';
import type { LogicFailure } from './interpreter.ts';
import type { LogicDocument } from './verbs.ts';

/** What a request for a document tells of the session, as far as the account of the logic may know it (HKS-3). */
export const logicSessionSchema = z.object({
  id: z.string().max(200),
  /** Whom the call is for. */
  endpoint: z.string().max(400),
  /** Whoever calls, with the account if it is another one. */
  caller: z.string().max(400),
  media: z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() }),
  createdAt: z.iso.datetime(),
  /** Documents that were asked for so far, this one included. */
  documentNumber: z.int().min(1),
  /** A document before this one answered the call itself. A node of the release before does not say it. */
  isAnswered: z.boolean().optional(),
});
export type LogicSession = z.output<typeof logicSessionSchema>;

/** One request for a document, for the session's log. */
export type FetchAttempt = {
  readonly url: string;
  readonly target: 'main' | 'fallback';
  readonly status?: number | undefined;
  /** Why it came to nothing. */
  readonly error?: string | undefined;
  readonly latencyMs: number;
  /** What was there from before still holds: nobody was asked, or the answer was that nothing changed. */
  readonly isCached?: boolean | undefined;
};

/** What a document can fail for where it is asked for. */
export type FetchFailure = Exclude<LogicFailure, 'media_unavailable' | 'room_elsewhere'>;

export type FetchedLogic =
  | {
      readonly kind: 'document';
      readonly document: LogicDocument;
      /** Where it came from in the end. */
      readonly url: string;
      readonly attempts: readonly FetchAttempt[];
    }
  | {
      readonly kind: 'failed';
      readonly failure: FetchFailure;
      readonly detail: string;
      readonly attempts: readonly FetchAttempt[];
    };
