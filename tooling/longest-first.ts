import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begins with the named files, in this order: one that begins last and takes long has the other workers wait for it. */
export const longestFirst = (endings: readonly string[]): typeof BaseSequencer =>
  class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const placeOf = ({ moduleId }: TestSpecification) => {
        const place = endings.findIndex((ending) => moduleId.endsWith(ending));
        return place < 0 ? endings.length : place;
      };
      return (await super.sort(files)).toSorted((left, right) => placeOf(left) - placeOf(right));
    }
  };
