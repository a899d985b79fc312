import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import type { TranscodeRequest } from '@patchbay/sdk-node';
import { type Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { given } from '../given.ts';
import { inputOf } from '../named-file.ts';
import { print } from '../output.ts';
import { positiveInteger } from './positive-integer.ts';

const formats = ['wav', 'mp3', 'ogg', 'flac', 'm4a', 'mp4', 'webm', 'jpeg', 'png'] as const;

interface TranscodeFlags {
  readonly account?: string;
  readonly to: (typeof formats)[number];
  readonly out?: string;
  readonly audioCodec?: NonNullable<TranscodeRequest['audioCodec']>;
  readonly videoCodec?: NonNullable<TranscodeRequest['videoCodec']>;
  readonly audioKbps?: number;
  readonly videoKbps?: number;
  readonly rate?: number;
  readonly mono?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly from?: number;
  readonly until?: number;
  readonly speed?: number;
  readonly denoise?: boolean;
  readonly loudness?: number;
  readonly json?: boolean;
}

export function addTranscodeCommand(program: Command): void {
  program
    .command('transcode <file>')
    .description('turn a file, an address or a stored file into another, to a file or to standard output')
    .addOption(new Option('--to <format>').choices([...formats]).makeOptionMandatory())
    .option('--out <file>', 'where it goes (standard output)')
    .option('--audio-codec <name>', 'such as opus; the first that the format has')
    .option('--video-codec <name>', 'such as vp9')
    .option('--audio-kbps <rate>', 'bit rate of the sound', positiveInteger)
    .option('--video-kbps <rate>', 'bit rate of the picture', positiveInteger)
    .option('--rate <hz>', 'samples a second', positiveInteger)
    .option('--mono', 'mixed down to one channel')
    .option('--width <pixels>', 'keeps its shape', positiveInteger)
    .option('--height <pixels>', 'keeps its shape', positiveInteger)
    .option('--from <seconds>', 'where it begins', Number)
    .option('--until <seconds>', 'where it ends', Number)
    .option('--speed <factor>', '2 is twice as fast', Number)
    .option('--denoise', 'steady noise is taken out')
    .option('--loudness <lufs>', 'EBU R 128, such as -23', Number)
    .option('--account <id>')
    .option('--json', 'what became of it, where it goes to a file')
    .action(async (named: string, flags: TranscodeFlags) => {
      const { account, out, json = false } = flags;
      const { transcoding } = connect(account);
      const file = await transcoding.transcode({ ...(await inputOf(named)), ...requestOf(flags) });
      const target =
        out === undefined ? Writable.toWeb(process.stdout) : Writable.toWeb(createWriteStream(out));
      await file.stream.pipeTo(target, { preventClose: out === undefined });
      if (out === undefined) return;
      const { mediaType } = file;
      print({ file: out, mediaType }, { json, rows: [{ file: out, type: mediaType }] });
    });
  program
    .command('probe <file>')
    .description('say what is in a file, at an address, or in a stored file')
    .option('--account <id>')
    .option('--json')
    .action(async (named: string, { account, json = false }: Pick<TranscodeFlags, 'account' | 'json'>) => {
      const media = await connect(account).transcoding.inspect(await inputOf(named));
      const { kind, container, durationMs, audio, video } = media;
      const row = {
        ...{ kind, container },
        seconds: durationMs === undefined ? '' : durationMs / 1_000,
        audio: audio === undefined ? '' : `${audio.codec} ${audio.sampleRateHz} Hz × ${audio.channels}`,
        video: video === undefined ? '' : `${video.codec} ${video.width} × ${video.height}`,
      };
      print(media, { json, rows: [row] });
    });
}

const inMs = (seconds: number | undefined) =>
  seconds === undefined ? undefined : Math.round(1_000 * seconds);

function requestOf(flags: TranscodeFlags) {
  const { to, audioCodec, videoCodec, audioKbps, videoKbps, rate, mono, width, height } = flags;
  const { from, until, speed, denoise, loudness } = flags;
  const more = given({
    ...{ audioCodec, videoCodec, width, height, speed },
    ...{ audioBitRateKbps: audioKbps, videoBitRateKbps: videoKbps },
    // The platform says which rates there are.
    sampleRateHz: rate as TranscodeRequest['sampleRateHz'],
    channels: mono === true ? (1 as const) : undefined,
    ...{ startMs: inMs(from), endMs: inMs(until), loudnessLufs: loudness },
    isDenoised: denoise,
  });
  return { format: to, ...more };
}
