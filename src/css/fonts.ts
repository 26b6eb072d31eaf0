// Both families: SIL Open Font License 1.1, served from this site. Only the latin files are ever fetched for the course's
// text, because the packages' @font-face rules carry unicode ranges.
import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import '@fontsource-variable/atkinson-hyperlegible-mono/wght.css';
