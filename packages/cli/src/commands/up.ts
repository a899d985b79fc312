import path from 'node:path';
import { type Command, Option } from 'commander';
import { environment } from '../env.ts';
import { readSettings, type SettingName, settings } from '../settings.ts';
import { bold, dim, Progress, type Terminal } from '../up/progress.ts';
import type { Platform } from '../up/up.ts';

function addSettings(command: Command): Command {
  for (const [name, setting] of Object.entries(settings)) {
    if ('isSecret' in setting) continue;
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const shape = setting.schema === settings.allowLoopbackPeers.schema ? `[${name}]` : `<${name}>`;
    command.addOption(new Option(`--${flag} ${shape}`, `${setting.summary} [${setting.variable}]`));
  }
  return command;
}

function report(platform: Platform, terminal: Terminal): void {
  const { addresses, devEnv, setUpUrl, folder } = platform;
  const line = (name: string, value: string, more = ''): void => {
    terminal.write(
      `  ${name.padEnd(12)} ${bold(terminal, value)}${more === '' ? '' : `  ${dim(terminal, more)}`}\n`,
    );
  };
  terminal.write('\nPatchbay is up.\n\n');
  const { PATCHBAY_EMAIL: email, PATCHBAY_PASSWORD: password } = devEnv;
  line('Dashboard', addresses.url, email === undefined ? '' : `${email} / ${password}`);
  if (addresses.isLocal) line('Sample call', addresses.sampleUrl, 'open it in two windows');
  line('Signaling', addresses.signalUrl);
  line('Relay', addresses.turnUrl);
  if (setUpUrl !== undefined) line('Set up', setUpUrl, 'works once, for the owner');
  if (addresses.isLocal) {
    const isUsual = folder.root === path.resolve('.patchbay');
    line(
      'Variables',
      folder.devEnv,
      isUsual ? 'for SDK and CLI' : `CLI: npx patchbay … --data ${folder.root}`,
    );
  }
  terminal.write('\nCtrl-C stops all of it.\n');
}

/** What is printed beyond it, the owner's set-up link among it, travels as it is. */
const plainHttpWarning =
  'Others reach these addresses over plain HTTP: whoever is on the way reads passwords, keys and the set-up link. Put a proxy with TLS in front, or use the link from this machine.';

/** Resolves with the exit code, when everything has stopped. */
async function runUp(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const progress = new Progress(process.stderr);
  const isJson = flags.json === true;
  const read = readSettings({
    flags: flags as Record<SettingName, unknown>,
    environment,
    folder: process.cwd(),
  });
  let end = (_code: number): void => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    // The second one is an order: whatever still runs ends with us, by the channel that each part has to us.
    for (const each of signals) process.on(each, () => process.exit(1));
    progress.note(`Stopping (${signal}) …`);
    end(0);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, onSignal);
  // Whoever started us was killed and cannot pass a signal on.
  process.once('disconnect', () => end(0));
  // The database's client is heavy, and no other command needs it.
  const { startPlatform } = await import('../up/up.ts');
  const starting = startPlatform({
    settings: read,
    progress,
    onFailure: (reason) => {
      progress.warn(`Stopping: ${reason}.`);
      end(1);
    },
  });
  // A signal during the start waits for the start, which is bounded, so that nothing is left half begun.
  const platform = await starting;
  if (platform.allowLoopbackPeers) {
    progress.warn(
      'The relay and webhooks reach loopback addresses, so that two windows, and a server of yours, can be on this machine.',
    );
  }
  if (!platform.addresses.isLocal) progress.warn(plainHttpWarning);
  if (isJson) {
    const { addresses, devEnv, setUpUrl } = platform;
    process.stdout.write(`${JSON.stringify({ ...addresses, account: devEnv.PATCHBAY_ACCOUNT, setUpUrl })}\n`);
  } else report(platform, process.stdout);
  const code = await ended;
  await platform.stop();
  return code;
}

export function addUpCommand(program: Command): void {
  addSettings(program.command('up'))
    .description('start all of it on this machine')
    .option('--json', 'print one JSON object when ready')
    .action(async (flags: Record<string, unknown>) => {
      process.exit(await runUp(flags));
    });
}
