/** Commands as text; see `printer.ts`, which a browser fetches with the first line that needs it. */
import { later } from '../later';
import type { ArithmeticFor, ShellNode, TestExpression } from './parser';

/**
 * A command laid out as bash does it for `jobs` and BASH_COMMAND.
 * @param source the text that the node's positions point into.
 */
export function printNode(node: ShellNode, source = ''): string {
  if (node.type === 'Command' && node.name && node.prefix.length === 0 && node.suffix.every((s) => s.type === 'Word'))
    return [node.name, ...node.args].map((word) => word.text).join(' ');
  return later().printer.printNode(node, source);
}

/** `name () { ... }`, as `declare -f` and `type` show a function. */
export function printFunction(name: string, body: ShellNode, source: string): string {
  return later().printer.printFunction(name, body, source);
}

/** The three expressions of `for (( ; ; ))`. */
export function arithmeticHeader(source: string, node: ArithmeticFor): [string, string, string] {
  return later().printer.arithmeticHeader(source, node);
}

/** The inside of `[[ ]]`. */
export function testText(e: TestExpression): string {
  return later().printer.testText(e);
}
