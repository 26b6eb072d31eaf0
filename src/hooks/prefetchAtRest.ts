/** Milliseconds for which no further link has come into view. */
const REST = 500;

/**
 * Makes Docusaurus fetch the pages behind links that come into view once the page rests, not at once: opening a lab or scrolling brings
 * a dozen of them into view just when the processor is needed for something else.
 * @returns takes it back
 */
export function prefetchAtRest(): () => void {
  const original = window.docusaurus;
  const wanted = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  window.docusaurus = {
    ...original,
    prefetch(path) {
      wanted.add(path);
      clearTimeout(timer);
      timer = setTimeout(() => {
        for (const link of wanted) void original.prefetch(link);
        wanted.clear();
      }, REST);
      return false;
    },
  };
  return () => {
    clearTimeout(timer);
    window.docusaurus = original;
  };
}
