import { correction, generate } from 'lean-qr';
import { toSvgPath } from 'lean-qr/extras/svg';

/** A QR code as the path of its dark modules, in squares of 1, without the quiet zone around it. */
export interface QrCode {
  readonly path: string;
  readonly size: number;
}

/** Made here, and not by somebody else's server: the text is a secret. */
export function qrCodeOf(text: string): QrCode {
  const code = generate(text, { minCorrectionLevel: correction.M });
  return { path: toSvgPath(code), size: code.size };
}
