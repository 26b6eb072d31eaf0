/** `set -o` names and their letters, in the order `set -o` lists them. */
export const SET_OPTIONS: readonly (readonly [name: string, letter: string])[] = [
  ['allexport', 'a'], ['braceexpand', 'B'], ['emacs', ''], ['errexit', 'e'], ['errtrace', 'E'], ['functrace', 'T'],
  ['hashall', 'h'], ['histexpand', 'H'], ['history', ''], ['ignoreeof', ''], ['interactive-comments', ''],
  ['keyword', 'k'], ['monitor', 'm'], ['noclobber', 'C'], ['noexec', 'n'], ['noglob', 'f'], ['nolog', ''],
  ['notify', 'b'], ['nounset', 'u'], ['onecmd', 't'], ['physical', 'P'], ['pipefail', ''], ['posix', ''],
  ['privileged', 'p'], ['verbose', 'v'], ['vi', ''], ['xtrace', 'x'],
]; // prettier-ignore

const LETTERS = new Map(SET_OPTIONS.filter(([, l]) => l !== '').map(([n, l]) => [l, n]));

/** The option a letter of `set` stands for. */
export function optionOf(letter: string): string | undefined {
  return LETTERS.get(letter);
}

/** `$-` for the options set. */
export function dollarDash(on: ReadonlySet<string>, interactive: boolean, mode: '' | 'c' | 's'): string {
  const order = 'abefhkmnptuvxBCEHPT';
  let out = '';
  for (const l of order) if (on.has(LETTERS.get(l) ?? '')) out += l;
  if (interactive) out = out.replace(/^([a-h]*)/, '$1i');
  return out + mode;
}

/** shopt options with their defaults in a non-interactive shell, in the order `shopt` lists them. */
export const SHOPT_DEFAULTS: readonly (readonly [name: string, on: boolean])[] = [
  ['autocd', false], ['assoc_expand_once', false], ['cdable_vars', false], ['cdspell', false], ['checkhash', false],
  ['checkjobs', false], ['checkwinsize', true], ['cmdhist', true], ['compat31', false], ['compat32', false],
  ['compat40', false], ['compat41', false], ['compat42', false], ['compat43', false], ['compat44', false],
  ['complete_fullquote', true], ['direxpand', false], ['dirspell', false], ['dotglob', false], ['execfail', false],
  ['expand_aliases', false], ['extdebug', false], ['extglob', false], ['extquote', true], ['failglob', false],
  ['force_fignore', true], ['globasciiranges', true], ['globskipdots', true], ['globstar', false],
  ['gnu_errfmt', false], ['histappend', false], ['histreedit', false], ['histverify', false], ['hostcomplete', true],
  ['huponexit', false], ['inherit_errexit', false], ['interactive_comments', true], ['lastpipe', false],
  ['lithist', false], ['localvar_inherit', false], ['localvar_unset', false], ['login_shell', false],
  ['mailwarn', false], ['no_empty_cmd_completion', false], ['nocaseglob', false], ['nocasematch', false],
  ['noexpand_translation', false], ['nullglob', false], ['patsub_replacement', true], ['progcomp', true],
  ['progcomp_alias', false], ['promptvars', true], ['restricted_shell', false], ['shift_verbose', false],
  ['sourcepath', true], ['varredir_close', false], ['xpg_echo', false],
]; // prettier-ignore
