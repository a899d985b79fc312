import type { Webhook } from '@patchbay/sdk-node';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { print, type Row } from '../output.ts';
import { Refusal } from '../refusal.ts';
import { positiveInteger } from './positive-integer.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

interface SettingFlags extends Flags {
  readonly url?: string;
  readonly fallback?: string;
  readonly description?: string;
  readonly events?: string;
  readonly scope?: 'own' | 'descendants';
  readonly application?: string;
}

export const webhookExamples = [
  '',
  'Examples:',
  "  npx patchbay webhook create https://example.com/hooks --events 'signaling.*'",
  '  npx patchbay webhook test whk_…',
  '  npx patchbay webhook rotate-secret whk_… --overlap 3600',
].join('\n');

export const webhookRow = ({ id, url, batchEventsMax, batchWaitMs, state, health }: Webhook): Row => ({
  id,
  url,
  'at a time': batchEventsMax === 1 ? 'one event' : `${batchEventsMax} events, or ${batchWaitMs} ms`,
  state: state === 'active' ? health : state,
});

/** All that there is of one, for a person. */
const detailRow = (webhook: Webhook): Row => ({
  ...webhookRow(webhook),
  events: webhook.eventTypes.join(' '),
  scope: webhook.scope,
  fallback: webhook.fallbackUrl,
});

const printOne = (found: Webhook & { readonly secret?: string }, { json = false }: Flags) =>
  print(found, { json, rows: [{ ...detailRow(found), ...given({ secret: found.secret }) }] });

const eventsIn = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** What can be said of a webhook when it is made and later. */
const withSettings = (command: Command): Command =>
  command
    .option('--fallback <address>', "asked when the first failed; 'none' takes it away")
    .option('--description <text>')
    .option('--events <names>', 'such as signaling.*,triggers.trigger.fired; * for all')
    .addOption(
      new Option('--scope <scope>', 'events of the account, or also of those below it').choices([
        'own',
        'descendants',
      ]),
    );

const settingsOf = ({ description, events, scope }: SettingFlags) =>
  given({ description, scope, eventTypes: eventsIn(events) });

type Add = (usage: string, description: string) => Command;

/** Making, showing, changing and removing; what it is told and when is in `webhook.ts`. */
export function addWebhookSettings(add: Add): void {
  add('show <id>', 'one webhook, and how it does').action(
    async (webhookId: string, { account, ...flags }: Flags) =>
      printOne(await connect(account).webhooks.get({ webhookId }), flags),
  );
  withSettings(add('create <url>', 'a new webhook; its secret is printed here and nowhere else'))
    .option('--application <id>', 'of events of one application alone')
    .action(async (url: string, { account, ...flags }: SettingFlags) => {
      const { fallback, application } = flags;
      const request = {
        url,
        ...settingsOf(flags),
        ...given({ fallbackUrl: fallback, applicationId: application }),
      };
      printOne(await connect(account).webhooks.create(request), flags);
    });
  withSettings(add('change <id>', 'what is not named stays as it is'))
    .option('--url <address>')
    .action(async (webhookId: string, { account, ...flags }: SettingFlags) => {
      const { url, fallback } = flags;
      const request = {
        webhookId,
        ...settingsOf(flags),
        ...given({ url, fallbackUrl: fallback === 'none' ? null : fallback }),
      };
      if (Object.keys(request).length === 1)
        throw new Refusal('Say what is to change: --url, --events, --scope, --fallback or --description.');
      printOne(await connect(account).webhooks.update(request), flags);
    });
  addStateVerbs(add);
  add('remove <id>', 'removes it; what waits for it is not sent any more').action(
    async (webhookId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).webhooks.remove({ webhookId });
      print(removed, { json, rows: [{ id: removed.id, state: 'removed' }] });
    },
  );
  add(
    'rotate-secret <id>',
    'makes a new secret, printed here and nowhere else; the old one signs beside it for a while',
  )
    .option('--overlap <seconds>', 'how long (86400); 0 ends the old one at once', wholeSeconds)
    .option('--force', 'also while an earlier one still signs: that one ends now, as where it leaked')
    .action(
      async (
        webhookId: string,
        {
          account,
          overlap,
          force,
          ...flags
        }: Flags & { readonly overlap?: number; readonly force?: boolean },
      ) => {
        const request = { webhookId, ...given({ overlapSeconds: overlap, force }) };
        printOne(await connect(account).webhooks.rotateSecret(request), flags);
      },
    );
  add('test <id>', 'sends an event for this webhook alone; `deliveries` shows what came of it').action(
    async (webhookId: string, { account, ...flags }: Flags) =>
      printOne(await connect(account).webhooks.sendTest({ webhookId }), flags),
  );
}

const wholeSeconds = (text: string): number => (text === '0' ? 0 : positiveInteger(text));

function addStateVerbs(add: Add): void {
  for (const state of ['active', 'disabled'] as const)
    add(
      `${state === 'active' ? 'enable' : 'disable'} <id>`,
      state === 'active' ? 'sends to it again, first what waits' : 'sends nothing to it for now',
    ).action(async (webhookId: string, { account, ...flags }: Flags) =>
      printOne(await connect(account).webhooks.update({ webhookId, state }), flags),
    );
}
