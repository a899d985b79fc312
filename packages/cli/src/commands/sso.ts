import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, type Row, readList } from '../output.ts';
import { Refusal } from '../refusal.ts';

interface Flags {
  readonly account?: string;
  readonly json?: boolean;
}

interface SetFlags extends Flags {
  readonly issuer: string;
  readonly clientId: string;
  readonly secretStdin?: boolean;
  readonly newcomers?: string;
  readonly groupsClaim?: string;
  readonly group: readonly string[];
  readonly trustEmail?: boolean;
}

interface SamlFlags extends Flags {
  readonly metadata?: string;
  readonly metadataUrl?: string;
  readonly entityId?: string;
  readonly signInUrl?: string;
  readonly certificate: readonly string[];
  readonly newcomers?: string;
  readonly group: readonly string[];
  readonly emailAttribute?: string;
  readonly nameAttribute?: string;
  readonly groupsAttribute?: string;
  readonly takeUnasked?: boolean;
  readonly signRequests?: boolean;
}

interface SamlKeyFlags extends Flags {
  readonly overlapDays?: number;
  readonly endReplaced?: boolean;
}

interface UpdateFlags extends Flags {
  readonly notRequired?: boolean;
  readonly emergency?: readonly string[];
}

type Sso = Awaited<ReturnType<ReturnType<typeof connect>['sso']['get']>>;
type Domain = Awaited<ReturnType<ReturnType<typeof connect>['ssoDomains']['add']>>;

const DOMAIN_COUNT_MAX = 100;
const DAY_SECONDS = 86_400;

const keyRow = ({ fingerprint, createdAt, endsAt }: Sso['saml']['keys'][number]): Row => ({
  'SHA-256': fingerprint,
  made: createdAt.slice(0, 10),
  ends: endsAt?.slice(0, 10),
});

const rowOf = ({ redirectUrl, saml, provider }: Sso): Row => ({
  speaks: provider?.kind,
  issuer: provider?.issuer ?? '(none)',
  ...(provider?.kind === 'oidc' ? { client: provider.clientId } : {}),
  newcomers: provider?.newcomerRole ?? 'nobody',
  required: provider?.isRequired === true ? 'yes' : 'no',
  ...(provider?.kind === 'saml'
    ? { 'certificates end': endsOf(provider), 'entity id': saml.entityId, 'answers to': saml.acsUrl }
    : { redirect: redirectUrl }),
  ...(provider?.problem === undefined ? {} : { problem: provider.problem.text }),
});

const endsOf = ({ certificates }: Extract<NonNullable<Sso['provider']>, { readonly kind: 'saml' }>): string =>
  certificates
    .map(({ endsAt, isEnding }) => `${endsAt.slice(0, 10)}${isEnding ? ' (renew it)' : ''}`)
    .sort()
    .join(', ');

const domainRow = ({ id, domain, provedAt, record }: Domain): Row => ({
  id,
  domain,
  proved: provedAt?.slice(0, 10) ?? 'no',
  ...(provedAt === undefined ? { record: record.name, value: record.value } : { record: '', value: '' }),
});

/** `engineering=developer`: a group of the provider, and the role it gives. */
export function groupRoleOf(text: string): { readonly group: string; readonly role: string } {
  const at = text.lastIndexOf('=');
  if (at < 1)
    throw new Refusal(`Write a group, = and a role, such as engineering=developer, and not ${text}.`);
  return { group: text.slice(0, at).trim(), role: text.slice(at + 1).trim() };
}

const groupRolesOf = (group: readonly string[]) =>
  group.map(groupRoleOf).map((one) => ({ ...one, role: one.role as 'viewer' }));

/** A document of a provider, from a file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Refusal(`${file} cannot be read.`);
  }
}

/** A secret on the command line would stand in the history of the shell, and in the list of processes. */
async function secretFromInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').trim();
}

const collect = (value: string, before: readonly string[]) => [...before, value];

export function addSsoCommand(program: Command): void {
  const sso = program.command('sso').description('how the people of an organisation sign in');
  const add = (parent: Command, name: string, description: string) =>
    parent.command(name).description(description).option('--account <id>').option('--json');
  sso
    .command('show [id]')
    .description('the provider, without its secret, and what to tell it')
    .option('--json')
    .action(async (id: string | undefined, { json = false }: Flags) => {
      const found = await connect(id).sso.get();
      print(found, { json, rows: [rowOf(found)] });
    });
  add(sso, 'set', 'sets the provider (OpenID Connect); without --secret-stdin its secret stays as it is')
    .requiredOption('--issuer <url>', 'the address by which the provider calls itself')
    .requiredOption('--client-id <id>', 'of Patchbay at the provider')
    .option('--secret-stdin', 'reads the client secret from standard input')
    .option('--newcomers <role>', 'what whoever is new gets; without it, nobody comes in who was not added')
    .option('--groups-claim <name>', 'the claim that holds groups (groups)')
    .option('--group <group=role>', 'the role of a group, the first that fits; once for each', collect, [])
    .option('--trust-email', 'takes addresses of which the provider does not say whether they were verified')
    .action(async ({ account, json = false, ...flags }: SetFlags) => {
      const { issuer, clientId, newcomers, groupsClaim, group } = flags;
      const set = await connect(account).sso.set({
        issuer,
        clientId,
        ...(flags.secretStdin === true ? { clientSecret: await secretFromInput() } : {}),
        ...(newcomers === undefined ? {} : { newcomerRole: newcomers as 'viewer' }),
        ...(groupsClaim === undefined ? {} : { groupsClaim }),
        groupRoles: groupRolesOf(group),
        trustsEmail: flags.trustEmail === true,
      });
      print(set, { json, rows: [rowOf(set)] });
    });
  add(sso, 'set-saml', 'sets the provider (SAML 2.0): by --metadata, --metadata-url, or the three after them')
    .option('--metadata <file>', 'its metadata, as it gives them')
    .option('--metadata-url <url>', 'where they are')
    .option('--entity-id <id>', 'by which it calls itself')
    .option('--sign-in-url <url>', 'where people sign in')
    .option('--certificate <file>', 'with which it signs, as PEM; once for each', collect, [])
    .option('--newcomers <role>', 'what whoever is new gets; without it, nobody comes in who was not added')
    .option('--group <group=role>', 'the role of a group, the first that fits; once for each', collect, [])
    .option('--email-attribute <name>', 'where it is none of the usual ones')
    .option('--name-attribute <name>', 'as above')
    .option('--groups-attribute <name>', 'as above')
    .option('--take-unasked', 'takes people who come from the provider without having been sent there')
    .option('--sign-requests', 'signs our requests by our key pair: see saml-key')
    .action(async ({ account, json = false, ...flags }: SamlFlags) => {
      const { metadata, metadataUrl, entityId, signInUrl, certificate, newcomers, group } = flags;
      const { emailAttribute: email, nameAttribute: name, groupsAttribute: groups } = flags;
      const set = await connect(account).sso.setSaml({
        ...(metadata === undefined ? {} : { metadata: textOf(metadata) }),
        ...(metadataUrl === undefined ? {} : { metadataUrl }),
        ...(entityId === undefined ? {} : { entityId }),
        ...(signInUrl === undefined ? {} : { signInUrl }),
        ...(certificate.length === 0 ? {} : { certificates: certificate.map(textOf) }),
        attributes: {
          ...(email === undefined ? {} : { email }),
          ...(name === undefined ? {} : { name }),
          ...(groups === undefined ? {} : { groups }),
        },
        ...(newcomers === undefined ? {} : { newcomerRole: newcomers as 'viewer' }),
        groupRoles: groupRolesOf(group),
        acceptsUnasked: flags.takeUnasked === true,
        signsRequests: flags.signRequests === true,
      });
      print(set, { json, rows: [rowOf(set)] });
    });
  add(sso, 'update', 'takes the requirement back, or says which owners may sign in otherwise')
    .option('--not-required', 'people may sign in otherwise again; it is turned on in the dashboard')
    .option('--emergency <user...>', 'owners who may sign in otherwise, from now on these alone')
    .action(async ({ account, json = false, notRequired, emergency }: UpdateFlags) => {
      const changed = await connect(account).sso.update({
        ...(notRequired === true ? { isRequired: false } : {}),
        ...(emergency === undefined ? {} : { emergencyUserIds: [...emergency] as never }),
      });
      print(changed, { json, rows: [rowOf(changed)] });
    });
  add(sso, 'test', 'asks the provider what it offers').action(async ({ account, json = false }: Flags) => {
    const found = await connect(account).sso.test();
    const { isUsable, problem, authorizationEndpoint } = found;
    print(found, {
      json,
      rows: [{ usable: isUsable ? 'yes' : 'no', 'sign-in': authorizationEndpoint, problem }],
    });
  });
  add(sso, 'remove', 'removes the provider; every session that it opened ends').action(
    async ({ account, json = false }: Flags) => {
      const removed = await connect(account).sso.remove();
      print(removed, {
        json,
        rows: [{ account: removed.accountId, 'ended sessions': removed.endedSessionCount }],
      });
    },
  );

  add(sso, 'saml-key', 'makes a key pair of ours for SAML; one before it goes on for a while')
    .option('--overlap-days <days>', 'for how long (14)', Number)
    .option('--end-replaced', 'ends the one that was replaced instead, now')
    .action(async ({ account, json = false, overlapDays, endReplaced }: SamlKeyFlags) => {
      const { sso: api } = connect(account);
      const changed =
        endReplaced === true
          ? await api.endReplacedSamlKey()
          : await api.rotateSamlKey(
              overlapDays === undefined ? {} : { overlapSeconds: Math.round(overlapDays * DAY_SECONDS) },
            );
      print(changed, { json, rows: changed.saml.keys.map(keyRow) });
    });

  add(sso, 'scim-token', 'makes the token of SCIM, in place of one before it')
    .option('--remove', 'ends it instead: people and their roles stay as they are')
    .action(async ({ account, json = false, remove = false }: Flags & { readonly remove?: boolean }) => {
      if (remove) {
        const removed = await connect(account).sso.removeScimToken();
        return print(removed, { json, rows: [{ account: removed.accountId, token: 'none' }] });
      }
      const made = await connect(account).sso.rotateScimToken();
      print(made, { json, rows: [{ address: made.baseUrl, token: made.secret }] });
    });

  const domain = sso.command('domain').description('the domains of the addresses of its people');
  add(domain, 'list', 'each with the record that proves it').action(
    async ({ account, json = false }: Flags) => {
      const items = await readList(connect(account).ssoDomains.list(), DOMAIN_COUNT_MAX);
      print(items, { json, rows: items.map(domainRow) });
    },
  );
  add(domain, 'add <domain>', 'names a domain, and says which record proves it').action(
    async (name: string, { account, json = false }: Flags) => {
      const added = await connect(account).ssoDomains.add({ domain: name });
      print(added, { json, rows: [domainRow(added)] });
    },
  );
  add(domain, 'verify <id>', 'looks for the record').action(
    async (domainId: string, { account, json = false }: Flags) => {
      const found = await connect(account).ssoDomains.verify({ domainId });
      print(found, { json, rows: [domainRow(found)] });
    },
  );
  add(domain, 'remove <id>', 'another organisation can prove it then').action(
    async (domainId: string, { account, json = false }: Flags) => {
      const removed = await connect(account).ssoDomains.remove({ domainId });
      print(removed, { json, rows: [{ id: removed.id, domain: removed.domain }] });
    },
  );
}
