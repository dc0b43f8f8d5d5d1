package resp

import (
	"math"
	"testing"
)

func TestReplies(t *testing.T) {
	for _, test := range []struct {
		name         string
		reply        func(p Proto) []byte
		resp2, resp3 string
	}{
		{"simple", func(Proto) []byte { return AppendSimple(nil, "OK") }, "+OK\r\n", "+OK\r\n"},
		{"error", func(Proto) []byte { return AppendError(nil, "ERR a\r\nb") }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
		{"int", func(Proto) []byte { return AppendInt(nil, -12) }, ":-12\r\n", ":-12\r\n"},
		{"bulk", func(Proto) []byte { return AppendBulk(nil, "a\r\nb") }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
		{"bulk int", func(Proto) []byte { return AppendBulkInt(nil, 123) }, "$3\r\n123\r\n", "$3\r\n123\r\n"},
		{"array", func(Proto) []byte { return AppendArray(nil, 10) }, "*10\r\n", "*10\r\n"},
		{"null", func(p Proto) []byte { return p.AppendNull(nil) }, "$-1\r\n", "_\r\n"},
		{"null array", func(p Proto) []byte { return p.AppendNullArray(nil) }, "*-1\r\n", "_\r\n"},
		{"map", func(p Proto) []byte { return p.AppendMap(nil, 2) }, "*4\r\n", "%2\r\n"},
		{"set", func(p Proto) []byte { return p.AppendSet(nil, 2) }, "*2\r\n", "~2\r\n"},
		{"push", func(p Proto) []byte { return p.AppendPush(nil, 3) }, "*3\r\n", ">3\r\n"},
		{"true", func(p Proto) []byte { return p.AppendBool(nil, true) }, ":1\r\n", "#t\r\n"},
		{"false", func(p Proto) []byte { return p.AppendBool(nil, false) }, ":0\r\n", "#f\r\n"},
		{"double", func(p Proto) []byte { return p.AppendDouble(nil, 1.5) }, "$3\r\n1.5\r\n", ",1.5\r\n"},
		{"inf", func(p Proto) []byte { return p.AppendDouble(nil, math.Inf(-1)) }, "$4\r\n-inf\r\n", ",-inf\r\n"},
		{"verbatim", func(p Proto) []byte { return p.AppendVerbatim(nil, "txt", "hi") }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"},
	} {
		if got := string(test.reply(RESP2)); got != test.resp2 {
			t.Errorf("%s in RESP2: %q", test.name, got)
		}
		if got := string(test.reply(RESP3)); got != test.resp3 {
			t.Errorf("%s in RESP3: %q", test.name, got)
		}
	}
}

func TestParseInt(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "-1": -1, "10": 10, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		if got, ok := ParseInt([]byte(s)); got != want || !ok {
			t.Errorf("%s: %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "a", "9223372036854775808", "-9223372036854775809", "99999999999999999999",
	} {
		if got, ok := ParseInt([]byte(s)); ok {
			t.Errorf("%q: %d", s, got)
		}
	}
}
