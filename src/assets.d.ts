declare module '*.woff2' {
  /** Public address of the font file, with the base URL. */
  const url: string;
  export default url;
}

declare module '*.lab.yaml' {
  import type { CompiledLab } from '@site/src/lab/protocol';

  /** The lab as the build compiled and proved it. */
  const lab: CompiledLab;
  export default lab;
}
