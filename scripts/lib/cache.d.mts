export function keyOf(...parts: readonly unknown[]): string;
export function cachedFolder(
  parent: string,
  name: string,
  make: (scratch: string, target: string) => Promise<void>,
): Promise<string>;
