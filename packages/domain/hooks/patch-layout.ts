/** What comes out of a box at its right, or goes into it at its left. */
export interface PatchPort {
  readonly key: string;
  readonly isUsed: boolean;
}

export interface PatchBox {
  readonly key: string;
  /** `gone`: an operation that there is no longer. */
  readonly kind: 'service' | 'account' | 'address' | 'gone';
  readonly title: string;
  readonly inputs: readonly PatchPort[];
  readonly outputs: readonly PatchPort[];
}

export interface PlacedBox extends PatchBox {
  readonly x: number;
  readonly y: number;
}

/** Of a cable: a box, and one of its ports. */
export interface CableEnd {
  readonly box: string;
  readonly port: string;
}

interface Ends {
  readonly from: CableEnd;
  readonly to: CableEnd;
}

/** In pixels of a drawing that is not scaled. */
export const BOX_WIDTH = 208;
export const BOX_HEAD_HEIGHT = 36;
export const PORT_HEIGHT = 24;
const BOX_FOOT_HEIGHT = 8;
const COLUMN_GAP = 148;
const BOX_GAP = 28;

export const boxHeight = ({ inputs, outputs }: Pick<PatchBox, 'inputs' | 'outputs'>): number =>
  BOX_HEAD_HEIGHT + PORT_HEIGHT * (inputs.length + outputs.length) + BOX_FOOT_HEIGHT;

/**
 * Boxes in columns from left to right, so that cables lead to the right wherever that can be: what takes events stands right of
 * what tells of them, and addresses, which tell of nothing, stand last. Within a column each stands near where its cables come from.
 */
export function placeBoxes(boxes: readonly PatchBox[], cables: readonly Ends[]): readonly PlacedBox[] {
  const columnOf = columnsOf(boxes, cables);
  const placed: PlacedBox[] = [];
  const numbers = [...new Set(boxes.map(({ key }) => columnOf.get(key) ?? 0))].sort(
    (one, other) => one - other,
  );
  for (const [index, number] of numbers.entries()) {
    const middles = new Map(placed.map((box) => [box.key, box.y + boxHeight(box) / 2]));
    const column = boxes
      .filter(({ key }) => columnOf.get(key) === number)
      .map((box, order) => ({ box, order, pull: pullOf(box, cables, middles) }))
      .sort((one, other) => one.pull - other.pull || one.order - other.order);
    let y = 0;
    for (const { box } of column) {
      placed.push({ ...box, x: index * (BOX_WIDTH + COLUMN_GAP), y });
      y += boxHeight(box) + BOX_GAP;
    }
  }
  return placed;
}

function columnsOf(boxes: readonly PatchBox[], cables: readonly Ends[]): ReadonlyMap<string, number> {
  const columnOf = new Map(boxes.map(({ key, inputs }) => [key, inputs.length === 0 ? 0 : 1]));
  const next = Map.groupBy(forwardOf(boxes, cables), ({ from }) => from);
  // The longest way to each box: as many rounds as a way has boxes at most.
  for (const _ of boxes)
    for (const [from, steps] of next)
      for (const { to } of steps)
        columnOf.set(to, Math.max(columnOf.get(to) ?? 0, (columnOf.get(from) ?? 0) + 1));
  const isLast = ({ kind }: PatchBox) => kind === 'address' || kind === 'gone';
  const services = boxes.filter((box) => !isLast(box)).map(({ key }) => columnOf.get(key) ?? 0);
  const last = Math.max(0, ...services) + 1;
  for (const box of boxes) if (isLast(box)) columnOf.set(box.key, last);
  return columnOf;
}

interface Step {
  readonly from: string;
  readonly to: string;
}

/** Cables between boxes without those that lead back: two services may each take an event of the other, which is no circle of events. */
function forwardOf(boxes: readonly PatchBox[], cables: readonly Ends[]): readonly Step[] {
  const next = Map.groupBy(cables, ({ from }) => from.box);
  const forward: Step[] = [];
  const isDone = new Set<string>();
  const walk = (from: string, path: readonly string[]): void => {
    if (isDone.has(from)) return;
    const targets = new Set((next.get(from) ?? []).map(({ to }) => to.box));
    for (const to of targets) {
      if (to === from || path.includes(to)) continue;
      forward.push({ from, to });
      walk(to, [...path, from]);
    }
    isDone.add(from);
  };
  for (const { key } of boxes) walk(key, []);
  return forward;
}

/** The mean height of where its cables come from; what none comes to keeps its order, below. */
function pullOf(box: PatchBox, cables: readonly Ends[], middles: ReadonlyMap<string, number>): number {
  const heights = cables.flatMap(({ from, to }) => (to.box === box.key ? (middles.get(from.box) ?? []) : []));
  return heights.length === 0
    ? Number.MAX_SAFE_INTEGER
    : heights.reduce((sum, height) => sum + height, 0) / heights.length;
}
