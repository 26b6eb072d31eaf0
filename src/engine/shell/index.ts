/** bash 5.2 and a dash-like sh. The parser is a library; expansion, execution and job control are ours. */
import './builtins/rest';

export * from './bash';
export type { Completion, LineReader, LineReaderOptions, ReadResult } from './editor';
