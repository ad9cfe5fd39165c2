/** A word as a shell would want it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command as a user would type it, each word quoted where a shell needs it. */
export function typed(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}
