import type { SessionsPorts } from '../sessions/ports.ts';
import type { Known } from './known.ts';
import type { RefusedRequest } from './refused-request.ts';

interface Scoped {
  /** Nothing outside it, and what is below it, is seen. */
  readonly accountId: string;
}

/** What a request changed: only changes leave a trace of having been allowed. */
export interface AllowedRequest {
  readonly accountId: string;
  readonly at: Date;
  readonly actorId: string;
  readonly actorName: string;
  /** As `keys.create`. */
  readonly action: string;
  readonly target: string;
}

/** A line of a session's log that says what was decided. */
export interface DecidedLine {
  readonly sessionId: string;
  readonly at: Date;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface CredentialRefusal {
  readonly code: string;
  readonly detail: string;
  /** What refused, and the level that set it, where it is no word of the credential itself. */
  readonly rule?: string;
  readonly level?: string;
}

/** How a credential stands now, as relays and signaling would judge it. */
export interface CredentialStanding {
  /** Whose key minted it. */
  readonly accountId: string;
  /** Its own level last. */
  readonly prefixIds: readonly string[];
  readonly name: string;
  /** Why it is refused wherever it is used; undefined when somebody takes it. */
  readonly refusal: CredentialRefusal | undefined;
  /** The service whose nodes a policy has refuse it, where those of another take it. */
  readonly partly?: (CredentialRefusal & { readonly service: string }) | undefined;
  readonly known: Known;
}

export interface DecisionsPorts {
  readonly sessions: Pick<SessionsPorts['sessions'], 'find'>;
  readonly log: {
    /** Newest first. */
    listRefused(
      page: Scoped & { readonly cursor?: string | undefined; readonly limit: number },
    ): Promise<{ readonly items: readonly RefusedRequest[]; readonly nextCursor?: string | undefined }>;
    findRefused(request: Scoped & { readonly requestId: string }): Promise<RefusedRequest | undefined>;
    findAllowed(request: Scoped & { readonly requestId: string }): Promise<AllowedRequest | undefined>;
    /** The first lines of a session that say what was decided in it, in order. */
    linesOf(
      session: Scoped & { readonly sessionId: string; readonly limit: number },
    ): Promise<readonly DecidedLine[]>;
    /** The newest such lines of sessions that were begun with one of these levels of a credential, in order. */
    linesOfCredential(
      credential: Scoped & { readonly prefixIds: readonly string[]; readonly limit: number },
    ): Promise<readonly DecidedLine[]>;
  };
  readonly credentials: {
    /** Undefined for a text that is no username of a key of this account or of one below it. */
    standing(
      credential: Scoped & {
        readonly username: string;
        /** The accounts whose levels are named to whoever asks. */
        readonly visibleIds: readonly string[];
      },
    ): Promise<CredentialStanding | undefined>;
  };
  readonly states: {
    /** The chain of an account, from the platform down, as it is now. */
    chainOf(accountId: string): Promise<Known['chain']>;
  };
  /** What the page of a code says. */
  readonly pages: {
    find(code: string): { readonly title: string; readonly remedy: string } | undefined;
  };
}
