import { BOX_HEAD_HEIGHT, BOX_WIDTH, type PlacedBox, PORT_HEIGHT } from '@patchbay/domain/hooks/patch-layout';
import { classNames } from '@patchbay/ui/class-names';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { Boxes, Cable, CircleAlert, Globe } from 'lucide-react';
import type { ReactNode } from 'react';

export type BoxNode = Node<{ readonly box: PlacedBox; readonly mayDraw: boolean }, 'box'>;

const icons = { service: Cable, account: Boxes, address: Globe, gone: CircleAlert } as const;

/** A service with what goes into it and what comes out, or an address with its host. */
export function PatchBox({ data: { box, mayDraw } }: NodeProps<BoxNode>): ReactNode {
  const Icon = icons[box.kind];
  return (
    <div
      className={classNames(
        'rounded-md border border-line-strong bg-raised pb-2',
        box.kind === 'gone' && 'border-fail',
      )}
      style={{ width: BOX_WIDTH }}
    >
      <div className="flex items-center gap-2 px-3" style={{ height: BOX_HEAD_HEIGHT }}>
        <Icon
          aria-hidden
          className={classNames(
            'size-4 shrink-0',
            box.kind === 'service' ? 'text-accent' : box.kind === 'gone' ? 'text-fail' : 'text-ink-faint',
          )}
        />
        <span className="truncate font-medium" title={box.title}>
          {box.title}
        </span>
      </div>
      {box.inputs.map(({ key, isUsed }) => (
        <Port key={`in ${key}`} isUsed={isUsed}>
          <Handle
            type="target"
            position={Position.Left}
            id={key}
            isConnectable={mayDraw && box.kind === 'service'}
            className={classNames('patch-port', isUsed && 'patch-port-used')}
          />
          <span className="truncate">{box.kind === 'service' ? key : inputWords[box.kind]}</span>
        </Port>
      ))}
      {box.inputs.length > 0 && box.outputs.length > 0 ? (
        <div className="-mb-px border-t border-line" aria-hidden />
      ) : null}
      {box.outputs.map(({ key, isUsed }) => (
        <Port key={`out ${key}`} isUsed={isUsed} isOutput>
          <span className="truncate">{key === '*' ? 'all events' : key}</span>
          <Handle
            type="source"
            position={Position.Right}
            id={key}
            isConnectable={mayDraw && box.kind === 'service' && !key.endsWith('*')}
            className={classNames('patch-port', isUsed && 'patch-port-used')}
          />
        </Port>
      ))}
    </div>
  );
}

const inputWords = { account: '', address: 'signed requests', gone: 'there is no such operation' } as const;

function Port({
  isUsed,
  isOutput = false,
  children,
}: {
  readonly isUsed: boolean;
  readonly isOutput?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div
      style={{ height: PORT_HEIGHT }}
      className={classNames(
        'relative flex items-center px-3 text-sm',
        isOutput && 'justify-end',
        isUsed ? 'text-ink' : 'text-ink-faint',
      )}
    >
      {children}
    </div>
  );
}
