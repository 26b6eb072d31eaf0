import MDXComponents from '@theme-original/MDXComponents';
import Objectives from '@site/src/components/Objectives';

/** What a chapter may use without importing it. */
export default { ...MDXComponents, Objectives };
