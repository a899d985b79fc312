#!/usr/bin/env node
/** `patchbay`: starts the platform, and is the tool of those who run it and build on it. */
import { PatchbayError } from '@patchbay/sdk-node';
import { Command } from 'commander';
import { addAccountCommand } from './commands/account.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addIceCommand } from './commands/ice.ts';
import { addKeyCommand } from './commands/key.ts';
import { addNodeCommand } from './commands/node.ts';
import { addSessionCommand } from './commands/session.ts';
import { addStatementCommand } from './commands/statement.ts';
import { addUpCommand } from './commands/up.ts';
import { addUsageCommand } from './commands/usage.ts';
import { Refusal } from './refusal.ts';

const program = new Command('patchbay')
  .description('Calls, rooms and media services, on your own machines.')
  .showHelpAfterError();
const commands = [
  addUpCommand,
  addNodeCommand,
  addIceCommand,
  addAccountCommand,
  addKeyCommand,
  addUsageCommand,
  addStatementCommand,
  addSessionCommand,
  addDoctorCommand,
];
for (const add of commands) add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof Refusal) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
  if (error instanceof PatchbayError) {
    process.stderr.write(`${error.code}: ${error.message}\n${error.helpUrl}\n`);
    process.exit(1);
  }
  throw error;
}
