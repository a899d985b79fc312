import { type Command, InvalidArgumentError } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';
import { positiveInteger } from './positive-integer.ts';
import { addWebhookSettings, webhookExamples, webhookRow } from './webhook-settings.ts';

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}
interface BatchFlags extends Flags {
  readonly wait?: number;
}
interface ReplayFlags extends Flags {
  readonly from?: string;
  readonly since?: string;
}

interface ReplayLine {
  readonly id: string;
  readonly state: string;
  readonly percentDone: number;
  readonly waitingCount: number;
  readonly deliveredCount: number;
  readonly failedCount: number;
}

interface DeliveryLine {
  readonly id: string;
  readonly eventType: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAttemptAt?: string;
  readonly createdAt: string;
}
interface AttemptLine {
  readonly number: number;
  readonly target: string;
  readonly startedAt: string;
  readonly url?: string;
  readonly status?: number;
  readonly error?: string;
  readonly latencyMs?: number;
}

const LIST_COUNT_MAX = 1_100;
const DELIVERY_COUNT_MAX = 100;

const deliveryRow = (delivery: DeliveryLine): Row => ({
  id: delivery.id,
  event: delivery.eventType,
  state: delivery.state,
  attempts: delivery.attempts,
  again: delivery.nextAttemptAt,
  since: delivery.createdAt,
});
const attemptRow = (attempt: AttemptLine): Row => ({
  attempt: attempt.number,
  at: attempt.startedAt,
  to: attempt.url ?? attempt.target,
  status: attempt.status,
  error: attempt.error,
  ms: attempt.latencyMs,
});
const replayRow = (replay: ReplayLine): Row => ({
  id: replay.id,
  state: replay.state,
  done: `${replay.percentDone} %`,
  waiting: replay.waitingCount,
  delivered: replay.deliveredCount,
  failed: replay.failedCount,
});

function dateTime(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('It has to be a time such as 2026-11-29T10:00Z.');
  return date.toISOString();
}

export function addWebhookCommand(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('webhooks of the account: who is told, what became of it, and sending again')
    .addHelpText('after', webhookExamples);
  const add = (name: string, description: string) =>
    webhook.command(name).description(description).option('--account <id>').option('--json');
  const printReplay = (replay: ReplayLine, { json = false }: Flags) =>
    print(replay, { json, rows: [replayRow(replay)] });
  add('list', 'the webhooks, and how each does').action(async ({ account, json = false }: Flags) => {
    const items = await readList(connect(account).webhooks.list(), LIST_COUNT_MAX);
    print(items, { json, rows: items.map(webhookRow) });
  });
  addWebhookSettings(add);
  add('batch <id>', 'has events sent together')
    .argument('<events>', 'so many in one request at most; 1 is each by itself', positiveInteger)
    .option('--wait <ms>', 'how long an event waits for others to go with it', positiveInteger)
    .action(async (webhookId: string, events: number, { account, wait, json = false }: BatchFlags) => {
      const changed = await connect(account).webhooks.update({
        webhookId,
        batchEventsMax: events,
        ...(wait === undefined ? {} : { batchWaitMs: wait }),
      });
      print(changed, { json, rows: [webhookRow(changed)] });
    });
  add('deliveries <id>', 'what became of each event, newest first').action(
    async (webhookId: string, { account, json = false }: Flags) => {
      const items = await readList(connect(account).deliveries.list({ webhookId }), DELIVERY_COUNT_MAX);
      print(items, { json, rows: items.map(deliveryRow) });
    },
  );
  add(
    'delivery <id>',
    'each attempt of a delivery: where it went, and what was answered; --json has headers and bodies',
  )
    .argument('<delivery>', 'as `deliveries` prints it')
    .action(async (webhookId: string, deliveryId: string, { account, json = false }: Flags) => {
      const delivery = await connect(account).deliveries.get({ webhookId, deliveryId });
      print(delivery, { json, rows: delivery.log.map(attemptRow) });
    });
  add('replay <id>', 'sends again what it hears of, beside what happens meanwhile')
    .option('--from <cursor>', 'what came after this cursor (default: all that is kept)')
    .option('--since <time>', 'from the first event on that happened then or later', dateTime)
    .action(async (webhookId: string, { account, from, since, json = false }: ReplayFlags) => {
      const replay = await connect(account).replays.start({
        webhookId,
        ...(from === undefined ? {} : { cursor: from }),
        ...(since === undefined ? {} : { since }),
      });
      printReplay(replay, { json });
    });
  add('progress <id>', 'how far the last replay of it came').action(
    async (webhookId: string, { account, ...flags }: Flags) => {
      const { replay } = await connect(account).replays.get({ webhookId });
      if (replay === undefined) throw new Refusal('Nothing was ever sent again to this webhook.');
      printReplay(replay, flags);
    },
  );
  add('cancel <id>', 'cancels a replay: what of it waits is not sent any more').action(
    async (webhookId: string, { account, ...flags }: Flags) =>
      printReplay(await connect(account).replays.cancel({ webhookId }), flags),
  );
}
