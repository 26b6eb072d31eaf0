import type { SidebarsConfig } from '@docusaurus/plugin-content-docs';
import { parts } from './src/course';

// Chapters that are not written stay visible as plain items: no link that leads nowhere.
const sidebars: SidebarsConfig = {
  course: [
    { type: 'doc', id: 'index', label: 'How this course works' },
    ...parts.map((part) => ({
      type: 'category' as const,
      label: part.title,
      collapsible: false,
      customProps: { letter: part.letter },
      items: part.chapters.map((c) =>
        c.written
          ? { type: 'doc' as const, id: `${c.slug}/index`, label: c.short, customProps: { chapter: c.n } }
          : { type: 'html' as const, value: c.short, customProps: { chapter: c.n } },
      ),
    })),
  ],
};

export default sidebars;
