import type { ReactNode } from 'react';
import { moneyParts } from '../shell/pages.ts';
import { PartTabs } from '../shell/part-tabs.tsx';

/** What is seen of money, each part with its own address. */
export const MoneyTabs = (): ReactNode => <PartTabs label="Parts of money" parts={moneyParts} />;
