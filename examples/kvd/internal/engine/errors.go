package engine

import (
	"bytes"
	"fmt"
)

// Redis's own texts, which clients are known to compare.
const (
	errWrongType    = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errNotInteger   = "ERR value is not an integer or out of range"
	errInt32        = "ERR value is out of range, value must between -2147483648 and 2147483647"
	errNotFloat     = "ERR value is not a valid float"
	errSyntax       = "ERR syntax error"
	errOverflow     = "ERR increment or decrement would overflow"
	errNaN          = "ERR increment would produce NaN or Infinity"
	errNoKey        = "ERR no such key"
	errIndex        = "ERR index out of range"
	errOffset       = "ERR offset is out of range"
	errPositive     = "ERR value is out of range, must be positive"
	errTooLong      = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errDBIndex      = "ERR DB index is out of range"
	errCursor       = "ERR invalid cursor"
	errSameObjects  = "ERR source and destination objects are the same"
	errWrongPass    = "WRONGPASS invalid username-password pair or user is disabled."
	errNoPassword   = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errProtoVersion = "NOPROTO unsupported protocol version"
)

func errArity(cmd *command) string {
	return fmt.Sprintf("ERR wrong number of arguments for '%s' command", cmd.fullName())
}

func errExpire(cmd *command) string {
	return fmt.Sprintf("ERR invalid expire time in '%s' command", cmd.name)
}

// errUnknown quotes the command and as many arguments as fit in 128 bytes.
func errUnknown(args [][]byte) string {
	var rest bytes.Buffer
	for _, arg := range args[1:] {
		if rest.Len() >= 128 {
			break
		}
		fmt.Fprintf(&rest, "'%s' ", clip(arg, 128-rest.Len()))
	}
	return fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", clip(args[0], 128), &rest)
}

func errUnknownSub(cmd *command, sub []byte) string {
	return fmt.Sprintf("ERR unknown subcommand '%s'. Try %s HELP.", clip(sub, 128), upper(cmd.name))
}

func clip(b []byte, n int) []byte { return b[:min(len(b), n)] }
