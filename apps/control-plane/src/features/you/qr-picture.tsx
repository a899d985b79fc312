import type { ReactNode } from 'react';
import type { QrCode } from './qr-code.ts';

/** ISO/IEC 18004: four squares of quiet around it. */
const QUIET = 4;

/** Dark on white in both themes: many scanners read nothing else. */
export function QrPicture({ qr, label }: { readonly qr: QrCode; readonly label: string }): ReactNode {
  const edge = qr.size + 2 * QUIET;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`${-QUIET} ${-QUIET} ${edge} ${edge}`}
      shapeRendering="crispEdges"
      className="size-48 rounded-md border"
    >
      <rect x={-QUIET} y={-QUIET} width={edge} height={edge} fill="white" />
      <path d={qr.path} fill="black" />
    </svg>
  );
}
