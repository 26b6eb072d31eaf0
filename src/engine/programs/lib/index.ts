/** What programs share: option parsing, buffered output, lines, regular expressions, formats, dates. */
export * from './format';
export * from './getopt';
export * from './lines';
export * from './output';
export * from './quote';
export * from './regex';
export * from './strftime';
export * from './text';
export * from './tool';
