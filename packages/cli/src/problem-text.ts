import { PatchbayError } from '@patchbay/sdk-node';
import { Refusal } from './refusal.ts';

export interface ProblemTextOptions {
  /** As the command's answer would have been: a program reads one form. */
  readonly json: boolean;
  /** The platform's: what is refused before anybody is asked knows only a path. */
  readonly baseUrl: string | undefined;
}

/** What standard error gets of an error that whoever typed the command can act on. Undefined: of a defect. */
export function problemText(error: unknown, { json, baseUrl }: ProblemTextOptions): string | undefined {
  if (error instanceof Refusal) return json ? problemJson({ detail: error.message }) : error.message;
  if (!(error instanceof PatchbayError)) return undefined;
  const { code, status, message: detail, requestId, rule, level } = error;
  const type = URL.parse(error.helpUrl, baseUrl)?.href ?? error.helpUrl;
  if (!json) return `${code}: ${detail}\n${type}`;
  return problemJson({ type, code, ...(status === 0 ? {} : { status }), detail, requestId, rule, level });
}

/** On one line (RFC 9457 §3.1). */
const problemJson = (members: Readonly<Record<string, unknown>>): string => JSON.stringify(members);
