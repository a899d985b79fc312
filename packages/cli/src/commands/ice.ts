import { type BandwidthClass, bandwidthClasses } from '@patchbay/protocol/turn/bandwidth-class';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { connect } from '../connection.ts';

interface IceFlags {
  readonly ttl?: number;
  readonly uses?: number;
  readonly bytes?: number;
  readonly seconds?: number;
  readonly kbps?: number;
  readonly class?: BandwidthClass;
  readonly account?: string;
  readonly application?: string;
  readonly instanceType?: string;
  readonly identity?: string;
  readonly json?: boolean;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It has to be a whole number from 1 on.');
  return value;
}

export function addIceCommand(program: Command): void {
  program
    .command('ice')
    .description('mint a relay credential, offline, and print it as ICE servers')
    .option('--ttl <seconds>', 'how long it is valid (3600)', positiveInteger)
    .option('--uses <count>', 'how many clients may use it', positiveInteger)
    .option('--bytes <count>', 'how much it may carry, both ways', positiveInteger)
    .option('--seconds <count>', 'how long its allocations may last, in total', positiveInteger)
    .option('--kbps <rate>', 'bit rate of one allocation, in thousands of bits a second', positiveInteger)
    .addOption(
      new Option('--class <name>', 'what it is to carry, with its bit rate and burst').choices(
        bandwidthClasses,
      ),
    )
    .option('--account <id>', "act for this account: the key's own, or one below it")
    .option('--application <id>', 'act for this application of the account')
    .option('--instance-type <name>', 'and this instance type of it')
    .option('--identity <name>', 'who holds it')
    .option('--json', 'on one line')
    .action((flags: IceFlags) => {
      const { ttl, uses, bytes, seconds, kbps, account, application, instanceType, identity, json } = flags;
      const { class: bandwidthClass } = flags;
      const servers = connect(account).iceServers({
        ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
        ...(uses === undefined ? {} : { usesMax: uses }),
        ...(bytes === undefined ? {} : { bytesMax: bytes }),
        ...(seconds === undefined ? {} : { secondsMax: seconds }),
        ...(kbps === undefined ? {} : { bitsPerSecondMax: kbps * 1_000 }),
        ...(bandwidthClass === undefined ? {} : { bandwidthClass }),
        ...(application === undefined ? {} : { applicationId: application }),
        ...(instanceType === undefined ? {} : { instanceType }),
        ...(identity === undefined ? {} : { identity }),
      });
      process.stdout.write(`${JSON.stringify(servers, null, json === true ? 0 : 2)}\n`);
    });
}
