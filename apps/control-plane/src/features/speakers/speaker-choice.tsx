'use client';

import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';

/** Whose word is edited, for who may speak for several of those above. */
export function SpeakerChoice({
  speakerIds,
  chosen,
  names,
  onChange,
}: {
  readonly speakerIds: readonly string[];
  readonly chosen: string;
  readonly names: ReadonlyMap<string, string>;
  readonly onChange: (accountId: string) => void;
}): ReactNode {
  return (
    <div className="mb-4 max-w-sm">
      <Labelled
        label="In the name of"
        hint="What you may do at an account above, you may do for those between."
      >
        <Select
          label="In the name of"
          value={chosen}
          options={speakerIds.map((id) => ({ value: id, label: names.get(id) ?? id }))}
          onChange={onChange}
        />
      </Labelled>
    </div>
  );
}
