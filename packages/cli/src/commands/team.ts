import type { TeamAddRequest, TeamAddResponse, TeamListItem } from '@patchbay/sdk-node';
import type { Command } from 'commander';
import { connect, readVariables } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

interface InviteFlags extends Flags {
  readonly name: string;
  readonly role: string;
}

type Api = ReturnType<typeof connect>;

const MEMBER_COUNT_MAX = 10_000;
/** Built-in roles and 50 of the account's own. */
const ROLE_COUNT_MAX = 100;

const rowOf = ({ userId, name, email, roleName, state, accountId }: TeamListItem): Row => ({
  user: userId,
  name,
  email,
  role: roleName,
  state,
  'given at': accountId,
});

/** Who holds a role, as people name them: by their id, or by their address. */
async function memberOf(pb: Api, named: string): Promise<TeamListItem> {
  const members = await readList(pb.team.list(), MEMBER_COUNT_MAX);
  const all = members.filter(
    ({ userId, email }) => userId === named || email.toLowerCase() === named.toLowerCase(),
  );
  // The roles that reach down from above were given elsewhere, and are taken there.
  const { id } = await pb.accounts.get();
  const found = all.find(({ accountId }) => accountId === id);
  if (found !== undefined) return found;
  const [above] = all;
  throw new Refusal(
    above === undefined
      ? `Nobody called ${named} holds a role at this account: patchbay team list shows who does.`
      : `${named} holds the role of ${above.roleName} from ${above.accountId}: name that with --account.`,
  );
}

/** A role as people name it: built in, by its id, or by the name that the account gave it. */
async function roleOf(pb: Api, named: string): Promise<TeamAddRequest['role']> {
  const roles = await readList(pb.roles.list(), ROLE_COUNT_MAX);
  const found = roles.find(({ id, name }) => id === named || name.toLowerCase() === named.toLowerCase());
  if (found !== undefined) return found.id;
  throw new Refusal(`There is no role ${named}. There are ${roles.map(({ name }) => name).join(', ')}.`);
}

/** A link is shown to whoever invites: it is theirs to hand on, and nowhere else. */
function printGiven(added: TeamAddResponse, { json = false }: Flags): void {
  const { setUpPath, isMailed } = added;
  const link = setUpPath === undefined ? undefined : new URL(setUpPath, readVariables().PATCHBAY_URL).href;
  print(added, { json, rows: [{ ...rowOf(added), ...(link === undefined ? {} : { link }) }] });
  if (isMailed === false)
    process.stderr.write(
      'No mail was sent: nobody gets more than five invitations a day. Hand on the link.\n',
    );
}

export function addTeamCommand(program: Command): void {
  const team = program
    .command('team')
    .description('who holds a role at an account')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  npx patchbay team invite ada@example.com --name Ada --role developer',
        '  npx patchbay team role ada@example.com admin',
        '  npx patchbay team remove ada@example.com',
      ].join('\n'),
    );
  const add = (usage: string, description: string) =>
    team.command(usage).description(description).option('--account <id>').option('--json');
  add('list', 'everybody with a role here, roles from levels above included').action(
    async ({ account, json = false }: Flags) => {
      const items = await readList(connect(account).team.list(), MEMBER_COUNT_MAX);
      print(items, { json, rows: items.map(rowOf) });
    },
  );
  add('invite <email>', 'gives somebody a role, which they take with a link that works once within 7 days')
    .requiredOption('--name <name>', 'what to call them until they say it themselves')
    .requiredOption('--role <role>', 'owner, admin, developer, billing, viewer, or one that you defined')
    .action(async (email: string, { account, name, role, json = false }: InviteFlags) => {
      const pb = connect(account);
      printGiven(await pb.team.add({ email, name, role: await roleOf(pb, role) }), { json });
    });
  add('role <who> <role>', 'gives somebody another role, at once; <who> is an address or an id').action(
    async (who: string, role: string, { account, json = false }: Flags) => {
      const pb = connect(account);
      const { email, name } = await memberOf(pb, who);
      printGiven(await pb.team.add({ email, name, role: await roleOf(pb, role) }), { json });
    },
  );
  add('resend <who>', 'invites somebody again who has not taken their role: at most five mails a day').action(
    async (who: string, { account, json = false }: Flags) => {
      const pb = connect(account);
      const { email, name, role, state } = await memberOf(pb, who);
      if (state === 'active') throw new Refusal(`${email} has taken the role: there is nothing to resend.`);
      printGiven(await pb.team.add({ email, name, role }), { json });
    },
  );
  add(
    'remove <who>',
    'takes the role that somebody was given here, at once, or withdraws an invitation',
  ).action(async (who: string, { account, json = false }: Flags) => {
    const pb = connect(account);
    const { userId, name, email, roleName } = await memberOf(pb, who);
    await pb.team.remove({ userId });
    print({ userId }, { json, rows: [{ user: userId, name, email, role: `${roleName}, taken` }] });
  });
}
