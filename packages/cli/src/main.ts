#!/usr/bin/env node
/** `patchbay`: starts the platform, and is the tool of those who run it and build on it. */
import { Command } from 'commander';
import { addNodeCommand } from './commands/node.ts';
import { addUpCommand } from './commands/up.ts';
import { Refusal } from './refusal.ts';

const program = new Command('patchbay')
  .description('Calls, rooms and media services, on your own machines.')
  .showHelpAfterError();
addUpCommand(program);
addNodeCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
}
