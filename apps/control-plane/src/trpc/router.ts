import type { domains } from '@patchbay/domain/registry.generated';
import type { OperationDefinition } from '@patchbay/kit/definition';
import type { services } from '@patchbay/services/registry.generated';
import type { TRPCBuiltRouter, TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import type { z } from 'zod';

type Resources<D> = D extends { resources: infer R } ? R : never;
type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;
type AllResources = UnionToIntersection<Resources<(typeof domains)[keyof typeof domains]>>;
type Input<O extends OperationDefinition, M> = z.input<O['request']> & (M extends 'platform' ? unknown : { accountId: string });
type ProcedureOf<O extends OperationDefinition, M> = O['method'] extends 'GET'
  ? TRPCQueryProcedure<{ input: Input<O, M>; output: z.output<O['response']>; meta: object }>
  : TRPCMutationProcedure<{ input: Input<O, M>; output: z.output<O['response']>; meta: object }>;
type Procedures<Ops, M> = { [K in keyof Ops]: Ops[K] extends infer O extends OperationDefinition ? ProcedureOf<O, M> : never };
type RouterRecord = {
  [R in keyof AllResources]: AllResources[R] extends { operations: infer Ops; mount: infer M } ? Procedures<Ops, M> : never;
} & {
  [S in keyof typeof services]: Procedures<(typeof services)[S]['operations'], 'account'>;
};
export type AppRouter = TRPCBuiltRouter<
  { ctx: object; meta: object; errorShape: { message: string; code: number; data: { problem: import('@patchbay/kit/errors').Problem } }; transformer: false },
  RouterRecord
>;
