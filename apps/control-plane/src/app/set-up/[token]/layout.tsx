import { LinkLayout } from '../../../features/brand/linked-pages.tsx';

export default LinkLayout;
