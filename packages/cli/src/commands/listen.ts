import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  parseWebhookSecret,
  signWebhook,
  WEBHOOK_SECRET_BYTES,
  webhookHeaders,
  webhookSecretText,
} from '@patchbay/protocol/webhook/signature';
import { type Patchbay, PatchbayError } from '@patchbay/sdk-node';
import { type Command, Option } from 'commander';
import { connect, readVariables } from '../connection.ts';
import { Refusal } from '../refusal.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly to: string;
  readonly types: string;
  readonly scope: 'own' | 'descendants';
  readonly from?: string;
  readonly batch?: number;
  readonly account?: string;
  readonly json?: boolean;
}

/** How often new events are asked for: a person who waits for one does not notice. */
const POLL_MS = 400;
const AWAY_RETRY_MS = 2_000;
const PAGE_MAX = 100;
const SEND_MS_MAX = 30_000;

type Event = Awaited<ReturnType<ReturnType<Patchbay['events']['list']>['page']>>['items'][number];

export function addListenCommand(program: Command): void {
  program
    .command('listen')
    .description('forward events of the account to an address of this machine, as a webhook would bring them')
    .requiredOption('--to <url>', 'such as localhost:3000/hooks')
    .option('--types <types>', 'names of events with commas, such as signaling.*', '*')
    .addOption(
      new Option('--scope <scope>', 'of this account, or of those below it too')
        .choices(['own', 'descendants'])
        .default('own'),
    )
    .option(
      '--from <cursor>',
      'replay what came after this cursor; 0 is all that is kept (default: what is new)',
    )
    .option(
      '--batch <count>',
      'as a webhook that asks for so many events in one request at most',
      positiveInteger,
    )
    .option('--account <id>')
    .option('--json', 'print one JSON object a line')
    .action(listen);
}

async function listen({ to, types, scope, from, batch, account, json = false }: Flags): Promise<void> {
  const url = addressOf(to);
  const { secret, bytes } = secretOf(readVariables().PATCHBAY_WEBHOOK_SECRET);
  const pb = connect(account);
  let cursor = from ?? (await pb.events.latest()).cursor;
  const say = (text: string, value: object) =>
    process.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
  say(`PATCHBAY_WEBHOOK_SECRET=${secret}\nForwarding events to ${url.href}. Ctrl-C stops.`, {
    secret,
    to: url.href,
    cursor,
  });
  for (;;) {
    const items = await eventsAfter(pb, { cursor, types, scope });
    for (const message of messagesOf(items, batch)) {
      const outcome = await forward(message, { url, bytes });
      for (const event of message.events) {
        say(`${event.timestamp}  ${event.type}  ${event.id}  ${outcome.status ?? outcome.error}`, {
          id: event.id,
          type: event.type,
          cursor: event.cursor,
          ...(batch === undefined ? {} : { batchId: message.id }),
          ...outcome,
        });
        cursor = event.cursor;
      }
    }
    if (items.length < PAGE_MAX) await wait(POLL_MS);
  }
}

/** What one request carries. */
interface Message {
  readonly id: string;
  readonly events: readonly Event[];
  readonly body: string;
}

/** Each event by itself, or in batches as the platform sends them. */
function* messagesOf(items: readonly Event[], batch: number | undefined): Generator<Message> {
  for (let start = 0; start < items.length; start += batch ?? 1) {
    const events = items.slice(start, start + (batch ?? 1));
    const [first] = events;
    if (first === undefined) return;
    yield batch === undefined
      ? { id: first.id, events, body: JSON.stringify(first) }
      : { id: batchIdOf(events), events, body: JSON.stringify({ events }) };
  }
}

const batchIdOf = (events: readonly Event[]): string =>
  `batch-${createHash('sha256')
    .update(events.map(({ id }) => id).join())
    .digest('hex')
    .slice(0, 32)}`;

/** A platform that is started again is waited for: the cursor is where it was. */
async function eventsAfter(
  pb: Patchbay,
  place: { readonly cursor: string; readonly types: string; readonly scope: Flags['scope'] },
): Promise<readonly Event[]> {
  for (;;) {
    try {
      return (await pb.events.list({ ...place, limit: PAGE_MAX }).page()).items;
    } catch (error) {
      const isAway =
        error instanceof PatchbayError &&
        (error.status >= 500 || error.code === 'client.unreachable' || error.code === 'client.timeout');
      if (!isAway) throw error;
      process.stderr.write(`The platform does not answer (${error.code}): trying again.\n`);
      await wait(AWAY_RETRY_MS);
    }
  }
}

/** What is not there or refuses is said, and the next event goes its way: whoever develops restarts all the time. */
async function forward(
  { id, body }: Message,
  { url, bytes }: { readonly url: URL; readonly bytes: Uint8Array },
): Promise<{ readonly status?: number; readonly error?: string }> {
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(SEND_MS_MAX),
      headers: {
        'content-type': 'application/json',
        [webhookHeaders.id]: id,
        [webhookHeaders.timestamp]: String(timestampSeconds),
        [webhookHeaders.signature]: signWebhook({ id, timestampSeconds, body }, [bytes]),
      },
      body,
    });
    await response.body?.cancel();
    return { status: response.status };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
}

function addressOf(text: string): URL {
  // `localhost:3000` has no scheme, whatever a URL makes of it.
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new Refusal(
      `--to is not an address (${text}): it has to be of http or https, such as localhost:3000/hooks.`,
    );
  return url;
}

/** The one that is set, so that a server keeps the secret that it was started with; otherwise one for this run. */
function secretOf(given: string | undefined): { readonly secret: string; readonly bytes: Uint8Array } {
  const secret = given ?? webhookSecretText(randomBytes(WEBHOOK_SECRET_BYTES));
  const bytes = parseWebhookSecret(secret);
  if (bytes === undefined)
    throw new Refusal('PATCHBAY_WEBHOOK_SECRET is no secret of a webhook: it begins with whsec_.');
  return { secret, bytes };
}
