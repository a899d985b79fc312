import { readFile } from 'node:fs/promises';
import { readLogicDocument } from '@patchbay/adapters/logic/read-document';
import { formSignatureHeader, requestFor } from '@patchbay/adapters/logic/requests';
import { formatDecimal, nano } from '@patchbay/domain/billing/money';
import { type LogicKind, logicKinds } from '@patchbay/domain/logic/definition';
import { unavailableIn } from '@patchbay/domain/logic/interpreter';
import { logicLimits } from '@patchbay/domain/logic/limits';
import { parseWebhookSecret } from '@patchbay/protocol/webhook/signature';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}
interface DocumentFlags extends Flags {
  readonly kind?: LogicKind;
  readonly secret?: string;
}
interface PlaceFlags extends Flags {
  readonly endpoint?: string;
  readonly application?: string;
}

const LIST_COUNT_MAX = 1_000;
const FETCH_MS_MAX = 15_000;

interface MappingLine {
  readonly id: string;
  readonly endpointId?: string;
  readonly applicationId?: string;
  readonly kind: string;
  readonly url: string;
  readonly fallbackUrl?: string;
}
const rowOf = ({ id, endpointId, applicationId, kind, url, fallbackUrl }: MappingLine): Row => ({
  id,
  of: endpointId ?? applicationId ?? 'all of the account',
  kind,
  url,
  fallback: fallbackUrl,
});

interface StepLine {
  readonly index: number;
  readonly verb: string;
  readonly detail: string;
  readonly meters: readonly {
    readonly meter: string;
    readonly per: string;
    readonly price?: { readonly amount: string; readonly currency: string };
  }[];
}
const stepRow = ({ index, verb, detail, meters }: StepLine): Row => ({
  step: index + 1,
  verb,
  what: detail,
  counts: meters.map(({ meter, per }) => `${meter}${per === 'minute' ? ' each minute' : ''}`).join(', '),
  costs: meters
    .map(({ price }) =>
      price === undefined ? 'no price' : `${formatDecimal(nano(BigInt(price.amount)))} ${price.currency}`,
    )
    .join(', '),
});

/** Logic of applications: where it is fetched, and what documents do, without a call. */
export function addLogicCommand(program: Command): void {
  const logic = program
    .command('logic')
    .description('documents that decide about calls: where they are fetched, and trying them without a call');
  const addVerb = (usage: string, description: string) =>
    logic.command(usage).description(description).option('--account <id>').option('--json');
  const kind = () =>
    new Option('--kind <kind>', 'its form; by default told from its first character').choices(logicKinds);
  const secret = () =>
    new Option('--secret <secret>', 'signs the request to a URL, as the platform would').env(
      'PATCHBAY_LOGIC_SECRET',
    );

  addVerb('check <source>', 'read a document from a file or a URL, and say what is wrong with it')
    .addOption(kind())
    .addOption(secret())
    .action(async (source: string, flags: DocumentFlags) => {
      const { text, kind: form } = await documentFrom(source, flags);
      const read = readLogicDocument(form, text);
      const problem = 'problem' in read ? read.problem : unavailableIn(read.document);
      if (problem !== undefined) throw new Refusal(`${source}: ${problem}`);
      const verbs = 'document' in read ? read.document.verbs : [];
      print(
        { isValid: true, verbs },
        {
          json: flags.json === true,
          rows: verbs.map(({ verb }, index) => ({ step: index + 1, verb })),
        },
      );
    });

  addVerb('run <source>', 'carry a document out without a call: each step, and what it costs')
    .addOption(kind())
    .addOption(secret())
    .addOption(
      new Option('--dial-status <status>', 'what becomes of whoever is dialled')
        .choices(['answered', 'no_answer', 'busy', 'rejected', 'unreachable'])
        .default('no_answer'),
    )
    .action(
      async (
        source: string,
        flags: DocumentFlags & {
          readonly dialStatus: 'answered' | 'no_answer' | 'busy' | 'rejected' | 'unreachable';
        },
      ) => {
        const { text, kind: form } = await documentFrom(source, flags);
        const { dialStatus } = flags;
        const run = await connect(flags.account).logic.dryRun({ kind: form, document: text, dialStatus });
        print(run, { json: flags.json === true, rows: run.steps.map(stepRow) });
        if (flags.json !== true) process.stdout.write(`${run.outcome}\n`);
      },
    );

  addVerb('list', 'where the logic of an account is fetched').action(async ({ account, json }: Flags) => {
    const items = await readList(connect(account).logic.list(), LIST_COUNT_MAX);
    print(items, { json: json === true, rows: items.map(rowOf) });
  });

  addVerb('set <url>', 'set where the logic is fetched that decides about calls')
    .addOption(kind())
    .option('--endpoint <id>', 'to this endpoint')
    .option('--application <id>', 'to the endpoints of this application')
    .option('--fallback <url>', 'asked when the first did not answer')
    .action(
      async (
        url: string,
        {
          account,
          json,
          kind: form,
          endpoint,
          application,
          fallback,
        }: PlaceFlags & DocumentFlags & { readonly fallback?: string },
      ) => {
        const made = await connect(account).logic.set({
          url,
          ...(form === undefined ? {} : { kind: form }),
          ...(endpoint === undefined ? {} : { endpointId: endpoint }),
          ...(application === undefined ? {} : { applicationId: application }),
          ...(fallback === undefined ? {} : { fallbackUrl: fallback }),
        });
        print(made, { json: json === true, rows: [{ ...rowOf(made), secret: made.secret }] });
      },
    );

  addVerb('remove <id>', 'ask no logic there any more').action(
    async (mappingId: string, { account, json }: Flags) => {
      const removed = await connect(account).logic.remove({ mappingId });
      print(removed, { json: json === true, rows: [{ removed: removed.id }] });
    },
  );

  addVerb('rotate-secret', 'make a new secret for the requests of this account').action(
    async ({ account, json }: Flags) => {
      const made = await connect(account).logic.rotateSecret();
      print(made, { json: json === true, rows: [made] });
    },
  );
}

/** What a file holds, or what a URL answers to a call that nobody made. */
async function documentFrom(
  source: string,
  { kind, secret }: DocumentFlags,
): Promise<{ readonly text: string; readonly kind: LogicKind }> {
  const text = /^https?:\/\//.test(source)
    ? await asked(source, { ...(kind && { kind }), ...(secret && { secret }) })
    : await readFile(source, 'utf8');
  return { text, kind: kind ?? (text.trimStart().startsWith('<') ? 'twiml' : 'json') };
}

async function asked(url: string, { kind = 'json', secret }: DocumentFlags): Promise<string> {
  const bytes = secret === undefined ? undefined : parseWebhookSecret(secret);
  if (secret !== undefined && bytes === undefined)
    throw new Refusal('The secret is none: it begins with whsec_.');
  const { body, headers } = requestFor(
    {
      accountId: 'acc_dry',
      kind,
      secrets: bytes === undefined ? [] : [bytes],
      variables: { from: 'user:alice', to: 'user:bob', sessionId: 'ses_dry' },
      session: {
        id: 'ses_dry',
        endpoint: 'user:bob',
        caller: 'user:alice',
        media: { audio: true, video: false, screen: false },
        createdAt: new Date().toISOString(),
        documentNumber: 1,
      },
    },
    url,
    Date.now(),
  );
  // Without a secret there is no signature, rather than one that fits nothing.
  const { 'webhook-signature': _json, [formSignatureHeader]: _form, ...unsigned } = headers;
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: bytes === undefined ? unsigned : headers,
    signal: AbortSignal.timeout(FETCH_MS_MAX),
  });
  if (!response.ok)
    throw new Refusal(
      `${url} answered ${response.status}.${secret === undefined ? ' If it asks for a signature, name its secret with --secret.' : ''}`,
    );
  const text = await response.text();
  if (text.length > logicLimits.documentBytesMax)
    throw new Refusal(`${url}: A document has at most ${logicLimits.documentBytesMax} bytes.`);
  return text;
}
