import MDXComponents from '@theme-original/MDXComponents';
import Console from '@site/src/components/Console';
import Lab from '@site/src/components/Lab';
import Objectives from '@site/src/components/Objectives';
import Quiz from '@site/src/components/Quiz';
import Strip from '@site/src/components/Strip';
import Task from '@site/src/components/Task';
import Topology from '@site/src/components/Topology';

/**
 * What a chapter may use without importing it: it is on every page. What only one chapter needs it imports itself.
 * A break-fix is a lab whose file says so; its name in the text only says it again.
 */
export default {
  ...MDXComponents,
  Challenge: Lab,
  Console,
  Lab,
  Objectives,
  Quiz,
  Strip,
  Task,
  Topology,
};
