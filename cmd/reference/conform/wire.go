package conform

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// wire writes a message of protocol buffers out, a line a field, as "1.4: 2": field 4 of field 1 is 2.
func wire(b []byte) string {
	var s strings.Builder
	if !fields(&s, "", b) {
		return fmt.Sprintf("%q\n", b)
	}
	return s.String()
}

func fields(s *strings.Builder, path string, b []byte) bool {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		at := path + strconv.Itoa(int(num))
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return false
			}
			b = b[n:]
			fmt.Fprintf(s, "%s: %d\n", at, v)
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return false
			}
			b = b[n:]
			inner(s, at, v)
		case protowire.Fixed32Type, protowire.Fixed64Type, protowire.StartGroupType, protowire.EndGroupType:
			return false // etcd's messages have none
		}
	}
	return true
}

// inner is a text, or a message.
func inner(s *strings.Builder, at string, v []byte) {
	if text(v) {
		fmt.Fprintf(s, "%s: %q\n", at, v)
		return
	}
	var in strings.Builder
	if fields(&in, at+".", v) {
		fmt.Fprintf(s, "%s:\n%s", at, in.String())
		return
	}
	fmt.Fprintf(s, "%s: %q\n", at, v)
}

func text(v []byte) bool {
	if !utf8.Valid(v) {
		return false
	}
	return !strings.ContainsFunc(string(v), func(r rune) bool { return !unicode.IsPrint(r) })
}

var bytesInJSON = regexp.MustCompile(`("(?:key|value|range_end|keyEnd|rangeEnd)":)"([A-Za-z0-9+/]+=*)"`)

// plain writes out the keys and values of etcdctl's JSON, which are base64.
func plain(s string) string {
	return bytesInJSON.ReplaceAllStringFunc(s, func(field string) string {
		m := bytesInJSON.FindStringSubmatch(field)
		v, err := base64.StdEncoding.DecodeString(m[2])
		if err != nil || !text(v) {
			return field
		}
		return fmt.Sprintf("%s%q", m[1], v)
	})
}
