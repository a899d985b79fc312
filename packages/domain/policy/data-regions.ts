/** Where a platform has what data pass through and come to rest in (PRD-4). */
export interface DataPlaces {
  /** In which regions the database with all its copies and the control plane are, as the operator declares. None: nothing is declared. */
  readonly storageRegions: readonly string[];
  /** In which a process sends webhooks. */
  readonly workerRegions: readonly string[];
}

/** Whether what is stored stays in these regions. Of what is not declared nobody knows. */
export const isStoredIn = (
  regions: readonly string[],
  { storageRegions }: Pick<DataPlaces, 'storageRegions'>,
): boolean => storageRegions.length > 0 && storageRegions.every((region) => regions.includes(region));

/** Why data cannot be kept in these regions, by what there is. Undefined: they can. */
export function whyNotKept(regions: readonly string[], places: DataPlaces): string | undefined {
  const { storageRegions, workerRegions } = places;
  if (storageRegions.length === 0)
    return 'whoever runs this platform has not declared in which regions its storage is (PATCHBAY_STORAGE_REGIONS).';
  if (!isStoredIn(regions, places))
    return `the storage of this platform is in ${storageRegions.join(' and ')}: name that too, or nothing.`;
  if (workerRegions.length > 0 && !workerRegions.some((region) => regions.includes(region)))
    return `webhooks are sent from ${workerRegions.join(' and ')}, and nowhere else.`;
  return undefined;
}
