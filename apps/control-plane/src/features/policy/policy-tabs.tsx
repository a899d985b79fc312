import type { ReactNode } from 'react';
import { policyParts } from '../shell/pages.ts';
import { PartTabs } from '../shell/part-tabs.tsx';

/** What holds for the account, and the plans that it gives to those below it. */
export const PolicyTabs = (): ReactNode => <PartTabs label="Policy and plans" parts={policyParts} />;
