/** Where it is not said where FFmpeg is, it is on the path. */
export const FFMPEG_PROGRAM = 'ffmpeg';

/** Of every run of FFmpeg: it asks nothing, and reads and writes nothing but what the protocols named lead to (C50). */
export const safely = (protocols: 'pipe' | 'file,pipe'): readonly string[] => [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', protocols],
];

/** What to do where it is missing. */
export const FFMPEG_REMEDY =
  'put it on the path of the nodes of the role jobs (apt-get install ffmpeg), or set FFMPEG_PATH';
