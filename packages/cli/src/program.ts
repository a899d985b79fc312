import { Command } from 'commander';
import { addAccountCommand } from './commands/account.ts';
import { addAddressesCommand } from './commands/addresses.ts';
import { addAllowListCommand } from './commands/allow-list.ts';
import { addApiCommand } from './commands/api.ts';
import { addApplicationCommand } from './commands/application.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addBalanceCommand } from './commands/balance.ts';
import { addBillingCommand } from './commands/billing.ts';
import { addBrandCommand } from './commands/brand.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDetectSpeechCommand } from './commands/detect-speech.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEgressCommand } from './commands/egress.ts';
import { addEndpointCommand } from './commands/endpoint.ts';
import { addIceCommand } from './commands/ice.ts';
import { addKeyCommand } from './commands/key.ts';
import { addLimitCommand } from './commands/limit.ts';
import { addListenCommand } from './commands/listen.ts';
import { addLogicCommand } from './commands/logic.ts';
import { addNodeCommand } from './commands/node.ts';
import { addNotifyCommand } from './commands/notify.ts';
import { addOrganisationCommand } from './commands/organisation.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addPolicyCommand } from './commands/policy.ts';
import { addPricesCommand } from './commands/prices.ts';
import { addPrivacyCommand } from './commands/privacy.ts';
import { addRoleCommand } from './commands/role.ts';
import { addServiceCommand } from './commands/service.ts';
import { addSessionCommand } from './commands/session.ts';
import { addSpeakCommand } from './commands/speak.ts';
import { addSsoCommand } from './commands/sso.ts';
import { addStatementCommand } from './commands/statement.ts';
import { addTeamCommand } from './commands/team.ts';
import { addTestCommand } from './commands/test-books.ts';
import { addTranscodeCommand } from './commands/transcode.ts';
import { addTriggerCommand } from './commands/trigger.ts';
import { addUpCommand } from './commands/up.ts';
import { addUsageCommand } from './commands/usage.ts';
import { addWebhookCommand } from './commands/webhook.ts';
import { addWhyCommand } from './commands/why.ts';
import { useDataFolder } from './connection.ts';

const commands = [
  addUpCommand,
  addNodeCommand,
  addIceCommand,
  addAccountCommand,
  addKeyCommand,
  addRoleCommand,
  addTeamCommand,
  addOrganisationCommand,
  addApplicationCommand,
  addSsoCommand,
  addUsageCommand,
  addStatementCommand,
  addPricesCommand,
  addBalanceCommand,
  addBillingCommand,
  addTestCommand,
  addLimitCommand,
  addSessionCommand,
  addWhyCommand,
  addEndpointCommand,
  addTriggerCommand,
  addPolicyCommand,
  addPlanCommand,
  addAllowListCommand,
  addServiceCommand,
  addSpeakCommand,
  addDetectSpeechCommand,
  addNotifyCommand,
  addTranscodeCommand,
  addConfigCommand,
  addAddressesCommand,
  addEgressCommand,
  addBrandCommand,
  addListenCommand,
  addLogicCommand,
  addWebhookCommand,
  addPrivacyCommand,
  addAuditCommand,
  addDoctorCommand,
  addApiCommand,
];

/** Whatever talks to a platform takes its folder: `up` and `node`, which make one, have the option as a setting. */
function acceptDataFolder(command: Command): void {
  for (const child of command.commands) acceptDataFolder(child);
  const isClient = command.commands.length === 0 && !['up', 'node'].includes(command.name());
  if (isClient) {
    command.option('--data <folder>', 'the data folder of the platform (.patchbay) [PATCHBAY_DATA]');
  }
}

/** All of `patchbay`, before anything was typed. */
export function createProgram(): Command {
  const program = new Command('patchbay')
    .description('Calls, rooms and media services, on your own machines.')
    .showHelpAfterError()
    .enablePositionalOptions();
  for (const add of commands) add(program);
  acceptDataFolder(program);
  return program.hook('preAction', (_program, command) => {
    const { data } = command.opts<{ data?: string }>();
    if (data !== undefined) useDataFolder(data);
  });
}
