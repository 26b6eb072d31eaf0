import type { Config, PluginModule } from '@docusaurus/types';
import type * as Preset from '@docusaurus/preset-classic';
import type { PrismTheme } from 'prism-react-renderer';
import chapters from './src/chaptersPlugin';
import labs, { remarkLabs } from './src/plugin';

/** Where the site is mounted. Any sub-path works: `BASE_URL=/course/ npm run build`. */
const baseUrl = process.env.BASE_URL ?? '/';
/** Public address, used for canonical links and the sitemap only. */
const url = process.env.SITE_URL ?? 'http://localhost:3000';
/** Address of the source repository. Empty: the site shows no link to it. */
const repository = process.env.REPOSITORY_URL ?? '';

// Both modes read the same tokens, so one theme serves light and dark and the server's markup is already right.
const prismTheme: PrismTheme = {
  plain: { color: 'var(--ftp-term-fg)', backgroundColor: 'var(--ftp-term-bg)' },
  styles: [
    { types: ['comment', 'prolog'], style: { color: 'var(--ftp-ansi-8)' } },
    { types: ['string', 'attr-value', 'inserted'], style: { color: 'var(--ftp-ansi-2)' } },
    { types: ['keyword', 'important', 'atrule'], style: { color: 'var(--ftp-ansi-5)' } },
    { types: ['number', 'boolean', 'constant'], style: { color: 'var(--ftp-ansi-3)' } },
    { types: ['function', 'key', 'property', 'attr-name'], style: { color: 'var(--ftp-ansi-4)' } },
    { types: ['deleted'], style: { color: 'var(--ftp-ansi-1)' } },
  ],
};

const config: Config = {
  title: 'Follow the Packet',
  tagline: 'Container networking, one packet at a time',
  favicon: 'img/favicon.svg',
  url,
  baseUrl,
  trailingSlash: true,
  onBrokenLinks: 'throw',
  onBrokenAnchors: 'throw',
  onDuplicateRoutes: 'throw',
  markdown: { hooks: { onBrokenMarkdownLinks: 'throw', onBrokenMarkdownImages: 'throw' } },
  i18n: { defaultLocale: 'en', locales: ['en'] },
  // v4 turns on the fast bundler (rspack), which is also what makes the lab's worker build.
  future: { v4: true },
  customFields: { repository },
  clientModules: ['./src/css/fonts.ts'],
  plugins: [chapters, labs as PluginModule],
  presets: [
    [
      'classic',
      {
        docs: {
          routeBasePath: 'course',
          sidebarPath: './sidebars.ts',
          breadcrumbs: false,
          // Folder names carry the chapter's number and are the URL; nothing is stripped.
          numberPrefixParser: false,
          beforeDefaultRemarkPlugins: [[remarkLabs, { root: __dirname }]],
        },
        blog: false,
        theme: { customCss: ['./src/css/tokens.css', './src/css/base.css', './src/css/docusaurus.css'] },
      } satisfies Preset.Options,
    ],
  ],
  themeConfig: {
    colorMode: { respectPrefersColorScheme: true },
    docs: { sidebar: { hideable: false } },
    navbar: {
      title: 'Follow the Packet',
      items: [
        { type: 'docSidebar', sidebarId: 'course', label: 'Course', position: 'left' },
        { to: '/sandbox', label: 'Sandbox', position: 'left' },
        { to: '/progress', label: 'Progress', position: 'left' },
        { to: '/real-or-simulated', label: 'Real or simulated', position: 'left' },
        ...(repository ? [{ href: repository, label: 'GitHub', position: 'right' as const }] : []),
      ],
    },
    prism: { theme: prismTheme, darkTheme: prismTheme },
  } satisfies Preset.ThemeConfig,
};

export default config;
