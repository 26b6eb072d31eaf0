/** Reserved words. */
export const KEYWORDS = [
  'if', 'then', 'else', 'elif', 'fi', 'case', 'esac', 'for', 'select', 'while', 'until', 'do', 'done', 'in', 'function',
  'time', '{', '}', '!', '[[', ']]', 'coproc',
]; // prettier-ignore
