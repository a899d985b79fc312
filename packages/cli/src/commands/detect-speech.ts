import type { ListenRequest } from '@patchbay/sdk-node';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { inputOf } from '../named-file.ts';
import { print } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface DetectFlags {
  readonly account?: string;
  readonly answered?: boolean;
  readonly sensitivity?: NonNullable<ListenRequest['sensitivity']>;
  readonly speechMs?: number;
  readonly pauseMs?: number;
  readonly json?: boolean;
}

export function addDetectSpeechCommand(program: Command): void {
  program
    .command('detect-speech <file>')
    .description(
      'say where somebody speaks in a file, at an address, or in a stored file, and where it beeps',
    )
    .option('--answered', 'besides, whether a person or a machine answered: it begins where it was answered')
    .addOption(
      new Option('--sensitivity <word>', 'how little is enough to be speech').choices([
        'low',
        'normal',
        'high',
      ]),
    )
    .option('--speech-ms <ms>', 'what is shorter is no speech', positiveInteger)
    .option('--pause-ms <ms>', 'a shorter pause does not end a stretch', positiveInteger)
    .option('--account <id>')
    .option('--json', 'all that was heard')
    .action(async (named: string, flags: DetectFlags) => {
      const { account, answered = false, sensitivity, speechMs, pauseMs, json = false } = flags;
      const heard = await connect(account).speechDetection.listen({
        ...(await inputOf(named)),
        ...(answered ? { kind: 'answering-machine' as const } : {}),
        ...given({ sensitivity, speechMsMin: speechMs, pauseMsMin: pauseMs }),
      });
      const { segments, beeps, answering } = heard;
      const seconds = (ms: number) => ms / 1_000;
      const rows = [
        ...segments.map(({ startMs, endMs, confidence }) => ({
          ...{ from: seconds(startMs), until: seconds(endMs), heard: 'speech', confidence },
        })),
        ...beeps.map(({ startMs, endMs, hertz }) => ({
          ...{ from: seconds(startMs), until: seconds(endMs), heard: `beep of ${hertz} Hz`, confidence: '' },
        })),
        ...(answering === undefined
          ? []
          : [
              {
                ...{ from: '', until: seconds(answering.decidedAtMs) },
                ...{ heard: `answered by: ${answering.answeredBy}`, confidence: answering.confidence },
              },
            ]),
      ];
      print(heard, { json, rows });
    });
}
