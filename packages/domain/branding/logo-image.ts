/** What a picture says of itself in its first bytes. What it was called, and what its sender says it is, counts for nothing. */

export const LOGO_SIZE_BYTES_MAX = 131_072;
export const LOGO_SIDE_PIXELS_MIN = 16;
export const LOGO_SIDE_PIXELS_MAX = 1_024;

export interface LogoImage {
  readonly mediaType: 'image/png' | 'image/webp';
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const WEBP_ANIMATED = 0x02;

/** The picture, or why it is not taken. SVG is not: it is a document, which can hold scripts and fetch things. */
export function readLogo(bytes: Uint8Array): LogoImage | { readonly refusal: string } {
  if (bytes.length > LOGO_SIZE_BYTES_MAX)
    return { refusal: `It has ${bytes.length} bytes; at most ${LOGO_SIZE_BYTES_MAX} are taken.` };
  const image = readPng(bytes) ?? readWebp(bytes);
  if (image === undefined) return { refusal: 'It is neither a still PNG nor a still WebP, whole and alone.' };
  const { widthPixels, heightPixels } = image;
  const isFitting = [widthPixels, heightPixels].every(
    (side) => side >= LOGO_SIDE_PIXELS_MIN && side <= LOGO_SIDE_PIXELS_MAX,
  );
  if (isFitting) return image;
  return {
    refusal: `It has ${widthPixels} × ${heightPixels} pixels; each side has ${LOGO_SIDE_PIXELS_MIN} to ${LOGO_SIDE_PIXELS_MAX}.`,
  };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const textAt = (bytes: Uint8Array, offset: number): string =>
  String.fromCharCode(...bytes.subarray(offset, offset + 4));

/** A PNG is a row of chunks that ends with IEND, and with that the file does: nothing hides behind it. */
function readPng(bytes: Uint8Array): LogoImage | undefined {
  if (!PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)) return undefined;
  const view = viewOf(bytes);
  const names: string[] = [];
  let offset = PNG_SIGNATURE.length;
  while (offset + 12 <= bytes.length && names.at(-1) !== 'IEND') {
    names.push(textAt(bytes, offset + 4));
    offset += 12 + view.getUint32(offset);
  }
  const isWhole = names[0] === 'IHDR' && names.includes('IDAT') && names.at(-1) === 'IEND';
  if (!isWhole || offset !== bytes.length || names.includes('acTL')) return undefined;
  return { mediaType: 'image/png', widthPixels: view.getUint32(16), heightPixels: view.getUint32(20) };
}

/** RFC 9649 §2: a RIFF container whose first chunk says how large the picture is. */
function readWebp(bytes: Uint8Array): LogoImage | undefined {
  if (bytes.length < 30 || textAt(bytes, 0) !== 'RIFF' || textAt(bytes, 8) !== 'WEBP') return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(4, true) + 8 !== bytes.length) return undefined;
  const sides = webpSides(bytes, view);
  return sides && { mediaType: 'image/webp', widthPixels: sides[0], heightPixels: sides[1] };
}

function webpSides(bytes: Uint8Array, view: DataView): readonly [number, number] | undefined {
  switch (textAt(bytes, 12)) {
    case 'VP8 ': {
      const isKeyFrame = bytes[23] === 0x9d && bytes[24] === 0x01 && bytes[25] === 0x2a;
      return isKeyFrame ? [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff] : undefined;
    }
    case 'VP8L': {
      if (bytes[20] !== 0x2f) return undefined;
      const packed = view.getUint32(21, true);
      return [(packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1];
    }
    case 'VP8X': {
      if (((bytes[20] ?? 0) & WEBP_ANIMATED) !== 0) return undefined;
      const side = (offset: number) => 1 + view.getUint16(offset, true) + ((bytes[offset + 2] ?? 0) << 16);
      return [side(24), side(27)];
    }
    default:
      return undefined;
  }
}
