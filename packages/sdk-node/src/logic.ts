import { type LogicDocument, type LogicVerb, logicVerbs } from './logic-verbs.generated.ts';
import { problem, type RequestHandler, requestHandler, untouchedBody } from './web-request.ts';
import { verifyWebhook, type WebhookOptions, type WebhookSecret } from './webhook-handler.ts';

const BODY_BYTES_MAX = 262_144;

type VerbName = LogicVerb['verb'];
type MainField = typeof logicVerbs;
type Fields<Name extends VerbName> = Omit<Extract<LogicVerb, { readonly verb: Name }>, 'verb'>;
type Main<Name extends VerbName> = MainField[Name] & keyof Fields<Name>;

/** What a verb takes: what it is mostly about first, then the rest; or all of it together. */
type VerbMethod<Name extends VerbName> = [Main<Name>] extends [never]
  ? Record<string, never> extends Fields<Name>
    ? (fields?: Fields<Name>) => LogicBuilder
    : (fields: Fields<Name>) => LogicBuilder
  : (main: Fields<Name>[Main<Name>], fields?: Omit<Fields<Name>, Main<Name>>) => LogicBuilder;

/** A document of application logic while it is written. Each verb answers another builder, so a beginning can be shared. */
export type LogicBuilder = { readonly [Name in VerbName]: VerbMethod<Name> } & {
  /** What `{{name}}` stands for until a verb sets it. */
  variables(values: Readonly<Record<string, string>>): LogicBuilder;
  /** The document: `JSON.stringify(builder)` writes it. */
  toJSON(): LogicDocument;
};

/** Begins a document: `logic().dial(['user:bob', 'user:carol'], { timeoutSeconds: 20 }).hangup()`. */
export const logic = (): LogicBuilder => builderOf({ version: 1, verbs: [] });

function builderOf(document: LogicDocument): LogicBuilder {
  const withVerb = (verb: object) =>
    builderOf({ ...document, verbs: [...document.verbs, verb as LogicVerb] });
  const methods = Object.entries(logicVerbs).map(([name, main]) => [
    name,
    (first?: unknown, fields?: object) =>
      withVerb(
        main === ''
          ? { verb: name, ...(first as object | undefined) }
          : { verb: name, [main]: first, ...fields },
      ),
  ]);
  return {
    ...Object.fromEntries(methods),
    variables: (values: Readonly<Record<string, string>>) =>
      builderOf({ ...document, variables: { ...document.variables, ...values } }),
    toJSON: () => document,
  } as LogicBuilder;
}

/** What the platform tells when it asks for a document. */
export interface LogicRequest {
  readonly id: string;
  readonly timestamp: string;
  readonly accountId: string;
  readonly data: {
    readonly session: {
      readonly id: string;
      /** Whom the call is for: `user:bob`. */
      readonly endpoint: string;
      /** Whoever calls, with the account if it is another one. */
      readonly caller: string;
      readonly media: { readonly audio: boolean; readonly video: boolean; readonly screen: boolean };
      readonly createdAt: string;
      /** 1 at the beginning of the call. */
      readonly documentNumber: number;
      /** A document before this one answered the call itself. */
      readonly isAnswered?: boolean;
    };
    /** `from`, `to`, `sessionId`, `dialStatus` after a dial, `digits` after a gather, and what documents set. */
    readonly variables: Readonly<Record<string, string>>;
  };
}

/**
 * Answers with documents: `export const POST = logicHandler(process.env.PATCHBAY_LOGIC_SECRET, () => logic().dial('user:bob'))`.
 * For Next.js, Hono, Express and plain Node alike. What the platform did not sign is answered 401.
 */
export function logicHandler(
  secret: WebhookSecret,
  decide: (request: LogicRequest) => Promise<LogicBuilder | LogicDocument> | LogicBuilder | LogicDocument,
  options: WebhookOptions = {},
): RequestHandler {
  return requestHandler(
    async (request, nodeRequest) => {
      if (request.method !== 'POST')
        return problem(405, 'request.invalid', 'Documents are asked for by POST.');
      const body = await untouchedBody(request, nodeRequest);
      if (body === undefined)
        return problem(
          500,
          'client.webhook_invalid',
          'The body was parsed before it came here: keep rawBody.',
        );
      try {
        verifyWebhook({ secret, headers: request.headers, body }, options);
      } catch (error) {
        const isNotConfigured = (error as { code?: string }).code === 'client.not_configured';
        return problem(isNotConfigured ? 500 : 401, 'client.webhook_invalid', (error as Error).message);
      }
      // The platform signed it, so it is what the platform says.
      const document = await decide(JSON.parse(body) as LogicRequest);
      return Response.json(document);
    },
    {
      failed: () => problem(500, 'client.webhook_invalid', 'There is no document.'),
      bodyBytesMax: BODY_BYTES_MAX,
    },
  );
}
