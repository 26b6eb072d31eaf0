/**
 * What runs inside Docusaurus' process: the course for the bundler's loaders and the Markdown transformation.
 * Bundled by `index.ts`, because the engine is TypeScript and Node is not.
 */
import { dirname, join, relative, resolve } from 'node:path';
import type { Root, RootContent } from 'mdast';
import type { VFile } from 'vfile';
import { visit } from 'unist-util-visit';
import { isConsole } from './chapter';
import type { Chapter, Course } from './course';
import { CourseLoader } from './course';
import { engineFiles } from './fingerprint';
import { formatProblem } from './problem';
import { isSwitch } from './switch';
import { dataAttribute, defaultImport, element, flagAttribute, nameAttribute, textAttribute } from './jsx';

/** The component of switch blocks, as a chapter imports it. */
const SWITCH = 'FtpSwitch';
const SWITCH_FILE = '@site/src/components/Switch';

/** The part of a bundler's loader context that is used. */
export interface LoaderContext {
  readonly resourcePath: string;
  addDependency(file: string): void;
}

/** The course as the site's build sees it. */
export class Site {
  private readonly loader: CourseLoader;

  /** @param root the repository. */
  constructor(private readonly root: string) {
    this.loader = new CourseLoader(root);
  }

  /** The course as its files are now. */
  course(): Course {
    return this.loader.load();
  }

  /** All problems as text, one a line; empty when there are none. */
  problems(): string {
    return this.course().problems.map(formatProblem).join('\n');
  }

  /** Loader of `*.lab.yaml`: a module whose default export is the compiled lab. @throws Error with what is wrong in the file. */
  loadLab(context: LoaderContext): string {
    const course = this.course();
    const file = this.name(context.resourcePath);
    for (const path of engineFiles(this.root)) context.addDependency(path);
    this.complain(course, file);
    for (const { source, proved } of course.labs.values()) {
      if (source.file === file && proved.compiled) return `export default ${JSON.stringify(proved.compiled)};`;
    }
    throw new Error(`${file}:1:1 is no lab of this course (they are in docs/ and src/labs/)`);
  }

  /** Loader before Docusaurus' own: complains, and says which files a chapter depends on. Leaves the source as it is. */
  loadChapter(context: LoaderContext, source: string): string {
    const course = this.course();
    const file = this.name(context.resourcePath);
    const chapter = course.chapters.get(file);
    if (!chapter) return source;
    const labs = labsOf(chapter);
    for (const { source: lab } of course.labs.values())
      if (labs.has(lab.lab.id)) context.addDependency(join(this.root, lab.file));
    if (labs.size > 0) for (const path of engineFiles(this.root)) context.addDependency(path);
    // The lab that is mended next may be one that cannot be read now.
    const broken = course.unreadable.filter((lab) => dirname(lab) === dirname(file));
    for (const lab of broken) context.addDependency(join(this.root, lab));
    this.complain(course, ...broken, file);
    return source;
  }

  private complain(course: Course, ...files: readonly string[]): void {
    const own = files.flatMap((file) => course.problems.filter((p) => p.file === file));
    if (own.length === 0) return;
    const message = own.map(formatProblem).join('\n');
    // An author is shown where the file is wrong, not where this one stands.
    throw Object.assign(new Error(message), { stack: message });
  }

  /** Turns a chapter's directives, console blocks and references into components with their data. */
  transform(tree: Root, file: VFile): void {
    const name = this.name(file.path);
    const course = this.course();
    const chapter = course.chapters.get(name);
    if (!chapter) return;
    const imports = new Map<string, string>();
    /** The variable that holds a lab, imported once. */
    const lab = (id: string): string | undefined => {
      const found = course.labs.get(id);
      if (!found) return undefined;
      const known = imports.get(id);
      if (known !== undefined) return known;
      const variable = `ftpLab${imports.size}`;
      imports.set(id, variable);
      const path = relative(dirname(resolve(this.root, name)), join(this.root, found.source.file)).replaceAll(
        '\\',
        '/',
      );
      tree.children.unshift(
        defaultImport(variable, path.startsWith('.') ? path : `./${path}`) as unknown as RootContent,
      );
      return variable;
    };
    let consoles = 0;
    let switches = 0;
    visit(tree, (node, index, parent) => {
      if (!parent || index === undefined) return undefined;
      const replace = (replacement: unknown) => {
        parent.children[index] = replacement as RootContent;
        return 'skip' as const;
      };
      if (node.type === 'containerDirective' && node.name === 'quiz') {
        const quiz = chapter.quizzes.find((q) => q.id === node.attributes?.id);
        return quiz ? replace(element('Quiz', [dataAttribute('data', quiz)])) : 'skip';
      }
      if (node.type === 'code' && isConsole(node)) {
        const block = chapter.consoles[consoles++];
        if (!block) return 'skip';
        const flags = block.continues ? [flagAttribute('continues')] : [];
        return replace(element('Console', [dataAttribute('data', block.compiled), ...flags]));
      }
      if (node.type === 'code' && isSwitch(node)) {
        const block = chapter.switches[switches++];
        if (!block) return 'skip';
        return replace(element(SWITCH, [dataAttribute('data', block.view)]));
      }
      if (node.type === 'mdxJsxFlowElement' || node.type === 'mdxJsxTextElement') {
        const id = node.attributes.find((a) => a.type === 'mdxJsxAttribute' && a.name === 'id')?.value;
        if ((node.name === 'Lab' || node.name === 'Challenge') && typeof id === 'string') {
          const variable = lab(id);
          if (variable !== undefined) node.attributes.push(nameAttribute('data', variable) as never);
        }
        if (node.name === 'Task' && typeof id === 'string') {
          const of = node.attributes.find((a) => a.type === 'mdxJsxAttribute' && a.name === 'lab')?.value;
          const task = course.labs.get(String(of))?.source.lab.tasks.find((t) => t.id === id);
          const titled = node.attributes.some((a) => a.type === 'mdxJsxAttribute' && a.name === 'title');
          if (task && !titled) node.attributes.push(textAttribute('title', task.title) as never);
        }
      }
      return undefined;
    });
    // One chapter in twenty has such a picture: the others must not pay for it.
    if (switches > 0) tree.children.unshift(defaultImport(SWITCH, SWITCH_FILE) as unknown as RootContent);
  }

  private name(path: string): string {
    return relative(this.root, path).replaceAll('\\', '/');
  }
}

function labsOf(chapter: Chapter): Set<string> {
  const { references, consoles, switches, quizzes } = chapter.source;
  const predicted = quizzes.flatMap((q) => q.questions.flatMap((x) => (x.predict ? [x.predict.lab] : [])));
  return new Set([
    ...references.map((r) => r.lab),
    ...consoles.map((c) => c.lab),
    ...switches.map((s) => s.lab),
    ...predicted,
  ]);
}
