import { z } from 'zod';

// Before any schema is made: zod would try whether it may compile code, which the policy of a page refuses and tells (C42).
z.config({ jitless: true });
