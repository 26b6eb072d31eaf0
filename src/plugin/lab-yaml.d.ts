declare module '*.lab.yaml' {
  import type { CompiledLab } from '../lab/protocol';
  /** The lab, compiled and proved by the build. */
  const lab: CompiledLab;
  export default lab;
}
