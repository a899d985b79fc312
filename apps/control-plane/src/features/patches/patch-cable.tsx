import type { PatchCable } from '@patchbay/domain/hooks/patch-graph';
import { classNames } from '@patchbay/ui/class-names';
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import type { ReactNode } from 'react';
import { showCount } from '../../formats/quantity.ts';
import { figuresText, toneColours, toneOf, toneWords } from './cable-figures.tsx';

export type CableEdge = Edge<
  { readonly cable: PatchCable; readonly onOpen: (cable: PatchCable) => void },
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
  const [path, labelX, labelY] = getBezierPath({
    ...{ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition },
  });
  if (data === undefined) return null;
  const { cable, onOpen } = data;
  const tone = toneOf(cable);
  const look = cable.via === 'fallback' ? 'fallback' : cable.isInherited ? 'inherited' : 'own';
  return (
    <>
      <BaseEdge
        path={path}
        interactionWidth={16}
        style={{
          stroke: `var(${toneColours[tone]})`,
          strokeWidth: selected ? 3 : 2,
          ...(dashes[look] === undefined ? {} : { strokeDasharray: dashes[look] }),
          ...(tone === 'off' ? { opacity: 0.5 } : {}),
        }}
      />
      <EdgeLabelRenderer>
        <button
          type="button"
          onClick={() => onOpen(cable)}
          aria-label={`${cable.eventType} to ${cable.to.box} ${cable.to.port}, ${toneWords[tone]}: ${figuresText(cable.lastHour)} in the last hour`}
          title={`${toneWords[tone]}: ${figuresText(cable.lastHour)} in the last hour`}
          style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
          className={classNames(
            'nodrag nopan pointer-events-auto absolute flex items-center gap-1.5 rounded-full border bg-raised px-2 text-sm tabular-nums hover:border-ink-faint',
            selected ? 'border-accent' : 'border-line',
          )}
        >
          <CableLabel cable={cable} />
        </button>
      </EdgeLabelRenderer>
    </>
  );
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
        <span className="text-ink-faint"> /h</span>
      </span>
      {waiting > 0 ? <span className="text-wait">{showCount(waiting)} waiting</span> : null}
      {failed > 0 ? <span className="text-fail">{showCount(failed)} failed</span> : null}
    </>
  );
}
