/** What `jq --help` prints. */
export const HELP = `jq - commandline JSON processor [version 1.6]

Usage:	jq [options] <jq filter> [file...]
	jq [options] --args <jq filter> [strings...]
	jq [options] --jsonargs <jq filter> [JSON_TEXTS...]

A filter turns each JSON text of the input into any number of JSON texts.
The filter . copies its input, laid out over several lines.

Example:

	$ echo '{"foo": 0}' | jq .
	{
		"foo": 0
	}

Some of the options include:
  -c               print every result on one line
  -n               run once with null instead of reading input
  -e               let the last result decide the exit status
  -s               make one array of all inputs
  -r               print strings as they are, without quotes
  -R               take each line of the input as a string
  -C               colors
  -M               no colors
  -S               sort the keys of objects
  --tab            indent with tabs
  --arg a v        variable $a is the string v
  --argjson a v    variable $a is the JSON value v
  --slurpfile a f  variable $a is an array of the JSON texts in file f
  --rawfile a f    variable $a is the text of file f
  --args           the other arguments are strings, not files
  --jsonargs       the other arguments are JSON texts, not files
  --               ends the options

Arguments are in $ARGS.named and $ARGS.positional as well.
`;
