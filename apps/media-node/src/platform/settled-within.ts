/** Waits until the work is done, but no longer than the limit. Answers whether it was. What fails is done, too. */
export async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const isDone = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([isDone, isOver]);
  } finally {
    clearTimeout(timer);
  }
}
