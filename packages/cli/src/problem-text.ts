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
  // What explains it lies at the platform that does not answer.
  if (unanswered.includes(code)) {
    if (!json) return `${code}: ${detail}\n${WHAT_TO_DO}`;
    return problemJson({ type: 'about:blank', code, detail, remedy: WHAT_TO_DO });
  }
  const type = URL.parse(error.helpUrl, baseUrl)?.href ?? error.helpUrl;
  if (!json) return `${code}: ${detail}\n${type}`;
  return problemJson({ type, code, ...(status === 0 ? {} : { status }), detail, requestId, rule, level });
}

const unanswered: readonly string[] = ['client.unreachable', 'client.timeout'];
const WHAT_TO_DO =
  'See whether it runs, and whether PATCHBAY_URL, or the dev.env in the data folder, names its address. `patchbay up` starts one on this machine; `patchbay doctor` says what of it is missing.';

/** On one line (RFC 9457 §3.1). */
const problemJson = (members: Readonly<Record<string, unknown>>): string => JSON.stringify(members);
