'use client';

import '@xyflow/react/dist/base.css';
import './patch-board.css';
import type { PatchCable, PatchGraph } from '@patchbay/domain/hooks/patch-graph';
import { boxHeight } from '@patchbay/domain/hooks/patch-layout';
import {
  Background,
  type Connection,
  Controls,
  type NodeChange,
  ReactFlow,
  type XYPosition,
} from '@xyflow/react';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { type BoxNode, PatchBox } from './patch-box.tsx';
import { type CableEdge, isTold, PatchCableLine } from './patch-cable.tsx';

export interface PatchBoardProps {
  readonly graph: PatchGraph;
  /** Whether whoever looks may draw at the place that is looked at. */
  readonly mayDraw: boolean;
  readonly onDraw: (from: { readonly service: string; readonly event: string }, to: PatchCable['to']) => void;
  readonly onOpen: (cable: PatchCable) => void;
  readonly onRemove: (cable: PatchCable) => void;
}

const nodeTypes = { box: PatchBox };
const edgeTypes = { cable: PatchCableLine };
/** What a drawing is scaled to, so that it can be read. */
const fit = { padding: 0.06, minZoom: 0.45, maxZoom: 1 };

/** The drawing: boxes may be moved about to see better; where they stand is no part of the configuration, and is forgotten. */
export function PatchBoard({ graph, mayDraw, onDraw, onOpen, onRemove }: PatchBoardProps): ReactNode {
  const [moved, setMoved] = useState<Readonly<Record<string, XYPosition>>>({});
  const [selected, setSelected] = useState<string>();
  const nodes = useMemo(
    () =>
      graph.boxes.map(
        (box): BoxNode => ({
          id: box.key,
          type: 'box',
          position: moved[box.key] ?? { x: box.x, y: box.y },
          data: { box, mayDraw },
          deletable: false,
          ariaLabel: box.title,
        }),
      ),
    [graph.boxes, moved, mayDraw],
  );
  const places = useMemo(() => labelPlaces(graph.cables), [graph.cables]);
  const edges = useMemo(
    () =>
      graph.cables.map(
        (cable): CableEdge => ({
          id: cable.key,
          type: 'cable',
          source: cable.from.box,
          sourceHandle: cable.from.port,
          target: cable.to.box,
          targetHandle: cable.to.port,
          data: { cable, labelPlace: places.get(cable.key) ?? 0, onOpen },
          selected: cable.key === selected,
          deletable: cable.isEditable,
          // Its label is a button, which says the same and more.
          focusable: false,
          ariaLabel: `${cable.eventType} to ${cable.to.box} ${cable.to.port}`,
        }),
      ),
    [graph.cables, places, selected, onOpen],
  );
  const onNodesChange = useCallback((changes: NodeChange<BoxNode>[]) => {
    for (const change of changes) {
      if (change.type !== 'position' || change.position === undefined) continue;
      const { id, position } = change;
      setMoved((before) => ({ ...before, [id]: position }));
    }
  }, []);
  const onConnect = ({ source, sourceHandle, target, targetHandle }: Connection) => {
    if (sourceHandle === null || targetHandle === null) return;
    onDraw({ service: source, event: sourceHandle }, { box: target, port: targetHandle });
  };
  return (
    <div
      className="patch-board overflow-hidden rounded-md border"
      style={{ height: boardHeight(graph) }}
      data-testid="patch-board"
    >
      <ReactFlow<BoxNode, CableEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={onNodesChange}
        onConnect={onConnect}
        onEdgeClick={(_, { id }) => setSelected(id)}
        onEdgeDoubleClick={(_, { data }) => data && onOpen(data.cable)}
        onPaneClick={() => setSelected(undefined)}
        onBeforeDelete={async ({ edges: gone }) => {
          for (const { data } of gone) if (data?.cable.isEditable === true) onRemove(data.cable);
          return false;
        }}
        deleteKeyCode={['Delete', 'Backspace']}
        fitView
        fitViewOptions={fit}
        minZoom={0.3}
        maxZoom={1.5}
        zoomOnScroll={false}
        preventScrolling={false}
        nodesFocusable={false}
        attributionPosition="bottom-left"
        aria-label="Drawing of the patch: services as boxes, events as cables. The table below says the same."
      >
        <Background gap={16} size={1} />
        <Controls showInteractive={false} fitViewOptions={fit} position="bottom-right" />
      </ReactFlow>
    </div>
  );
}

/** In pixels: as high as its boxes where they are scaled to the width of a page, within what a screen shows. */
const boardHeight = ({ boxes }: PatchGraph): number =>
  Math.min(680, Math.max(320, 0.86 * Math.max(0, ...boxes.map((box) => box.y + boxHeight(box))) + 40));

/** Labels of cables that leave one port stand one behind the other. */
function labelPlaces(cables: readonly PatchCable[]): ReadonlyMap<string, number> {
  const told = Map.groupBy(cables.filter(isTold), ({ from }) => `${from.box} ${from.port}`);
  return new Map(
    [...told.values()].flatMap((ofPort) => ofPort.map(({ key }, place) => [key, place] as const)),
  );
}
