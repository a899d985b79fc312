'use client';

import { Select } from '@patchbay/ui/select';
import { type ReactNode, useState } from 'react';
import { applyTheme, type Theme, themes } from '../shell/theme.ts';
import { Controls } from './controls.tsx';
import { Displays } from './displays.tsx';

/** Each part of the dashboard once, with all its states. */
export function GalleryPage(): ReactNode {
  const [theme, setTheme] = useState<Theme>('system');
  return (
    <main data-samples className="mx-auto max-w-5xl px-6 py-8 max-md:px-4">
      <div className="mb-5 flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-lg font-semibold tracking-tight">Gallery</h1>
        <Select
          label="Theme"
          isLabelled
          value={theme}
          options={themes.map((value) => ({ value, label: value }))}
          onChange={(value) => {
            setTheme(value);
            applyTheme(value);
          }}
        />
      </div>
      <Controls />
      <Displays />
    </main>
  );
}
