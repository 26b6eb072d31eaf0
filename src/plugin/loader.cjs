// The bundler requires loaders by path, and Node 20 reads no TypeScript: the work is done in site.ts.
module.exports = function loader(source) {
  const site = globalThis[Symbol.for('follow-the-packet.site')];
  if (!site) throw new Error('the labs plugin is not loaded');
  return this.resourcePath.endsWith('.mdx') ? site.loadChapter(this, source) : site.loadLab(this);
};
