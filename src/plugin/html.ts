/** Markdown of questions as safe HTML: only what is listed here gets through, and all text is escaped. */
import type { BlockContent, DefinitionContent, PhrasingContent, RootContent } from 'mdast';

/** A piece of Markdown that a question cannot hold. */
export class Unsupported extends Error {
  constructor(
    readonly node: { position?: { start: { line: number; column: number } } | undefined },
    message: string,
  ) {
    super(message);
  }
}

/** Blocks as HTML; one paragraph alone comes without its `<p>`. @throws Unsupported */
export function toHtml(nodes: readonly (RootContent | BlockContent | DefinitionContent)[]): string {
  const [only] = nodes;
  if (nodes.length === 1 && only?.type === 'paragraph') return inline(only.children);
  return nodes.map(block).join('');
}

function block(node: RootContent): string {
  switch (node.type) {
    case 'paragraph':
      return `<p>${inline(node.children)}</p>`;
    case 'code':
      return `<pre><code>${escape(node.value)}</code></pre>`;
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul';
      return `<${tag}>${node.children.map((item) => `<li>${toHtml(item.children)}</li>`).join('')}</${tag}>`;
    }
    case 'blockquote':
      return `<blockquote>${toHtml(node.children)}</blockquote>`;
    default:
      throw new Unsupported(node, `a question cannot hold ${name(node.type)}`);
  }
}

function inline(nodes: readonly PhrasingContent[]): string {
  return nodes.map(phrase).join('');
}

function phrase(node: PhrasingContent): string {
  switch (node.type) {
    case 'text':
      return escape(node.value);
    case 'inlineCode':
      return `<code>${escape(node.value)}</code>`;
    case 'emphasis':
      return `<em>${inline(node.children)}</em>`;
    case 'strong':
      return `<strong>${inline(node.children)}</strong>`;
    case 'break':
      return '<br>';
    case 'link':
      if (!/^https?:\/\//.test(node.url)) throw new Unsupported(node, 'links in questions must begin with https://');
      return `<a href="${escape(node.url)}" rel="noopener noreferrer">${inline(node.children)}</a>`;
    default: {
      // `10:30` reads as a text directive named 30; it is text.
      const { type, name: word } = node as { type: string; name?: string };
      if (type === 'textDirective' && word !== undefined) return escape(`:${word}`);
      throw new Unsupported(node, `a question cannot hold ${name(type)}`);
    }
  }
}

function name(type: string): string {
  if (type === 'heading') return 'a heading';
  if (type === 'image') return 'an image';
  if (type === 'table') return 'a table';
  if (type.startsWith('mdx')) return 'JSX or an expression';
  return `a node of type "${type}"`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
