import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

const namespaces = ['sip', 'tel', 'user', 'room'] as const;

interface Flags {
  readonly json?: boolean;
  readonly account?: string;
}

interface ListFlags extends Flags {
  readonly namespace?: (typeof namespaces)[number];
  readonly identifier?: string;
  readonly application?: string;
  readonly below?: true;
  readonly resting?: true;
  readonly limit: number;
}

interface NameFlags extends Flags {
  readonly label?: string;
  readonly application?: string;
}

type Api = ReturnType<typeof connect>;
type Endpoint = Awaited<ReturnType<Api['endpoints']['get']>>;
type Transfer = Awaited<ReturnType<Api['endpointTransfers']['get']>>;

const rowOf = ({ id, identifier, label, accountId, applicationId, state, restsUntil }: Endpoint): Row => ({
  id,
  identifier,
  label,
  account: accountId,
  application: applicationId,
  state: restsUntil === undefined ? state : `${state} until ${restsUntil}`,
});

const transferRow = (transfer: Transfer): Row => ({
  id: transfer.id,
  identifier: transfer.identifier,
  direction: transfer.direction,
  other: transfer.otherAccountId,
  state: transfer.state,
  expires: transfer.state === 'offered' ? transfer.expiresAt : undefined,
  note: transfer.note,
});

/** An endpoint as people name it: by its id, or by its identifier. */
async function endpointIdOf(pb: Api, named: string): Promise<string> {
  if (named.startsWith('end_')) return named;
  for await (const { id } of pb.endpoints.list({ identifier: named, state: 'all', limit: 1 })) return id;
  // The platform says best that it is not there.
  return named;
}

const decisions = [
  { name: 'accept', state: 'accepted', description: 'take an endpoint that is offered to this account' },
  { name: 'decline', state: 'declined', description: 'leave it where it is' },
  { name: 'withdraw', state: 'withdrawn', description: 'take an offer back' },
] as const;

export function addEndpointCommand(program: Command): void {
  const endpoint = program
    .command('endpoint')
    .description('numbers, addresses, users and rooms, and which account holds each');
  const addVerb = (usage: string, description: string) =>
    endpoint.command(usage).description(description).option('--account <id>').option('--json');

  addVerb('list', 'the endpoints of an account, or the one that has an identifier')
    .addOption(new Option('--namespace <name>').choices(namespaces))
    .option('--identifier <identifier>', 'such as tel:+49301234567')
    .option('--application <id>')
    .option('--below', 'of the accounts below as well')
    .option('--resting', 'those that were released and rest')
    .option('--limit <count>', 'at most so many', positiveInteger, 1_000)
    .action(
      async ({ account, namespace, identifier, application, below, resting, limit, json }: ListFlags) => {
        const list = connect(account).endpoints.list({
          scope: below === true ? 'descendants' : 'own',
          state: resting === true ? 'resting' : 'active',
          ...(namespace === undefined ? {} : { namespace }),
          ...(identifier === undefined ? {} : { identifier }),
          ...(application === undefined ? {} : { applicationId: application }),
        });
        const items = await readList(list, limit);
        print(items, { json: json === true, rows: items.map(rowOf) });
      },
    );

  addVerb('allocate <identifier>', 'take an identifier: tel:…, sip:…, user:… or room:…')
    .option('--label <text>', 'what it is called here')
    .option('--application <id>', 'the application that it belongs to')
    .action(async (identifier: string, { account, label, application, json }: NameFlags) => {
      const made = await connect(account).endpoints.allocate({
        identifier,
        ...(label === undefined ? {} : { label }),
        ...(application === undefined ? {} : { applicationId: application }),
      });
      print(made, { json: json === true, rows: [rowOf(made)] });
    });

  addVerb('update <endpoint>', 'change its label or its application')
    .option('--label <text>')
    .option('--application <id>', "the application that it belongs to, or 'none'")
    .action(async (named: string, { account, label, application, json }: NameFlags) => {
      const pb = connect(account);
      const changed = await pb.endpoints.update({
        endpointId: await endpointIdOf(pb, named),
        ...(label === undefined ? {} : { label }),
        ...(application === undefined ? {} : { applicationId: application === 'none' ? null : application }),
      });
      print(changed, { json: json === true, rows: [rowOf(changed)] });
    });

  addVerb('release <endpoint>', 'give it up; a number or an address then rests for 30 days').action(
    async (named: string, { account, json }: Flags) => {
      const pb = connect(account);
      const released = await pb.endpoints.release({ endpointId: await endpointIdOf(pb, named) });
      const { id, identifier, restsUntil } = released;
      print(released, { json: json === true, rows: [{ id, identifier, rests: restsUntil ?? 'not at all' }] });
    },
  );

  addVerb(
    'transfer <endpoint> <account>',
    'offer it to another account, or move it there if both are below this one',
  )
    .option('--note <text>', 'for whoever decides')
    .option('--hours <count>', 'how long the offer stands', positiveInteger, 168)
    .action(
      async (
        named: string,
        toAccountId: string,
        { account, note, hours, json }: Flags & { readonly note?: string; readonly hours: number },
      ) => {
        const pb = connect(account);
        const made = await pb.endpoints.transfer({
          endpointId: await endpointIdOf(pb, named),
          toAccountId,
          expiresInSeconds: hours * 3_600,
          ...(note === undefined ? {} : { note }),
        });
        print(made, { json: json === true, rows: [transferRow(made)] });
      },
    );

  addVerb('transfers', 'what was offered to this account and by it, the newest first')
    .option('--limit <count>', 'at most so many', positiveInteger, 50)
    .action(async ({ account, limit, json }: Flags & { readonly limit: number }) => {
      const items = await readList(connect(account).endpointTransfers.list(), limit);
      print(items, { json: json === true, rows: items.map(transferRow) });
    });

  for (const { name, state, description } of decisions)
    addVerb(`${name} <transfer>`, description).action(
      async (transferId: string, { account, json }: Flags) => {
        const ended = await connect(account).endpointTransfers.update({ transferId, state });
        print(ended, { json: json === true, rows: [transferRow(ended)] });
      },
    );
}
