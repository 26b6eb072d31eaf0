/** Names of interfaces in rules: `eth0`, or `eth+` for all that begin so. */

/** Does a rule's interface mean the one called `name`? An empty pattern means every one. */
export function interfaceMatches(pattern: string, name: string): boolean {
  const last = pattern.length - 1;
  if (last < 0) return true;
  return pattern.charCodeAt(last) === 43 ? name.startsWith(pattern.slice(0, last)) : pattern === name;
}
