/** The keys of the pager as its `h` and `--help` show them. */
export const LESS_HELP = `
                   KEYS OF LESS

      N stands for a number typed before the key.

  h  H                 this list
  q  Q  :q  ZZ         leave

                   MOVING

  e  j  Down  Enter  * one line forward, or N
  y  k  Up           * one line back, or N
  f  Space  PgDn     * one screen forward, or N lines
  b  PgUp            * one screen back, or N lines
  d                  * half a screen forward; N becomes the half
  u                  * half a screen back
  Right  Left        * half a screen to the side (with -S)
  g  <  Home         * to the first line, or line N
  G  >  End          * to the last line, or line N
  p  %               * to N percent
  F                    to the end, and wait for more; Ctrl-C ends that
  r  Ctrl-L            draw the screen again

                   SEARCHING

  /pattern             forward for a line that matches
  ?pattern             backward
  n  N                 again, the same way or the other way
  &pattern             show only lines that match; nothing: all again
  ESC u                marks of what was found off and on

                   FILES

  :n  :p               next file, the one before
  =  :f                where we are
  -N -S -i -R ...      turn an option on or off
`;
