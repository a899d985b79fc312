import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { print, readList } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

interface SpeakFlags {
  readonly account?: string;
  readonly out?: string;
  readonly ssml?: boolean;
  readonly voice?: string;
  readonly rate?: number;
  readonly pitch?: number;
  readonly format: 'wav' | 'pcm' | 'pcmu' | 'ogg-opus' | 'mp3';
  readonly json?: boolean;
}

interface VoicesFlags {
  readonly account?: string;
  readonly language?: string;
  readonly sex?: 'female' | 'male';
  readonly limit: number;
  readonly json?: boolean;
}

export function addSpeakCommand(program: Command): void {
  program
    .command('speak <text>')
    .description('speak a text, to a file or to standard output')
    .option('--out <file>', 'where the sound goes (standard output)')
    .option('--ssml', 'the text is SSML')
    .option('--voice <name>', 'one of those that `patchbay voices` lists')
    .option('--rate <factor>', '0.5 is half as fast', Number)
    .option('--pitch <factor>', '2 is an octave higher', Number)
    .addOption(
      new Option('--format <name>').choices(['wav', 'pcm', 'pcmu', 'ogg-opus', 'mp3']).default('wav'),
    )
    .option('--account <id>')
    .option('--json', 'what became of it, where the sound goes to a file')
    .action(async (text: string, flags: SpeakFlags) => {
      const { account, out, ssml = false, json = false, voice, rate, pitch, format } = flags;
      const { textToSpeech } = connect(account);
      const said = given({ voice, rate, pitch, format });
      const file = await textToSpeech.speak({ ...(ssml ? { ssml: text } : { text }), ...said });
      let sizeBytes = 0;
      const counted = file.stream.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(bytes, next) {
            sizeBytes += bytes.length;
            next.enqueue(bytes);
          },
        }),
      );
      if (out === undefined) {
        for await (const bytes of counted) process.stdout.write(bytes);
        return;
      }
      await counted.pipeTo(Writable.toWeb(createWriteStream(out)));
      const { mediaType } = file;
      print(
        { file: out, mediaType, sizeBytes },
        { json, rows: [{ file: out, type: mediaType, bytes: sizeBytes }] },
      );
    });
  program
    .command('voices')
    .description('voices that speak, those that are taken first in front')
    .option('--language <tag>', 'such as en, or en-GB')
    .addOption(new Option('--sex <sex>').choices(['female', 'male']))
    .option('--account <id>')
    .option('--limit <count>', 'at most so many', positiveInteger, 200)
    .option('--json')
    .action(async ({ account, limit, json = false, language, sex }: VoicesFlags) => {
      const wish = given({ language, sex });
      const items = await readList(connect(account).textToSpeech.listVoices(wish), limit);
      print(items, {
        json,
        rows: items.map(({ name, language, sex, accent, engine }) => ({
          name,
          language,
          sex,
          accent,
          engine,
        })),
      });
    });
}
