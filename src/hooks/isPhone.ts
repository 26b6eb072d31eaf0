/** True on a window so narrow that the lab is a sheet from the bottom: the width at which the style sheets change, too. */
export function isPhone(): boolean {
  return window.matchMedia('(max-width: 760px)').matches;
}
