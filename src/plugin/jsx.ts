/** JSX for MDX's syntax tree, made by hand. */

/** An attribute of an MDX JSX element. */
export interface Attribute {
  readonly type: 'mdxJsxAttribute';
  readonly name: string;
  readonly value: unknown;
}

/** A block-level element without children. */
export function element(name: string, attributes: readonly Attribute[]): object {
  return { type: 'mdxJsxFlowElement', name, attributes, children: [] };
}

/** `name={...}` with plain data. */
export function dataAttribute(name: string, data: unknown): Attribute {
  return { type: 'mdxJsxAttribute', name, value: expression(JSON.stringify(data), estreeOf(data)) };
}

/** `name={variable}` */
export function nameAttribute(name: string, variable: string): Attribute {
  return { type: 'mdxJsxAttribute', name, value: expression(variable, { type: 'Identifier', name: variable }) };
}

/** `name="text"` */
export function textAttribute(name: string, value: string): Attribute {
  return { type: 'mdxJsxAttribute', name, value };
}

/** `name` */
export function flagAttribute(name: string): Attribute {
  return { type: 'mdxJsxAttribute', name, value: null };
}

/** `import variable from 'path'` */
export function defaultImport(variable: string, path: string): object {
  const declaration = {
    type: 'ImportDeclaration',
    specifiers: [{ type: 'ImportDefaultSpecifier', local: { type: 'Identifier', name: variable } }],
    source: { type: 'Literal', value: path, raw: JSON.stringify(path) },
    attributes: [],
  };
  return {
    type: 'mdxjsEsm',
    value: `import ${variable} from ${JSON.stringify(path)}`,
    data: { estree: { type: 'Program', sourceType: 'module', body: [declaration] } },
  };
}

function expression(value: string, estree: object): object {
  const statement = { type: 'ExpressionStatement', expression: estree };
  return {
    type: 'mdxJsxAttributeValueExpression',
    value,
    data: { estree: { type: 'Program', sourceType: 'module', body: [statement] } },
  };
}

/** JSON data as an expression; what is undefined is left out, as JSON does. */
function estreeOf(data: unknown): object {
  if (Array.isArray(data)) return { type: 'ArrayExpression', elements: data.map(estreeOf) };
  if (typeof data === 'object' && data !== null) {
    return {
      type: 'ObjectExpression',
      properties: Object.entries(data)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ({
          type: 'Property',
          kind: 'init',
          method: false,
          shorthand: false,
          // A plain `__proto__` key would set the prototype.
          computed: key === '__proto__',
          key: { type: 'Literal', value: key, raw: JSON.stringify(key) },
          value: estreeOf(value),
        })),
    };
  }
  if (typeof data === 'number' && data < 0) {
    return { type: 'UnaryExpression', operator: '-', prefix: true, argument: estreeOf(-data) };
  }
  return { type: 'Literal', value: data ?? null, raw: JSON.stringify(data ?? null) };
}
