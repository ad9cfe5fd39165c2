/**
 * L_out of Khosla et al. 2020, eq. 2, term by term in float64: the mean over anchors that have a positive of
 * -1/|P| sum over p of log(exp(s_ip) / sum over a != i of exp(s_ia)), s = cosine / temperature.
 */
export function supconReference(
  embeddings: readonly number[],
  labels: readonly number[],
  dims: number,
  temperature: number,
): number {
  const z = labels.map((_, row) => {
    const u = embeddings.slice(row * dims, (row + 1) * dims);
    const norm = Math.max(Math.sqrt(u.reduce((sum, value) => sum + value * value, 0)), 1e-12);
    return u.map((value) => value / norm);
  });
  const similarity = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0) / temperature;
  const losses = z.flatMap((anchor, i) => {
    const others = z.flatMap((row, j) =>
      j === i ? [] : [{ s: similarity(anchor, row), positive: labels[j] === labels[i] }],
    );
    const positives = others.filter(({ positive }) => positive);
    if (positives.length === 0) return [];
    const greatest = Math.max(...others.map(({ s }) => s));
    const logSum = greatest + Math.log(others.reduce((sum, { s }) => sum + Math.exp(s - greatest), 0));
    return [-positives.reduce((sum, { s }) => sum + s - logSum, 0) / positives.length];
  });
  return losses.length === 0 ? 0 : losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** The derivative of {@link supconReference} by each number, by central differences. */
export function supconGradient(
  embeddings: readonly number[],
  labels: readonly number[],
  dims: number,
  temperature: number,
): number[] {
  return embeddings.map((value, at) => {
    const step = 1e-5 * Math.max(1e-3, Math.abs(value));
    const lossAt = (moved: number) => supconReference(embeddings.with(at, moved), labels, dims, temperature);
    return (lossAt(value + step) - lossAt(value - step)) / (2 * step);
  });
}
