/**
 * Formats that files may come in, by the name of FFmpeg's demuxer. It is told which one a file is and never guesses: so what reads
 * other files or addresses, such as playlists, lists to join and descriptions of streams, is never run (C50).
 */
export const demuxers = [
  'wav',
  'mp3',
  'aac',
  'ogg',
  'flac',
  'mov',
  'matroska',
  'avi',
  'au',
  'aiff',
  'amr',
  'png_pipe',
  'jpeg_pipe',
  'webp_pipe',
  'gif',
] as const;
export type Demuxer = (typeof demuxers)[number];

/** So many bytes of the beginning say what a file is, and of some how large its picture is. */
export const SIGNATURE_BYTES = 32;

interface Signature {
  readonly demuxer: Demuxer;
  /** Texts, in Latin 1, by where they stand. */
  readonly at: readonly (readonly [offset: number, text: string])[];
}

const signatures: readonly Signature[] = [
  {
    demuxer: 'wav',
    at: [
      [0, 'RIFF'],
      [8, 'WAVE'],
    ],
  },
  {
    demuxer: 'avi',
    at: [
      [0, 'RIFF'],
      [8, 'AVI '],
    ],
  },
  {
    demuxer: 'webp_pipe',
    at: [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
  },
  { demuxer: 'ogg', at: [[0, 'OggS']] },
  { demuxer: 'flac', at: [[0, 'fLaC']] },
  { demuxer: 'mov', at: [[4, 'ftyp']] },
  { demuxer: 'matroska', at: [[0, '\x1a\x45\xdf\xa3']] },
  { demuxer: 'au', at: [[0, '.snd']] },
  {
    demuxer: 'aiff',
    at: [
      [0, 'FORM'],
      [8, 'AIF'],
    ],
  },
  { demuxer: 'amr', at: [[0, '#!AMR']] },
  { demuxer: 'png_pipe', at: [[0, '\x89PNG\r\n\x1a\n']] },
  { demuxer: 'jpeg_pipe', at: [[0, '\xff\xd8\xff']] },
  { demuxer: 'gif', at: [[0, 'GIF87a']] },
  { demuxer: 'gif', at: [[0, 'GIF89a']] },
  { demuxer: 'mp3', at: [[0, 'ID3']] },
];

/** What a file is, by how it begins; its name and what it is said to be count for nothing. Undefined: none that is read. */
export function demuxerOf(head: Uint8Array): Demuxer | undefined {
  const text = String.fromCharCode(...head.subarray(0, SIGNATURE_BYTES));
  const found = signatures.find(({ at }) => at.every(([offset, part]) => text.startsWith(part, offset)));
  return found?.demuxer ?? frameOf(head);
}

/** Frames without a header before them: eleven bits, then the layer (ISO 11172-3 §2.4.2.3), which ADTS has as zero (ISO 13818-7 §6.2). */
function frameOf([first = 0, second = 0]: Uint8Array): Demuxer | undefined {
  if (first !== 0xff) return undefined;
  if ((second & 0xf6) === 0xf0) return 'aac';
  return (second & 0xe0) === 0xe0 && (second & 0x06) !== 0 ? 'mp3' : undefined;
}

/** The sides that a picture says it has, where they stand in its beginning: before anything of it is decoded. */
export function declaredSizeOf(
  head: Uint8Array,
  demuxer: Demuxer,
): { readonly width: number; readonly height: number } | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  // PNG (RFC 2083 §4.1.1): its first chunk. GIF89a §18: in its descriptor of the screen.
  if (demuxer === 'png_pipe' && head.length >= 24)
    return { width: view.getUint32(16), height: view.getUint32(20) };
  if (demuxer === 'gif' && head.length >= 10)
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  return undefined;
}
