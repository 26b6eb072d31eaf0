declare module '*.woff2' {
  /** Public address of the font file, with the base URL. */
  const url: string;
  export default url;
}
