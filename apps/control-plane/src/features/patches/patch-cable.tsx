import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { classNames } from '@patchbay/ui/class-names';
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import { Clock, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { showCount } from '../../formats/quantity.ts';
import { figuresText, toneColours, toneOf, toneWords } from './cable-figures.tsx';

export type CableEdge = Edge<
  {
    readonly cable: PatchCable;
    /** Among the labels of the cables that leave the same port, from 0. */
    readonly labelPlace: number;
    readonly onOpen: (cable: PatchCable) => void;
  },
  'cable'
>;

/** A stored callback: dashed where it is set above, dotted where it is only fallen back to. */
const dashes = { own: undefined, inherited: '7 5', fallback: '2 5' } as const;

export function PatchCableLine({
  data,
  selected = false,
  markerEnd,
  ...ends
}: EdgeProps<CableEdge>): ReactNode {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = ends;
  const [path, middleX, middleY] = getBezierPath({
    ...{ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition },
  });
  if (data === undefined) return null;
  const { cable, labelPlace, onOpen } = data;
  const tone = toneOf(cable);
  const label =
    targetX > sourceX
      ? labelPoint({ sourceX, sourceY, targetX, targetY }, labelPlace)
      : { x: middleX, y: middleY };
  const look = cable.via === 'fallback' ? 'fallback' : cable.isInherited ? 'inherited' : 'own';
  return (
    <>
      <BaseEdge
        path={path}
        interactionWidth={16}
        style={{
          stroke: `var(${cable.via === 'fallback' ? '--line-strong' : toneColours[tone]})`,
          strokeWidth: selected ? 3 : 2,
          ...(dashes[look] === undefined ? {} : { strokeDasharray: dashes[look] }),
          ...(tone === 'off' ? { opacity: 0.5 } : {}),
        }}
      />
      {selected || isTold(cable) ? (
        <EdgeLabelRenderer>
          <button
            type="button"
            onClick={() => onOpen(cable)}
            title={`${toneWords[tone]}: ${figuresText(cable.lastHour)} in the last hour`}
            style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
            className={classNames(
              'nodrag nopan pointer-events-auto absolute flex items-center gap-1.5 rounded-full border bg-raised px-2 text-sm tabular-nums hover:border-ink-faint',
              selected ? 'border-accent' : 'border-line',
            )}
          >
            <CableLabel cable={cable} />
            <span className="sr-only">
              {` in the last hour, ${toneWords[tone]}: ${cable.eventType} to ${cable.to.box} ${cable.to.port}`}
            </span>
          </button>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
}

/** What is quiet has no label until it is chosen: it would hide what is not. */
export const isTold = (cable: PatchCable): boolean =>
  cable.via === 'main' && toneOf(cable) !== 'idle' && toneOf(cable) !== 'off';

/** Where the first label of a port stands, and how far those of its other cables are apart. In pixels. */
const LABEL_DISTANCE = 54;
const LABEL_STEP = 84;

interface Line {
  readonly sourceX: number;
  readonly sourceY: number;
  readonly targetX: number;
  readonly targetY: number;
}

/**
 * On the cable, near the port that it leaves: there cables are apart. The curve is that of `getBezierPath`, whose middle points lie
 * half way across.
 */
function labelPoint({ sourceX, sourceY, targetX, targetY }: Line, place: number): { x: number; y: number } {
  const width = targetX - sourceX;
  const wantedX = Math.min(LABEL_DISTANCE + place * LABEL_STEP, width / 2);
  // Across it goes as 1.5 t − 1.5 t² + t³ of the width; down as 3 t² − 2 t³ of the height.
  let t = 0;
  while (t < 0.5 && width * (1.5 * t - 1.5 * t ** 2 + t ** 3) < wantedX) t += 0.01;
  return { x: sourceX + wantedX, y: sourceY + (targetY - sourceY) * (3 * t ** 2 - 2 * t ** 3) };
}

function CableLabel({ cable: { via, flow, lastHour } }: { readonly cable: PatchCable }): ReactNode {
  if (via === 'fallback') return <span className="text-ink-faint">fallback</span>;
  if (flow.state === 'disabled') return <span className="text-ink-faint">disabled</span>;
  const { delivered, failed, waiting } = lastHour;
  return (
    <>
      <span className={delivered === 0 ? 'text-ink-faint' : 'text-ink'}>
        {showCount(delivered)}
        {flow.countedSince === undefined ? '' : '+'}
      </span>
      {waiting > 0 ? <Mark icon={<Clock aria-hidden />} count={waiting} className="text-wait" /> : null}
      {failed > 0 || flow.health === 'failing' ? (
        <Mark icon={<TriangleAlert aria-hidden />} count={failed} className="text-fail" />
      ) : null}
    </>
  );
}

function Mark({
  icon,
  count,
  className,
}: {
  readonly icon: ReactNode;
  readonly count: number;
  readonly className: string;
}): ReactNode {
  return (
    <span className={classNames('flex items-center gap-0.5 [&_svg]:size-3', className)}>
      {icon}
      {count > 0 ? showCount(count) : ''}
    </span>
  );
}
